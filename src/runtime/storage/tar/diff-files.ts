import { constants, lstatSync, openSync, readlinkSync } from 'node:fs';
import { type ByteString, byteStringOf, pathOf } from './byte-string.ts';

/** As many symlinks as the kernel follows in one path. */
const maxLinks = 40;

/**
 * Opens files of an unpacked layer by their names in its tar. A symlink on the way is followed by hand and within the root; a
 * file that is one itself is not opened. Who changes the folders meanwhile must be trusted, as the owner of the store is.
 */
export class DiffFiles {
	readonly #root: ByteString;
	/** Folders as named to folders as they are. */
	readonly #folders = new Map<ByteString, ByteString>([['', '']]);

	constructor(diffDir: string) {
		this.#root = byteStringOf(diffDir).replace(/\/+$/, '');
	}

	/** @returns a descriptor for reading. @throws Error: a system call's, or a sentence part that says why not */
	open(name: ByteString): number {
		const parts = lexicalParts(name);
		const base = parts.pop();
		if (base === undefined) throw new Error('it is the root');
		const folder = parts.join('/');
		let real = this.#folders.get(folder);
		if (real === undefined) {
			real = this.#walk(parts);
			this.#folders.set(folder, real);
		}
		return openSync(
			pathOf(`${this.#root}/${real === '' ? base : `${real}/${base}`}`),
			// A fifo in the place of a file must not hold us up.
			constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY,
		);
	}

	#walk(parts: readonly ByteString[]): ByteString {
		const real: ByteString[] = [];
		const rest = [...parts].reverse();
		let links = 0;
		for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
			if (part === '' || part === '.') continue;
			if (part === '..') {
				if (real.pop() === undefined) throw new Error('a symlink on its way leads out of the layer');
				continue;
			}
			real.push(part);
			const full = pathOf(`${this.#root}/${real.join('/')}`);
			if (!lstatSync(full).isSymbolicLink()) continue;
			if (++links > maxLinks) throw new Error('there are too many symlinks on its way');
			const target = readlinkSync(full, { encoding: 'latin1' });
			if (target.startsWith('/')) real.length = 0;
			else real.pop();
			rest.push(...target.split('/').reverse());
		}
		return real.join('/');
	}
}

/** The parts of a name, `..` taken back as Podman does; one that climbs stays at the root. */
function lexicalParts(name: ByteString): ByteString[] {
	const parts: ByteString[] = [];
	for (const part of name.split('/')) {
		if (part === '..') parts.pop();
		else if (part !== '' && part !== '.') parts.push(part);
	}
	return parts;
}
