import { lstatSync, mkdirSync, readlinkSync, type Stats, unlinkSync } from 'node:fs';
import { type ByteString, shownName } from '../tar/byte-string.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { TarFormatError } from '../tar/tar-error.ts';
import { parentOf } from './clean-name.ts';
import { errorCode, fullPath, type LayerPlace } from './layer-place.ts';

/** A folder of the layer. What its entry says is applied at the end, when nothing is made within it any more. */
export type LayerDir = {
	/** Below the root, without symlinks. */
	readonly path: ByteString;
	/** False where vfs had it from the parent layer. */
	readonly made: boolean;
	/** Undefined while no entry named it. */
	entry: TarEntry | undefined;
	/** Hides what lower layers have in it. */
	opaque: boolean;
};

/** What to do about folders on the way that are not there, or are deleted by this very layer. */
export type MissingDirs = 'make' | 'makeUnlessDeleted' | 'leave';

/** As many symlinks as the kernel follows in one path. */
const maxLinks = 40;

/**
 * The folders of a layer, and the way to them. A folder once found is remembered; all else the disk knows, for nobody but us
 * writes there. Symlinks on the way are followed by hand and within the root, so the kernel never gets to follow one.
 */
export class LayerDirs {
	readonly #place: LayerPlace;
	readonly #dirs = new Map<ByteString, LayerDir>();
	/** Ways that lead over symlinks. */
	readonly #aliases = new Map<ByteString, LayerDir>();
	readonly #followedLinks = new Set<ByteString>();

	constructor(place: LayerPlace) {
		this.#place = place;
		this.#dirs.set('', { path: '', made: place.driver === 'overlay', entry: undefined, opaque: false });
	}

	get(path: ByteString): LayerDir | undefined {
		return this.#dirs.get(path);
	}

	all(): Iterable<LayerDir> {
		return this.#dirs.values();
	}

	add(path: ByteString, dir: Omit<LayerDir, 'path'>): LayerDir {
		const added = { path, ...dir };
		this.#dirs.set(path, added);
		return added;
	}

	/** A folder is gone, with all below it. */
	forget(path: ByteString): void {
		this.#aliases.clear();
		if (!this.#dirs.delete(path) || this.#place.driver === 'overlay') return;
		for (const below of this.#dirs.keys()) if (below.startsWith(`${path}/`)) this.#dirs.delete(below);
	}

	/** True for a symlink that the way to some entry led over: it cannot be replaced without moving that entry. */
	wasFollowed(path: ByteString): boolean {
		return this.#followedLinks.has(path);
	}

	/**
	 * The folder of a clean name.
	 * @returns undefined where it is not there and `missing` says to leave it so
	 * @throws TarFormatError where the way leads out of the root, in circles or through something that is no folder
	 */
	find(name: ByteString, missing: MissingDirs): LayerDir | undefined {
		return this.#dirs.get(name) ?? this.#aliases.get(name) ?? this.#walk(name, missing);
	}

	#walk(name: ByteString, missing: MissingDirs): LayerDir | undefined {
		let current = '';
		let links = 0;
		const rest = name.split('/').reverse();
		for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
			if (part === '' || part === '.') continue;
			if (part === '..') {
				if (current === '')
					throw new TarFormatError(`a symlink in "${shownName(name)}" leads out of the layer's root`);
				current = parentOf(current);
				continue;
			}
			const next = current === '' ? part : `${current}/${part}`;
			const found = this.#dirs.get(next) ?? this.#discover(next, missing);
			if (found === undefined) return undefined;
			if (typeof found !== 'string') {
				current = next;
				continue;
			}
			if (++links > maxLinks) throw new TarFormatError(`there are too many symlinks in "${shownName(name)}"`);
			this.#followedLinks.add(next);
			if (found.startsWith('/')) current = '';
			rest.push(...found.split('/').reverse());
		}
		const dir = this.#dirs.get(current)!;
		if (links > 0) this.#aliases.set(name, dir);
		return dir;
	}

	/** What is at a place: a folder, the target of a symlink, or nothing. */
	#discover(path: ByteString, missing: MissingDirs): LayerDir | ByteString | undefined {
		const full = fullPath(this.#place, path);
		// In a layer that leaves folders out, most are not there.
		if (missing === 'make' && this.#make(full)) return this.#addMade(path, false);
		const stat = lstatSync(full, { throwIfNoEntry: false });
		if (stat === undefined) {
			if (missing === 'leave') return undefined;
			this.#make(full);
			return this.#addMade(path, false);
		}
		if (stat.isSymbolicLink()) return readlinkSync(full, { encoding: 'latin1' });
		if (stat.isDirectory()) return this.add(path, { made: false, entry: undefined, opaque: false });
		if (this.#place.driver === 'overlay' && isWhiteout(stat)) {
			if (missing !== 'make') return undefined;
			// Deleted below and made anew: the folder starts empty.
			unlinkSync(full);
			this.#make(full);
			return this.#addMade(path, true);
		}
		if (missing === 'leave') return undefined;
		throw new TarFormatError(`"${shownName(path)}", which it lies in, is no directory`);
	}

	#addMade(path: ByteString, opaque: boolean): LayerDir {
		return this.add(path, { made: true, entry: undefined, opaque });
	}

	#make(full: string | Buffer): boolean {
		try {
			mkdirSync(full, 0o755);
			return true;
		} catch (error) {
			if (errorCode(error) === 'EEXIST') return false;
			throw error;
		}
	}
}

/** How overlay marks what a layer deletes: a character device 0:0. */
export function isWhiteout(stat: Stats): boolean {
	return stat.isCharacterDevice() && stat.rdev === 0;
}
