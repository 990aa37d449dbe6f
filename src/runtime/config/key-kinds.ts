/** What the value of a key of the configuration may be, and how a value that is none is told. */
import { isIP } from 'node:net';
import { parseEndpoint } from '../../cri/endpoint-address.ts';
import { didYouMean } from '../../text/suggest.ts';
import { subnetsProblem } from '../cni/pod-subnets.ts';
import { allCapabilities } from '../oci/capabilities.ts';
import { parseDevice } from '../oci/devices.ts';
import { sysctlNamespace } from '../oci/sysctls.ts';

/** A kind of value. */
export type KeyKind = {
	/** For the documentation, and after "must be" in a sentence. */
	readonly name: string;
	/** @returns the value as the program uses it. @throws Error with the rest of a sentence that begins with the key */
	readonly read: (value: unknown) => unknown;
};

/** true or false. */
export const flag: KeyKind = kind('true or false', (value) => typeof value === 'boolean');

/** Any text. */
export const text: KeyKind = kind('a text in quotes', isText);

/** A list of texts. */
export const texts: KeyKind = kind('a list of texts, such as ["a", "b"]', isTexts);

/** A path from the root; '' for none. */
export const path: KeyKind = kind(
	'an absolute path in quotes',
	(value) => isText(value) && (value === '' || isAbsolute(value)),
);

/** Paths from the root. */
export const paths: KeyKind = kind(
	'a list of absolute paths',
	(value) => isTexts(value) && value.every(isAbsolute),
);

/** A table of texts. */
export const textTable: KeyKind = kind(
	'a table of texts, such as { name = "value" }',
	(value) => isTable(value) && Object.values(value).every(isText),
);

/** A whole number within bounds, both included. */
export function integer(least: number, greatest: number): KeyKind {
	return kind(
		`a whole number from ${least} to ${greatest}`,
		(value) => isNumber(value) && Number.isInteger(value) && value >= least && value <= greatest,
	);
}

/** A number; nobody looks at it. */
export const number: KeyKind = kind('a number', isNumber);

/** One of some words. */
export function choice(words: readonly string[]): KeyKind {
	const quoted = words.map((word) => JSON.stringify(word));
	const name = quoted.length === 1 ? `${quoted[0]}` : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
	const known = kind(name, (value) => isText(value) && words.includes(value));
	return {
		name,
		read(value) {
			try {
				return known.read(value);
			} catch (error) {
				if (!isText(value) || !(error instanceof Error)) throw error;
				throw new Error(`${error.message}${didYouMean(value, words)}`);
			}
		},
	};
}

/** Any of some words. */
export function choices(words: readonly string[]): KeyKind {
	const one = choice(words);
	return {
		name: `a list of ${one.name}`,
		read(value) {
			if (!isTexts(value)) return wrong(this.name, value);
			for (const word of value) one.read(word);
			return value;
		},
	};
}

/** A number of a TCP port, in quotes as crio.conf has it or without; 0 for any. @returns a number */
export const port: KeyKind = {
	name: 'a port from 0 to 65535',
	read(value) {
		const number = isText(value) && /^\d{1,5}$/.test(value) ? Number(value) : value;
		if (isNumber(number) && Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
		return wrong(this.name, value);
	},
};

/** A numeric address or localhost. */
export const address: KeyKind = kind(
	'an IP address or "localhost"',
	(value) => isText(value) && (value === 'localhost' || isIP(value) !== 0),
);

/** An address that only this machine reaches. */
export const loopbackAddress: KeyKind = kind(
	'an address of the loopback, such as "127.0.0.1", since whoever reaches the port is told everything',
	(value) =>
		isText(value) && (value === 'localhost' || value === '::1' || /^127(?:\.\d{1,3}){3}$/.test(value)),
);

/** A unix socket's path. @returns the path, without `unix://` */
export const socket: KeyKind = {
	name: 'a unix socket, such as "unix:///run/criscope/criscope.sock"',
	read(value) {
		if (!isText(value)) return wrong(this.name, value);
		let at: ReturnType<typeof parseEndpoint>;
		try {
			at = parseEndpoint(value);
		} catch {
			return wrong(this.name, value);
		}
		if (at.kind !== 'unix') return wrong(this.name, value);
		if (Buffer.byteLength(at.path) > 107) throw new Error('must have at most 107 bytes of path');
		return at.path;
	},
};

const unitMs = new Map([
	['ms', 1],
	['s', 1000],
	['m', 60_000],
	['h', 3_600_000],
]);

/** `1h30m` in milliseconds; undefined for what is no duration. Source: Go's time.ParseDuration, without what is below ms */
export function durationMs(written: string): number | undefined {
	if (written === '' || written === '0') return 0;
	if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(written)) return undefined;
	let sum = 0;
	for (const [, count, unit] of written.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
		sum += Number(count) * (unitMs.get(unit ?? '') ?? 0);
	}
	// Timers know no more than 31 bits.
	return sum <= 2 ** 31 - 1 ? Math.round(sum) : undefined;
}

/** A duration. @returns milliseconds */
export const duration: KeyKind = {
	name: 'a duration such as "90s" or "4h", "" for none',
	read: (value) =>
		(isText(value) ? durationMs(value) : undefined) ?? wrong('a duration such as "90s"', value),
};

const unitBytes = new Map([
	['', 1],
	['k', 2 ** 10],
	['m', 2 ** 20],
	['g', 2 ** 30],
]);

