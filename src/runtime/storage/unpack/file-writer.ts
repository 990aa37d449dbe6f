import {
	closeSync,
	constants,
	fchmodSync,
	fchownSync,
	ftruncateSync,
	futimesSync,
	openSync,
	writeSync,
} from 'node:fs';
import type { SparsePiece } from '../tar/sparse-map.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { hasPlainTime, type LayerPlace, needsChmod, needsChown, setTimes, setXattrs } from './layer-place.ts';

const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Writes one regular file at a time, in as few system calls as its metadata allows. */
export class FileWriter implements Disposable {
	readonly #place: LayerPlace;
	#descriptor: number | undefined;
	#full: string | Buffer = '';
	#entry: TarEntry | undefined;
	#sparse: Iterator<SparsePiece> | undefined;
	/** Of the piece of a sparse file that is being written. */
	#position = 0;
	#pieceBytes = 0;

	constructor(place: LayerPlace) {
		this.#place = place;
	}

	/** Creates the file. @throws Error with code EEXIST where there is something already */
	open(full: string | Buffer, entry: TarEntry): void {
		this.#descriptor = openSync(full, createFlags, entry.mode & 0o777);
		this.#full = full;
		this.#entry = entry;
		this.#sparse = entry.sparse?.values();
		this.#pieceBytes = 0;
	}

	/** Appends stored bytes. */
	write(chunk: Buffer, start: number, end: number): void {
		let at = start;
		while (at < end) {
			if (this.#sparse === undefined) at += writeSync(this.#descriptor!, chunk, at, end - at);
			else at += this.#writePiece(chunk, at, end);
		}
	}

	#writePiece(chunk: Buffer, at: number, end: number): number {
		while (this.#pieceBytes === 0) {
			const piece: SparsePiece = this.#sparse!.next().value;
			this.#position = piece.offset;
			this.#pieceBytes = piece.lengthBytes;
		}
		const written = writeSync(
			this.#descriptor!,
			chunk,
			at,
			Math.min(end - at, this.#pieceBytes),
			this.#position,
		);
		this.#position += written;
		this.#pieceBytes -= written;
		return written;
	}

	/** Gives the file its owner, mode, attributes and times, and closes it. */
	finish(): void {
		const descriptor = this.#descriptor!;
		const entry = this.#entry!;
		if (entry.sparse !== undefined) ftruncateSync(descriptor, entry.sizeBytes);
		if (needsChown(this.#place, entry)) fchownSync(descriptor, entry.uid, entry.gid);
		// A change of owner takes setuid and file capabilities away: they come after it.
		if (needsChmod(this.#place, entry.mode)) fchmodSync(descriptor, entry.mode);
		if (entry.xattrs.length > 0) setXattrs(this.#place, this.#full, entry);
		if (hasPlainTime(entry)) futimesSync(descriptor, entry.mtimeSeconds, entry.mtimeSeconds);
		else setTimes(this.#place, this.#full, entry);
		this.#descriptor = undefined;
		closeSync(descriptor);
	}

	[Symbol.dispose](): void {
		if (this.#descriptor !== undefined) closeSync(this.#descriptor);
		this.#descriptor = undefined;
	}
}
