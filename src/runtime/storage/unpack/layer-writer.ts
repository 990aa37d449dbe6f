import {
	chmodSync,
	lchownSync,
	linkSync,
	lstatSync,
	mkdirSync,
	rmdirSync,
	type Stats,
	unlinkSync,
} from 'node:fs';
import { type ByteString, shownName } from '../tar/byte-string.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { TarFormatError } from '../tar/tar-error.ts';
import { baseOf, cleanName, parentOf } from './clean-name.ts';
import { FileWriter } from './file-writer.ts';
import { isWhiteout, type LayerDir, LayerDirs } from './layer-dirs.ts';
import {
	errorCode,
	fullPath,
	type LayerPlace,
	needsChmod,
	needsChown,
	setTimes,
	setXattrs,
} from './layer-place.ts';
import { emptyLower, removeLower } from './lower-files.ts';
import { checkOwner, makeNode, makeSymlink, makeWhiteout, touchLinked } from './special-files.ts';

/** What became of an entry. */
export type Placed = {
	/** True where its content goes into a file of its name. */
	readonly stored: boolean;
	/** True where an earlier entry had the same name. */
	readonly duplicate: boolean;
};

const placed: Placed = { stored: true, duplicate: false };
const placedAgain: Placed = { stored: true, duplicate: true };
const notStored: Placed = { stored: false, duplicate: false };
const notStoredAgain: Placed = { stored: false, duplicate: true };

const whiteoutPrefix = '.wh.';
const metaPrefix = '.wh..wh.';
const opaqueName = '.wh..wh..opq';

/**
 * Makes the files of a layer, as its driver keeps them. Nothing outside the root is ever touched: names are resolved here,
 * and no system call follows a symlink. Source: OCI image spec, layer.md; containers/storage, pkg/archive, for what Podman
 * does where the specification leaves it open. All methods throw TarFormatError for what a layer must not do.
 */
export class LayerWriter implements Disposable {
	readonly #place: LayerPlace;
	readonly #dirs: LayerDirs;
	readonly #file: FileWriter;
	/** Of vfs, where the disk does not tell what is the parent's. */
	readonly #made: Set<ByteString> | undefined;
	/** Names that leave no trace on disk by which a second one could be noticed. */
	readonly #traceless = new Set<ByteString>();
	#fileOpen = false;
	#rootEntrySeen = false;

	constructor(place: LayerPlace) {
		this.#place = place;
		this.#dirs = new LayerDirs(place);
		this.#file = new FileWriter(place);
		this.#made = place.driver === 'vfs' ? new Set() : undefined;
	}

	get rootEntrySeen(): boolean {
		return this.#rootEntrySeen;
	}

	/** Makes what the entry says; a file then awaits its content and {@link end}. */
	begin(entry: TarEntry): Placed {
		if (entry.type === 'global') return this.#ignore(entry.name);
		if (entry.name === '') throw new TarFormatError('it has no name');
		const name = cleanName(entry.name);
		if (name === undefined) throw new TarFormatError('its name leads out of the root');
		checkOwner(entry);
		if (name === '') return this.#root(entry);
		const base = baseOf(name);
		if (name.includes(metaPrefix) && isMetaName(name) && base !== opaqueName) return this.#ignore(name);
		if (base.startsWith(whiteoutPrefix)) return this.#whiteout(name, base, entry);
		const dir = this.#dirs.find(parentOf(name), 'make')!;
		const path = dir.path === '' ? base : `${dir.path}/${base}`;
		return this.#make(path, entry) ? placedAgain : placed;
	}

	/** Content of the file begun last. */
	content(chunk: Buffer, start: number, end: number): void {
		this.#file.write(chunk, start, end);
	}

