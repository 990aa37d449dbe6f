/** The command line of `criscope serve`. */
import { parseArgs } from 'node:util';
import { embeddedSocketPath, parseEndpoint } from '../cri/endpoint-address.ts';
import { didYouMean } from '../text/suggest.ts';
import { durationMs } from './config/key-kinds.ts';
import { type LogFormat, type LogLevel, logFormats, logLevels } from './log.ts';
import { defaultLayerLimits } from './storage/unpacker.ts';

/** How the runtime is to run; undefined is what the files of this machine say. */
export type ServeOptions = {
	readonly socketPath: string | undefined;
	/** Instead of /etc/criscope/runtime.conf. */
	readonly configFile: string | undefined;
	/** Instead of /etc/criscope/runtime.conf.d. */
	readonly configDir: string | undefined;
	/** Ends by itself when nobody has needed it for so long; undefined: never. */
	readonly idleExitMs: number | undefined;
	/** Leaves the control groups of whoever starts it. */
	readonly ownCgroup: boolean;
	readonly root: string | undefined;
	readonly runRoot: string | undefined;
	readonly storageDriver: 'overlay' | 'vfs' | undefined;
	readonly storageConf: string | undefined;
	readonly registriesConf: string | undefined;
	readonly registriesConfDir: string | undefined;
	readonly signaturePolicy: string | undefined;
	readonly authFile: string | undefined;
	/** Largest layer that is unpacked, uncompressed. */
	readonly layerLimitBytes: number;
	readonly logLevel: LogLevel | undefined;
	/** undefined: text on a terminal, JSON elsewhere. */
	readonly logFormat: LogFormat | undefined;
	readonly help: boolean;
};

/** The arguments are wrong: one sentence, exit code 64. */
export class ServeUsageError extends Error {
	override readonly name = 'ServeUsageError';
}

/** Bytes of a path that fit `sun_path` with the zero at its end. Source: unix(7) */
const maxSocketPathBytes = 107;

const storageDrivers = ['overlay', 'vfs'] as const;

const flags = {
	listen: { type: 'string' },
	config: { type: 'string' },
	'config-dir': { type: 'string' },
	'idle-exit': { type: 'string' },
	'own-cgroup': { type: 'boolean' },
	root: { type: 'string' },
	runroot: { type: 'string' },
	'storage-driver': { type: 'string' },
	'storage-conf': { type: 'string' },
	'registries-conf': { type: 'string' },
	'registries-conf-dir': { type: 'string' },
	'signature-policy': { type: 'string' },
	authfile: { type: 'string' },
	'layer-limit': { type: 'string' },
	'log-level': { type: 'string' },
	'log-format': { type: 'string' },
	help: { type: 'boolean', short: 'h' },
} as const;

/** Flags for files and folders that must be there, by their option. What else is named is asked for by whoever reads it. */
export const fileFlags = {
	'registries-conf': 'registriesConf',
	'registries-conf-dir': 'registriesConfDir',
	'signature-policy': 'signaturePolicy',
	authfile: 'authFile',
} as const satisfies Readonly<Record<string, keyof ServeOptions>>;

const otherPaths = ['config', 'config-dir', 'root', 'runroot', 'storage-conf'] as const;

/** @throws ServeUsageError naming the flag or word that is wrong */
export function parseServeOptions(args: readonly string[]): ServeOptions {
	const values = readFlags(args);
	for (const flag of otherPaths) checkPath(flag, values[flag]);
	for (const flag of Object.keys(fileFlags) as (keyof typeof fileFlags)[]) checkPath(flag, values[flag]);
	return {
		socketPath: values.listen === undefined ? undefined : socketPathOf(values.listen),
		configFile: values.config,
		configDir: values['config-dir'],
		idleExitMs: idleExitOf(values['idle-exit']),
		ownCgroup: values['own-cgroup'] ?? false,
		root: values.root,
		runRoot: values.runroot,
		storageDriver: oneOf('storage-driver', values['storage-driver'], storageDrivers),
		storageConf: values['storage-conf'],
		registriesConf: values['registries-conf'],
		registriesConfDir: values['registries-conf-dir'],
		signaturePolicy: values['signature-policy'],
		authFile: values.authfile,
		layerLimitBytes: layerLimitOf(values['layer-limit']),
		logLevel: oneOf('log-level', values['log-level'], logLevels),
		logFormat: oneOf('log-format', values['log-format'], logFormats),
		help: values.help ?? false,
	};
}

