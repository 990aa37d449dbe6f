/** Where the stored bytes of a sparse file belong. Source: GNU tar manual, "Storing Sparse Files". */
import type { ByteString } from './byte-string.ts';
import { decimalField, numericField } from './numbers.ts';
import { TarFormatError } from './tar-error.ts';

/** A piece of a sparse file that is there; all else is holes. */
export type SparsePiece = { readonly offset: number; readonly lengthBytes: number };

/**
 * Appends the pieces of a block of GNU's old format: 4 in the header at 386, 21 in a block that follows it.
 * @returns true where another block follows
 */
export function readOldSparseBlock(
	block: Buffer,
	offset: number,
	kind: 'header' | 'extension',
	pieces: SparsePiece[],
): boolean {
	const start = offset + (kind === 'header' ? 386 : 0);
	const count = kind === 'header' ? 4 : 21;
	for (let index = 0; index < count; index++) {
		const at = start + index * 24;
		if (block[at] === 0) break;
		pieces.push({ offset: numericField(block, at, 12), lengthBytes: numericField(block, at + 12, 12) });
	}
	return block[start + count * 24] !== 0;
}

/** Size of the whole file, by the header of GNU's old format. */
export function oldSparseSize(block: Buffer, offset: number): number {
	return numericField(block, offset + 483, 12);
}

/** The map of format 0.1, in the extended header. */
export function paxSparsePieces(records: ReadonlyMap<string, ByteString>): SparsePiece[] {
	const map = records.get('GNU.sparse.map') ?? '';
	const numbers = map === '' ? [] : map.split(',').map((text) => decimalField(text, 'GNU.sparse.map'));
	const count = decimalField(records.get('GNU.sparse.numblocks') ?? '0', 'GNU.sparse.numblocks');
	if (numbers.length !== count * 2) throw new TarFormatError('its sparse map is not of the length it says');
	return paired(numbers);
}

/** Reads the map of format 1.0, which stands before the content: numbers, one a line, padded to whole blocks. */
export class SparseMapText {
	#pending = '';
	readonly #numbers: number[] = [];

	/** @returns the pieces once the last line was in this block, else undefined */
	push(block: Buffer, offset: number): SparsePiece[] | undefined {
		const text = this.#pending + block.toString('latin1', offset, offset + 512);
		const lines = text.split('\n');
		this.#pending = lines.pop() ?? '';
		for (const line of lines) {
			if (this.#numbers.length > 0 && this.#numbers.length > this.#numbers[0]! * 2) break;
			this.#numbers.push(decimalField(line, 'sparse map'));
			if (this.#numbers[0]! < 0) throw new TarFormatError('its sparse map has a negative length');
		}
		if (this.#numbers.length === 0 || this.#numbers.length <= this.#numbers[0]! * 2) return undefined;
		return paired(this.#numbers.slice(1));
	}
}

/**
 * @throws TarFormatError where pieces overlap, are out of order or beyond the end, or are not as many bytes as are stored
 */
export function checkSparsePieces(
	pieces: readonly SparsePiece[],
	file: { readonly sizeBytes: number; readonly storedBytes: number },
): void {
	let end = 0;
	let sum = 0;
	for (const { offset, lengthBytes } of pieces) {
		if (lengthBytes < 0 || offset < end || offset + lengthBytes > file.sizeBytes)
			throw new TarFormatError('its sparse map has pieces that overlap or lie outside the file');
		end = offset + lengthBytes;
		sum += lengthBytes;
	}
	if (sum !== file.storedBytes)
		throw new TarFormatError('its sparse map does not fit the bytes that are stored');
}

function paired(numbers: readonly number[]): SparsePiece[] {
	const pieces: SparsePiece[] = [];
	for (let index = 0; index + 1 < numbers.length; index += 2)
		pieces.push({ offset: numbers[index]!, lengthBytes: numbers[index + 1]! });
	return pieces;
}
