/** What is mounted into a container: `--volume`, `--mount`, `--tmpfs`. */
import path from 'node:path';
import { readByteSize } from '../requests/byte-size.ts';
import { UsageError } from '../usage-error.ts';

/** Something to be seen at a path of the container. */
export type Volume = {
	readonly destination: string;
	readonly readonly: boolean;
	readonly recursiveReadOnly: boolean;
	readonly relabel: boolean;
	readonly propagation: 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL';
	readonly source:
		| { readonly kind: 'host'; readonly path: string }
		| { readonly kind: 'image'; readonly image: string; readonly subPath: string }
		/** A folder of the pod's own, in memory where `tmpfs` is given. */
		| { readonly kind: 'empty'; readonly tmpfs?: TmpfsOptions | undefined };
};

/** Options of mount(8) for a tmpfs. */
export type TmpfsOptions = { readonly sizeBytes?: bigint | undefined; readonly mode?: string | undefined };

const plain = {
	readonly: false,
	recursiveReadOnly: false,
	relabel: false,
	propagation: 'PROPAGATION_PRIVATE',
} as const;

type Manner = Omit<Volume, 'destination' | 'source'>;

const propagations: Readonly<Record<string, Volume['propagation']>> = {
	private: 'PROPAGATION_PRIVATE',
	rprivate: 'PROPAGATION_PRIVATE',
	slave: 'PROPAGATION_HOST_TO_CONTAINER',
	rslave: 'PROPAGATION_HOST_TO_CONTAINER',
	shared: 'PROPAGATION_BIDIRECTIONAL',
	rshared: 'PROPAGATION_BIDIRECTIONAL',
};
const manners: Readonly<Record<string, Partial<Manner>>> = {
	rw: { readonly: false },
	ro: { readonly: true },
	rro: { readonly: true, recursiveReadOnly: true },
	z: { relabel: true },
	Z: { relabel: true },
	// A bind of folders below comes with the folder in any case.
	rbind: {},
	...Object.fromEntries(Object.entries(propagations).map(([word, propagation]) => [word, { propagation }])),
};

function mannerOf(options: readonly string[], written: string): Manner {
	const asked = options.map((option) => {
		const manner = manners[option];
		if (manner) return manner;
		const known = Object.keys(manners).join(', ');
		throw new UsageError(`flag ${written} knows no option "${option}"; there are ${known}`);
	});
	return Object.assign({}, plain, ...asked) as Manner;
}

function destinationOf(text: string, written: string): string {
	if (!text.startsWith('/') || path.posix.normalize(text) === '/') {
		throw new UsageError(`flag ${written} needs an absolute path in the container, not "${text}"`);
	}
	return text;
}

/** Reads one `--volume`. @param cwd what `./folder` is taken from. @throws UsageError */
export function parseVolume(written: string, cwd: string): Volume {
	const parts = written.split(':');
	if (parts.length > 3) throw new UsageError(`flag --volume is SRC:DST[:OPTIONS], not "${written}"`);
	const [first = '', second, options] = parts;
	if (second === undefined) {
		return { ...plain, destination: destinationOf(first, '--volume'), source: { kind: 'empty' } };
	}
	if (!/^[/.~]/u.test(first)) {
		throw new UsageError(
			`flag --volume needs a path of the host such as /srv or ./data, not "${first}": no CRI runtime keeps named volumes`,
		);
	}
	return {
		...mannerOf(options?.split(',') ?? [], '--volume'),
		destination: destinationOf(second, '--volume'),
		source: { kind: 'host', path: path.resolve(cwd, first) },
	};
}

function tmpfsOf(options: readonly string[], written: string): Pick<Volume, 'readonly' | 'source'> {
	let tmpfs: TmpfsOptions = {};
	let readonly = false;
	for (const option of options) {
		const [name = '', value = ''] = option.split('=', 2);
		if (name === 'size') tmpfs = { ...tmpfs, sizeBytes: readByteSize(value, `${written} size`) };
		else if (name === 'mode' && /^[0-7]{3,4}$/u.test(value)) tmpfs = { ...tmpfs, mode: value };
		else if (name === 'ro') readonly = true;
		else if (!['rw', 'exec', 'rprivate', 'private'].includes(name)) {
			throw new UsageError(`flag ${written} knows no option "${option}"; there are size=, mode=, ro and rw`);
		}
	}
	return { readonly, source: { kind: 'empty', tmpfs } };
}

/** Reads one `--tmpfs`. @throws UsageError */
export function parseTmpfs(written: string): Volume {
	const colon = written.indexOf(':');
	const destination = destinationOf(colon < 0 ? written : written.slice(0, colon), '--tmpfs');
	const options = colon < 0 ? [] : written.slice(colon + 1).split(',');
	return { ...plain, destination, ...tmpfsOf(options, '--tmpfs') };
}

const keyNames: Readonly<Record<string, string>> = {
	src: 'source',
	dst: 'target',
	destination: 'target',
	ro: 'readonly',
};

/** Reads one `--mount`. @throws UsageError */
export function parseMount(written: string, cwd: string): Volume {
	const fields = new Map<string, string>();
	for (const field of written.split(',')) {
		const equals = field.indexOf('=');
		const key = (equals < 0 ? field : field.slice(0, equals)).trim();
		fields.set(keyNames[key] ?? key, equals < 0 ? 'true' : field.slice(equals + 1));
	}
	const take = (key: string): string | undefined => {
		const value = fields.get(key);
		fields.delete(key);
		return value;
	};
	const type = take('type') ?? 'volume';
	const destination = destinationOf(take('target') ?? '', '--mount');
	const source = take('source') ?? '';
	const isReadonly = (take('readonly') ?? 'false') !== 'false';
	const propagation = propagations[take('bind-propagation') ?? 'rprivate'];
	if (!propagation) throw new UsageError(`flag --mount knows no such bind-propagation, in "${written}"`);
	const manner = { ...plain, readonly: isReadonly, propagation };
	const volume = ((): Volume => {
		switch (type) {
			case 'bind':
				if (!/^[/.~]/u.test(source)) {
					throw new UsageError(`flag --mount type=bind needs src=PATH of the host, not "${source}"`);
				}
				return { ...manner, destination, source: { kind: 'host', path: path.resolve(cwd, source) } };
			case 'image': {
				if (source === '') throw new UsageError('flag --mount type=image needs src=IMAGE');
				const subPath = take('subpath') ?? '';
				return { ...manner, readonly: true, destination, source: { kind: 'image', image: source, subPath } };
			}
			case 'tmpfs': {
				const size = take('tmpfs-size') ?? take('size');
				const mode = take('tmpfs-mode') ?? take('mode');
				const options = [...(size ? [`size=${size}`] : []), ...(mode ? [`mode=${mode}`] : [])];
				return { ...manner, destination, ...tmpfsOf(options, '--mount'), readonly: isReadonly };
			}
			default:
				throw new UsageError(`flag --mount knows no type "${type}"; there are bind, tmpfs and image`);
		}
	})();
	const [left] = fields.keys();
	if (left !== undefined) throw new UsageError(`flag --mount knows no "${left}" for type=${type}`);
	return volume;
}
