import type { ByteString } from './byte-string.ts';
import {
	blockBytes,
	type HeaderBlock,
	isZeroBlock,
	paddingOf,
	parseHeaderBlock,
	untilNul,
} from './header-block.ts';
import { parsePaxRecords } from './pax-records.ts';
import {
	checkSparsePieces,
	oldSparseSize,
	readOldSparseBlock,
	SparseMapText,
	type SparsePiece,
} from './sparse-map.ts';
import { type EntryExtensions, entryOf, noExtensions, sparseFormatOf, type TarEntry } from './tar-entry.ts';
import { TarFormatError } from './tar-error.ts';

/**
 * Takes in what a tar consists of, in order. Every byte of it comes exactly once, as `raw` (headers, padding, the end) or as
 * `content`; `raw` bytes of an entry's headers come before its `entry`.
 */
export type TarHandler = {
	raw(chunk: Buffer, start: number, end: number): void;
	entry(entry: TarEntry): void;
	/** Stored bytes of the file that `entry` named last. */
	content(chunk: Buffer, start: number, end: number): void;
	/** The entry is whole. */
	entryEnd(): void;
};

/** Extended headers, long names and sparse maps beyond this are refused. */
export const maxMetaBytes = 1 << 20;

type State =
	| 'header'
	| 'meta'
	| 'metaPadding'
	| 'oldSparse'
	| 'sparseText'
	| 'content'
	| 'padding'
	| 'zeroBlock'
	| 'end';

/**
 * Reads a tar as it streams in: ustar, PAX, GNU and V7. Chunks may be cut anywhere and must stay as they are, for the handler
 * may keep parts of them. Source: POSIX pax; GNU tar manual; what Go's archive/tar, which Podman and containerd use, accepts.
 */
export class TarParser {
	readonly #handler: TarHandler;
	#state: State = 'header';
	/** A block that is cut by the end of a chunk. */
	readonly #carry: Buffer = Buffer.alloc(blockBytes);
	#carryBytes = 0;
	/** Bytes to come in this state. */
	#remaining = 0;
	#meta: { readonly kind: MetaKind; readonly header: HeaderBlock; readonly content: Buffer } | undefined;
	#extensions: EntryExtensions = noExtensions();
	#extended = false;
	#entry: TarEntry | undefined;
	#entryPadding = 0;
	#pieces: SparsePiece[] = [];
	#mapBytes = 0;
	#mapText: SparseMapText | undefined;

	constructor(handler: TarHandler) {
		this.#handler = handler;
	}

	/** @throws TarFormatError; whatever the handler throws. After that the parser is of no use. */
	push(chunk: Buffer): void {
		try {
			this.#push(chunk);
		} catch (error) {
			if (!(error instanceof TarFormatError) || error.entry !== undefined) throw error;
			throw new TarFormatError(error.message, this.#entryName());
		}
	}

	#push(chunk: Buffer): void {
		let at = 0;
		while (at < chunk.length) {
			switch (this.#state) {
				case 'content':
					at = this.#content(chunk, at);
					break;
				case 'meta':
				case 'metaPadding':
				case 'padding':
					at = this.#counted(chunk, at);
					break;
				case 'end':
					at = this.#trailer(chunk, at);
					break;
				default:
					at = this.#block(chunk, at);
			}
		}
	}