	/** The file begun last is whole; nothing happens where the entry was none. */
	end(): void {
		if (this.#fileOpen) this.#file.finish();
		this.#fileOpen = false;
	}

	/** Gives all folders what their entries say: only now does nothing change their times any more. */
	finish(): void {
		for (const dir of this.#dirs.all()) this.#finishDir(dir);
	}

	[Symbol.dispose](): void {
		this.#file[Symbol.dispose]();
	}

	#ignore(name: ByteString): Placed {
		if (this.#traceless.has(name)) return notStoredAgain;
		this.#traceless.add(name);
		return notStored;
	}

	/** Podman takes `/` for the root's own entry, and passes over `.` and `./`, which are in most tars made by hand. */
	#root(entry: TarEntry): Placed {
		if (entry.type !== 'directory') throw new TarFormatError('it would replace the root');
		if (entry.name.startsWith('/')) {
			this.#rootEntrySeen = true;
			this.#dirs.get('')!.entry = entry;
		}
		return this.#ignore('');
	}

	#make(path: ByteString, entry: TarEntry): boolean {
		if (entry.type === 'directory') return this.#makeDir(path, entry);
		const full = fullPath(this.#place, path);
		const duplicate = this.#withWay(path, entry, () => {
			switch (entry.type) {
				case 'file':
					this.#file.open(full, entry);
					this.#fileOpen = true;
					return;
				case 'symlink':
					return makeSymlink(this.#place, full, entry);
				case 'hardlink':
					return this.#hardlink(path, full, entry);
				default:
					return makeNode(this.#place, full, entry);
			}
		});
		this.#made?.add(path);
		return duplicate;
	}

	/** Does what creates something, and once more where something was in its way. */
	#withWay(path: ByteString, entry: TarEntry, create: () => void): boolean {
		try {
			create();
			return false;
		} catch (error) {
			if (errorCode(error) !== 'EEXIST') throw error;
		}
		const duplicate = this.#makeWay(path, entry);
		create();
		return duplicate;
	}

