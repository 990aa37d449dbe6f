import { ResourceExhaustedError } from '../../../cri/errors.ts';
import type { ByteString } from '../tar/byte-string.ts';
import { Crc64, wordsOf } from '../tar/crc64.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { TarFormatError } from '../tar/tar-error.ts';
import type { TarHandler } from '../tar/tar-parser.ts';
import type { TarSplitWriter } from '../tar/tar-split-writer.ts';
import type { LayerLimits } from '../unpacker.ts';
import { baseOf } from './clean-name.ts';
import type { LayerWriter, Placed } from './layer-writer.ts';

/** An entry that leaves no file may bring this much content all the same; tar-split keeps it. */
const maxLooseBytes = 1 << 20;

/** Leads each entry of a tar into its file and into tar-split at once, and counts. */
export class LayerSink implements TarHandler {
	readonly uids = new Set<number>();
	readonly gids = new Set<number>();
	readonly #writer: LayerWriter;
	readonly #tarSplit: TarSplitWriter;
	readonly #limits: LayerLimits;
	readonly #checkCancelled: () => void;
	readonly #crc = new Crc64();
	#entries = 0;
	#logicalBytes = 0;
	#entry: TarEntry | undefined;
	#placed: Placed = { stored: false, duplicate: false };
	/** The chunk whose words are at hand. */
	#chunk: Buffer | undefined;
	#aligned: ReturnType<typeof wordsOf> | undefined;

	/** @param checkCancelled throws where the job is over; called once an entry */
	constructor(
		writer: LayerWriter,
		tarSplit: TarSplitWriter,
		limits: LayerLimits,
		checkCancelled: () => void,
	) {
		this.#writer = writer;
		this.#tarSplit = tarSplit;
		this.#limits = limits;
		this.#checkCancelled = checkCancelled;
	}

	get entries(): number {
		return this.#entries;
	}

	/** The entry that is being worked on, for messages. */
	get entryName(): ByteString | undefined {
		return this.#entry?.name;
	}

	raw(chunk: Buffer, start: number, end: number): void {
		this.#tarSplit.raw(chunk, start, end);
	}

	entry(entry: TarEntry): void {
		this.#entry = entry;
		this.#checkCancelled();
		this.#count(entry);
		// The sums of tar-split know whole files only: what is sparse goes into it as it stands.
		if (entry.sparse === undefined) this.#tarSplit.endSegment();
		this.#placed = this.#writer.begin(entry);
		if (!this.#placed.stored && entry.storedBytes > maxLooseBytes)
			throw new TarFormatError(`it has content of ${entry.storedBytes} bytes where none belongs`);
		this.#crc.reset();
	}

	content(chunk: Buffer, start: number, end: number): void {
		if (this.#placed.stored) this.#writer.content(chunk, start, end);
		if (!this.#inTarSplit()) {
			this.#tarSplit.raw(chunk, start, end);
			return;
		}
		if (this.#chunk !== chunk || this.#aligned === undefined) {
			this.#chunk = chunk;
			this.#aligned = wordsOf(chunk);
		}
		this.#crc.update(this.#aligned.bytes, this.#aligned.words, start, end);
	}

	entryEnd(): void {
		const entry = this.#entry!;
		this.#writer.end();
		// A name must not occur twice in tar-split, or Podman refuses it whole; without content nothing is lost.
		const named = !this.#placed.duplicate && (entry.storedBytes === 0 || this.#inTarSplit());
		if (named && entry.sparse === undefined) {
			const content =
				entry.storedBytes === 0 ? undefined : { sizeBytes: entry.storedBytes, crc: this.#crc.digest() };
			this.#tarSplit.file(entry.name, content);
		}
		this.#entry = undefined;
	}

	/** Lets the last chunk go: its memory is used no more. */
	release(): void {
		this.#chunk = undefined;
		this.#aligned = undefined;
		this.#tarSplit.release();
	}

	/** True where the content can be had from the file again. */
	#inTarSplit(): boolean {
		return this.#placed.stored && this.#entry!.sparse === undefined;
	}

	#count(entry: TarEntry): void {
		const { maxEntries, maxUnpackedBytes } = this.#limits;
		if (++this.#entries > maxEntries)
			throw new ResourceExhaustedError(`it has more entries than the limit of ${maxEntries}`);
		this.#logicalBytes += entry.sizeBytes;
		if (this.#logicalBytes > maxUnpackedBytes)
			throw new ResourceExhaustedError(`with it the layer is over the limit of ${maxUnpackedBytes} bytes`);
		if (baseOf(trimmed(entry.name)).startsWith('.wh.')) return;
		this.uids.add(entry.uid);
		this.gids.add(entry.gid);
	}
}

function trimmed(name: ByteString): ByteString {
	return name.endsWith('/') ? name.replace(/\/+$/, '') : name;
}