	/**
	 * The tar is over.
	 * @throws TarFormatError where it ends within an entry. Missing end blocks are tolerated, as GNU tar does.
	 */
	finish(): void {
		const between = this.#state === 'header' && !this.#extended;
		if ((between || this.#state === 'zeroBlock') && this.#carryBytes === 0) return;
		if (this.#state !== 'end')
			throw new TarFormatError('the tar ends in the middle of it', this.#entryName());
	}

	#entryName(): ByteString | undefined {
		return this.#entry?.name ?? this.#extensions.longName ?? this.#extensions.records?.get('path');
	}

	#content(chunk: Buffer, at: number): number {
		const end = Math.min(chunk.length, at + this.#remaining);
		this.#handler.content(chunk, at, end);
		this.#remaining -= end - at;
		if (this.#remaining === 0) this.#endEntry();
		return end;
	}

	#endEntry(): void {
		this.#handler.entryEnd();
		this.#entry = undefined;
		this.#remaining = this.#entryPadding;
		this.#state = this.#remaining > 0 ? 'padding' : 'header';
	}

	#counted(chunk: Buffer, at: number): number {
		const end = Math.min(chunk.length, at + this.#remaining);
		this.#handler.raw(chunk, at, end);
		if (this.#state === 'meta') {
			const meta = this.#meta!;
			chunk.copy(meta.content, meta.content.length - this.#remaining, at, end);
		}
		this.#remaining -= end - at;
		if (this.#remaining > 0) return end;
		if (this.#state === 'meta') this.#endMeta();
		else this.#state = 'header';
		return end;
	}

	#endMeta(): void {
		const { kind, header, content } = this.#meta!;
		this.#meta = undefined;
		this.#remaining = paddingOf(content.length);
		this.#state = this.#remaining > 0 ? 'metaPadding' : 'header';
		if (kind === 'longName') this.#extensions.longName = untilNul(content);
		else if (kind === 'longLink') this.#extensions.longLink = untilNul(content);
		else {
			const records = parsePaxRecords(content);
			if (kind === 'pax') this.#extensions.records = records;
			else this.#endGlobal(header);
		}
	}

	/** After the two zero blocks only zeros may follow: padding of the writer's record size. */
	#trailer(chunk: Buffer, at: number): number {
		for (let index = at; index < chunk.length; index++)
			if (chunk[index] !== 0) throw new TarFormatError('the tar has data after its end');
		this.#handler.raw(chunk, at, chunk.length);
		return chunk.length;
	}

	/** States that work on whole blocks. */
	#block(chunk: Buffer, at: number): number {
		let block = chunk;
		let offset = at;
		let end = at + blockBytes;
		if (this.#carryBytes > 0 || end > chunk.length) {
			end = Math.min(chunk.length, at + blockBytes - this.#carryBytes);
			chunk.copy(this.#carry, this.#carryBytes, at, end);
			this.#carryBytes += end - at;
			block = this.#carry;
			offset = 0;
		}
		this.#handler.raw(chunk, at, end);
		if (block === this.#carry) {
			if (this.#carryBytes < blockBytes) return end;
			this.#carryBytes = 0;
		}
		if (this.#state === 'oldSparse') this.#oldSparse(block, offset);
		else if (this.#state === 'sparseText') this.#sparseText(block, offset);
		else this.#header(block, offset);
		return end;
	}

	#header(block: Buffer, offset: number): void {
		if (isZeroBlock(block, offset)) {
			if (this.#extended)
				throw new TarFormatError('the tar ends after its extended header', this.#entryName());
			this.#state = this.#state === 'zeroBlock' ? 'end' : 'zeroBlock';
			return;
		}
		if (this.#state === 'zeroBlock') throw new TarFormatError('the tar has data after its end');
		const header = parseHeaderBlock(block, offset);
		const kind = metaKinds[header.typeFlag];
		if (kind !== undefined) this.#startMeta(header, kind);
		else this.#startEntry(header, block, offset);
	}

	#startMeta(header: HeaderBlock, kind: MetaKind): void {
		const sizeBytes = header.sizeBytes;
		if (sizeBytes < 0 || sizeBytes > maxMetaBytes) {
			const what = kind === 'pax' || kind === 'global' ? 'extended header' : 'long name';
			throw new TarFormatError(
				`its ${what} of ${sizeBytes} bytes is over the limit of ${maxMetaBytes}`,
				header.name,
			);
		}
		if (kind !== 'global') this.#extended = true;
		this.#meta = { kind, header, content: Buffer.alloc(sizeBytes) };
		this.#remaining = sizeBytes;
		this.#state = 'meta';
		if (sizeBytes === 0) this.#endMeta();
	}

	/** What is said for all entries that follow is told as an entry of its own and, as by Go's reader, not applied. */
	#endGlobal(header: HeaderBlock): void {
		const entry = entryOf({ ...header, typeFlag: '5' }, noExtensions());
		this.#handler.entry({ ...entry, type: 'global', uid: 0, gid: 0 });
		this.#handler.entryEnd();
	}

	#startEntry(header: HeaderBlock, block: Buffer, offset: number): void {
		const sparse = sparseFormatOf(header, this.#extensions.records);
		const entry = entryOf(header, this.#extensions);
		this.#entry = entry;
		this.#extensions = noExtensions();
		this.#extended = false;
		this.#entryPadding = paddingOf(entry.storedBytes);
		this.#pieces = [];
		this.#mapBytes = 0;
		if (sparse === 'old') {
			if (!header.gnu) throw new TarFormatError('its sparse map is of an unknown format', entry.name);
			this.#entry = { ...entry, sizeBytes: oldSparseSize(block, offset) };
			const more = readOldSparseBlock(block, offset, 'header', this.#pieces);
			if (more) this.#state = 'oldSparse';
			else this.#startSparse(this.#pieces);
		} else if (sparse === 'paxText') {
			this.#mapText = new SparseMapText();
			this.#state = 'sparseText';
		} else if (sparse === 'pax') this.#startSparse(entry.sparse ?? []);
		else this.#startContent(entry);
	}

	#oldSparse(block: Buffer, offset: number): void {
		this.#countMapBlock();
		if (!readOldSparseBlock(block, offset, 'extension', this.#pieces)) this.#startSparse(this.#pieces);
	}

	#sparseText(block: Buffer, offset: number): void {
		this.#countMapBlock();
		const entry = this.#entry!;
		if (entry.storedBytes < this.#mapBytes)
			throw new TarFormatError('its sparse map is longer than its content', entry.name);
		const pieces = this.#mapText!.push(block, offset);
		if (pieces === undefined) return;
		this.#entry = { ...entry, storedBytes: entry.storedBytes - this.#mapBytes };
		this.#startSparse(pieces);
	}

	#countMapBlock(): void {
		this.#mapBytes += blockBytes;
		if (this.#mapBytes > maxMetaBytes)
			throw new TarFormatError(
				`its sparse map is over the limit of ${maxMetaBytes} bytes`,
				this.#entryName(),
			);
	}

	#startSparse(pieces: readonly SparsePiece[]): void {
		const entry = { ...this.#entry!, sparse: pieces };
		checkSparsePieces(pieces, entry);
		this.#entry = entry;
		this.#startContent(entry);
	}

	#startContent(entry: TarEntry): void {
		this.#handler.entry(entry);
		this.#remaining = entry.storedBytes;
		if (entry.storedBytes > 0) this.#state = 'content';
		else this.#endEntry();
	}
}

type MetaKind = 'pax' | 'global' | 'longName' | 'longLink';

const metaKinds: Readonly<Record<string, MetaKind | undefined>> = {
	x: 'pax',
	g: 'global',
	L: 'longName',
	K: 'longLink',
};