	/** Removes what an entry replaces. @returns true where that was of this layer: the name occurs twice */
	#makeWay(path: ByteString, entry: TarEntry): boolean {
		const full = fullPath(this.#place, path);
		const stat = lstatSync(full);
		const own = this.#made === undefined || this.#made.has(path) || this.#dirs.get(path)?.made === true;
		if (this.#made === undefined && isWhiteout(stat)) {
			unlinkSync(full);
			return false;
		}
		const replacesDir = stat.isDirectory();
		if (!own) {
			if (removeLower(this.#place, path, { files: this.#made!, dirs: this.#dirs })) throw notEmpty();
			return false;
		}
		if (stat.isSymbolicLink() && this.#dirs.wasFollowed(path))
			throw new TarFormatError('it occurs twice, once as a symlink that other entries went through');
		const explicit = !replacesDir || this.#dirs.get(path)?.entry !== undefined;
		if (explicit && ((stat.isFile() && stat.size > 0) || entry.storedBytes > 0))
			throw new TarFormatError('it occurs twice');
		if (replacesDir) this.#removeDir(path, full);
		else unlinkSync(full);
		return explicit;
	}

	#removeDir(path: ByteString, full: string | Buffer): void {
		try {
			rmdirSync(full);
		} catch (error) {
			if (errorCode(error) === 'ENOTEMPTY') throw notEmpty();
			throw error;
		}
		this.#dirs.forget(path);
	}

	#makeDir(path: ByteString, entry: TarEntry): boolean {
		let dir = this.#dirs.get(path);
		let duplicate = dir?.entry !== undefined;
		if (dir === undefined) {
			const full = fullPath(this.#place, path);
			let stat: Stats | undefined;
			try {
				mkdirSync(full, 0o755);
			} catch (error) {
				if (errorCode(error) !== 'EEXIST') throw error;
				stat = lstatSync(full);
			}
			// What vfs has from the parent layer is merged with; a whiteout before it means that it starts empty.
			const opaque = stat !== undefined && this.#made === undefined && isWhiteout(stat);
			if (stat !== undefined && !stat.isDirectory()) {
				duplicate = this.#makeWay(path, entry);
				mkdirSync(full, 0o755);
			}
			dir = this.#dirs.add(path, { made: stat?.isDirectory() !== true, entry, opaque });
		}
		dir.entry = entry;
		return duplicate;
	}

	#hardlink(path: ByteString, full: string | Buffer, entry: TarEntry): void {
		const shown = shownName(entry.linkName);
		const name = cleanName(entry.linkName);
		if (name === undefined || name === '')
			throw new TarFormatError(`it links to "${shown}", which is not a file within the root`);
		const dir = this.#dirs.find(parentOf(name), 'leave');
		const base = baseOf(name);
		const target = dir === undefined || dir.path === '' ? base : `${dir.path}/${base}`;
		if (target === path) throw new TarFormatError('it links to itself');
		try {
			if (dir === undefined) throw Object.assign(new Error('no such folder'), { code: 'ENOENT' });
			linkSync(fullPath(this.#place, target), full);
		} catch (error) {
			const code = errorCode(error);
			if (code === 'ENOENT')
				throw new TarFormatError(`it links to "${shown}", which the layer does not hold before it`);
			if (code === 'EPERM') throw new TarFormatError(`it links to "${shown}", which is a directory`);
			throw error;
		}
		touchLinked(this.#place, full, entry);
	}

	#whiteout(name: ByteString, base: ByteString, entry: TarEntry): Placed {
		const hidden = base.slice(whiteoutPrefix.length);
		if (hidden === '' || hidden === '.' || hidden === '..')
			throw new TarFormatError('it is a whiteout of nothing');
		const dir = this.#dirs.find(parentOf(name), 'makeUnlessDeleted');
		// The folder itself is deleted by this layer: nothing is left to delete in it.
		if (dir === undefined) return this.#ignore(name);
		const own = { files: this.#made ?? new Set<ByteString>(), dirs: this.#dirs };
		if (base === opaqueName) {
			if (this.#made !== undefined) emptyLower(this.#place, dir.path, own);
			else dir.opaque = true;
			return this.#ignore(name);
		}
		const path = dir.path === '' ? hidden : `${dir.path}/${hidden}`;
		if (this.#made !== undefined) removeLower(this.#place, path, own);
		else return this.#markDeleted(path, name, entry);
		return this.#ignore(name);
	}

	/** A whiteout speaks of lower layers: what this layer made at the same place stays, and hides what was there. */
	#markDeleted(path: ByteString, name: ByteString, entry: TarEntry): Placed {
		const full = fullPath(this.#place, path);
		const dir = this.#dirs.get(path);
		if (dir !== undefined) {
			dir.opaque = true;
			return this.#ignore(name);
		}
		try {
			makeWhiteout(this.#place, full);
		} catch (error) {
			if (errorCode(error) !== 'EEXIST') throw error;
			return isWhiteout(lstatSync(full)) ? notStoredAgain : this.#ignore(name);
		}
		if (needsChown(this.#place, entry)) lchownSync(full, entry.uid, entry.gid);
		return notStored;
	}

	#finishDir(dir: LayerDir): void {
		const full = fullPath(this.#place, dir.path);
		// Not to be left out: what it hides would come back.
		if (dir.opaque) this.#place.sys.lsetxattr(full, 'trusted.overlay.opaque', Buffer.from('y'));
		const entry = dir.entry;
		if (entry === undefined) {
			// A strict umask is ours, not the layer's.
			if (dir.made && dir.path !== '' && needsChmod(this.#place, 0o755)) chmodSync(full, 0o755);
			return;
		}
		const existed = !dir.made || dir.path === '';
		if (existed || needsChown(this.#place, entry)) lchownSync(full, entry.uid, entry.gid);
		if (existed || entry.mode !== 0o755 || needsChmod(this.#place, 0o755)) chmodSync(full, entry.mode);
		setXattrs(this.#place, full, entry);
		setTimes(this.#place, full, entry);
	}
}

function isMetaName(name: ByteString): boolean {
	return name.startsWith(metaPrefix) || name.includes(`/${metaPrefix}`);
}

function notEmpty(): TarFormatError {
	return new TarFormatError('it would replace a directory that is not empty');
}