/** An amount of memory. @returns bytes; undefined for '' */
export const size: KeyKind = {
	name: 'a size such as "12MiB"',
	read(value) {
		if (value === '') return undefined;
		const [, count, unit = ''] = isText(value)
			? (/^(\d{1,12}(?:\.\d{1,3})?)\s*([kmg]?)(?:i?b)?$/i.exec(value) ?? [])
			: [];
		if (count === undefined) return wrong(this.name, value);
		return Math.round(Number(count) * (unitBytes.get(unit.toLowerCase()) ?? 1));
	},
};

/** `CHOWN` or `CAP_CHOWN`. @returns names with the prefix */
export const capabilities: KeyKind = {
	name: 'a list of capabilities, such as ["CHOWN", "KILL"]',
	read(value) {
		if (!isTexts(value)) return wrong(this.name, value);
		return value.map((written) => {
			const name = `CAP_${written.toUpperCase().replace(/^CAP_/, '')}`;
			if (allCapabilities.includes(name)) return name;
			throw new Error(`knows no capability "${written}"${didYouMean(name, allCapabilities)}`);
		});
	},
};

/** `name=value`. @returns a table */
export const sysctls: KeyKind = {
	name: 'a list of kernel parameters, such as ["net.ipv4.ip_unprivileged_port_start=0"]',
	read(value) {
		if (!isTexts(value)) return wrong(this.name, value);
		return Object.fromEntries(
			value.map((written) => {
				const [, name, set] = /^\s*([\w./-]+)\s*=\s*(.*?)\s*$/s.exec(written) ?? [];
				if (name === undefined || set === undefined) throw new Error(`needs name=value, not "${written}"`);
				if (sysctlNamespace(name.includes('.') ? name : name.replaceAll('/', '.')) !== undefined)
					return [name, set];
				throw new Error(`cannot set "${name}": it belongs to the whole node, not to a namespace of a pod`);
			}),
		);
	},
};

const limitNames = [
	...['as', 'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc'],
	...['rss', 'rtprio', 'rttime', 'sigpending', 'stack'],
];

/** `nofile=1024:2048`. @returns soft and hard limits. Source: getrlimit(2) */
export const ulimits: KeyKind = {
	name: 'a list of limits, such as ["nofile=1024:2048"]',
	read(value) {
		if (!isTexts(value)) return wrong(this.name, value);
		return value.map((written) => {
			const [, name, soft, hard = soft] = /^([a-z]+)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(written) ?? [];
			if (name === undefined) throw new Error(`needs name=soft:hard, not "${written}"`);
			if (!limitNames.includes(name))
				throw new Error(`knows no limit "${name}"${didYouMean(name, limitNames)}`);
			const limit = { type: `RLIMIT_${name.toUpperCase()}`, soft: unlimited(soft), hard: unlimited(hard) };
			if (limit.soft <= limit.hard) return limit;
			throw new Error(`has a soft limit above the hard one in "${written}"`);
		});
	},
};

/** What config.json says for no limit, cut to what a number holds. Source: RLIM_INFINITY */
function unlimited(written: string | undefined): number {
	return written === '-1' ? 2 ** 63 : Number(written);
}

/** Subnets of pods, one of each family at most. */
export const subnets: KeyKind = {
	name: 'a list of subnets, such as ["10.90.0.0/16", "fd00:90::/64"], where "ipv4" and "ipv6" stand for any that is free',
	read(value) {
		if (!isTexts(value)) return wrong(this.name, value);
		const problem = subnetsProblem(value);
		if (problem === undefined) return value;
		throw new Error(problem);
	},
};

/** `KEY=value`. */
export const environment: KeyKind = kind(
	'a list of variables, such as ["KEY=value"]',
	(value) => isTexts(value) && value.every((entry) => /^[^=\0]+=[^\0]*$/.test(entry)),
);

/** `/dev/host:/dev/container:rwm`, in a list. */
export const devices: KeyKind = {
	name: 'a list of devices, such as ["/dev/fuse:/dev/fuse:rwm"]',
	read(value) {
		if (!isTexts(value)) return wrong(this.name, value);
		for (const written of value) {
			try {
				parseDevice(written);
			} catch (error) {
				throw new Error(`holds a wrong device: ${error instanceof Error ? error.message : error}`);
			}
		}
		return value;
	},
};

/** A table is no list and no date. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function kind(name: string, fits: (value: unknown) => boolean): KeyKind {
	return { name, read: (value) => (fits(value) ? value : wrong(name, value)) };
}

function wrong(wanted: string, value: unknown): never {
	throw new Error(`must be ${wanted}, not ${describe(value)}`);
}

function describe(value: unknown): string {
	if (Array.isArray(value)) return 'this list';
	if (value instanceof Date) return 'a date';
	if (isTable(value)) return 'a table';
	const written = typeof value === 'string' ? JSON.stringify(value) : String(value);
	return written.length > 60 ? `${written.slice(0, 60)}…` : written;
}

function isText(value: unknown): value is string {
	return typeof value === 'string' && !value.includes('\0');
}

function isTexts(value: unknown): value is readonly string[] {
	return Array.isArray(value) && value.every(isText);
}

function isNumber(value: unknown): value is number {
	return typeof value === 'number';
}

function isAbsolute(value: string): boolean {
	return value.startsWith('/');
}