function readFlags(args: readonly string[]) {
	try {
		return parseArgs({ args: [...args], options: flags, allowPositionals: false, strict: true }).values;
	} catch (error) {
		const code = error instanceof Error && 'code' in error ? error.code : undefined;
		const message = error instanceof Error ? error.message : String(error);
		const word = /'(-?-?[^']*)'/u.exec(message)?.[1] ?? '';
		if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
			const known = Object.keys(flags).map((name) => `--${name}`);
			throw new ServeUsageError(`unknown flag "${word}" of serve${didYouMean(word, known)}`);
		}
		if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
			throw new ServeUsageError(`serve takes flags only, not "${word}"`);
		}
		// What follows the first sentence is advice for other cases.
		throw new ServeUsageError((message.split(/\n|\.\s/)[0] ?? message).replace(/^Option/, 'flag'));
	}
}

function checkPath(flag: string, value: string | undefined): void {
	if (value === undefined) return;
	if (value === '') throw new ServeUsageError(`flag --${flag} needs a path`);
	// The process may be started anywhere, and other programs are told these paths.
	if (!value.startsWith('/')) {
		throw new ServeUsageError(`flag --${flag} needs an absolute path, "${value}" is none`);
	}
	if (value.includes('\0'))
		throw new ServeUsageError(`flag --${flag} needs a path, and a path has no NUL in it`);
}

function socketPathOf(listen: string): string {
	let address: ReturnType<typeof parseEndpoint>;
	try {
		address = parseEndpoint(listen);
	} catch (error) {
		throw new ServeUsageError(`${error instanceof Error ? error.message : error} (flag --listen)`);
	}
	if (address.kind === 'tcp') {
		// Whoever can connect can do everything, and on a port that is anybody.
		throw new ServeUsageError(`flag --listen needs a unix socket, as in unix://${embeddedSocketPath}`);
	}
	const bytes = Buffer.byteLength(address.path);
	if (bytes <= maxSocketPathBytes) return address.path;
	throw new ServeUsageError(
		`flag --listen needs a path of at most ${maxSocketPathBytes} bytes, and "${address.path}" has ${bytes}`,
	);
}

function oneOf<Word extends string>(
	flag: string,
	value: string | undefined,
	words: readonly Word[],
): Word | undefined {
	if (value === undefined) return undefined;
	const word = words.find((known) => known === value);
	if (word !== undefined) return word;
	throw new ServeUsageError(
		`flag --${flag} knows ${words.join(', ')}, not "${value}"${didYouMean(value, words)}`,
	);
}

/** A runtime that leaves at once would leave before it is asked anything. */
const leastIdleMs = 1000;

function idleExitOf(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const ms = durationMs(text);
	if (ms !== undefined && ms >= leastIdleMs) return ms;
	throw new ServeUsageError(`flag --idle-exit needs a duration of at least 1s, such as 10m, not "${text}"`);
}

const unitBytes = new Map([
	['', 1],
	['k', 2 ** 10],
	['m', 2 ** 20],
	['g', 2 ** 30],
	['t', 2 ** 40],
]);

/** `64GiB`, `500M`, or plain bytes. Source: units are powers of 1024, as podman's are. */
function layerLimitOf(text: string | undefined): number {
	if (text === undefined) return defaultLayerLimits.maxUnpackedBytes;
	const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?)\s*(?:([kmgt]?)(?:i?b)?)$/i.exec(text.trim()) ?? [];
	const bytes = Math.round(Number(number) * (unitBytes.get(unit.toLowerCase()) ?? Number.NaN));
	if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
	throw new ServeUsageError(`flag --layer-limit needs a size such as 64GiB, not "${text}"`);
}
