import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { WaitOptions } from '../model.ts';
import type { ByteString } from './byte-string.ts';

/** What one line of a tar-split file says. */
export type TarSplitLine =
	| { readonly kind: 'segment'; readonly payload: Buffer }
	| { readonly kind: 'file'; readonly name: ByteString; readonly sizeBytes: number; readonly crc: Buffer };

/** Longer lines are no segments anybody wrote: Podman's are of a mebibyte before base64. */
const maxLineBytes = 64 << 20;

/**
 * Reads a tar-split file line by line.
 * @throws Error where it is cut off or damaged, a sentence part; a system call's error
 */
export async function* tarSplitLines(path: string, options: WaitOptions): AsyncGenerator<TarSplitLine> {
	const source = createReadStream(path);
	const inflated = createGunzip({ chunkSize: 128 * 1024 });
	source.on('error', (error) => inflated.destroy(error));
	if (options.signal !== undefined) addAbortSignal(options.signal, inflated);
	source.pipe(inflated);
	try {
		yield* linesOf(inflated);
	} finally {
		source.destroy();
		inflated.destroy();
	}
}

async function* linesOf(inflated: AsyncIterable<Buffer>): AsyncGenerator<TarSplitLine> {
	let pending: Buffer[] = [];
	let pendingBytes = 0;
	for await (const chunk of inflated) {
		let start = 0;
		for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
			const rest = chunk.subarray(start, end);
			const line = pending.length === 0 ? rest : Buffer.concat([...pending, rest]);
			pending = [];
			pendingBytes = 0;
			start = end + 1;
			if (line.length > 0) yield parsed(line);
		}
		if (start === chunk.length) continue;
		pending.push(chunk.subarray(start));
		pendingBytes += chunk.length - start;
		if (pendingBytes > maxLineBytes) throw new Error(`it has a line of more than ${maxLineBytes} bytes`);
	}
	if (pendingBytes > 0) yield parsed(Buffer.concat(pending));
}

function parsed(line: Buffer): TarSplitLine {
	let json: Record<string, unknown>;
	try {
		json = JSON.parse(line.toString('utf8'));
	} catch {
		throw new Error('it has a line that is not JSON');
	}
	const { type, payload, size = 0, name = '', name_raw: rawName } = json;
	const bytes = typeof payload === 'string' ? Buffer.from(payload, 'base64') : Buffer.alloc(0);
	if (type === 2) return { kind: 'segment', payload: bytes };
	if (type !== 1 || typeof size !== 'number' || typeof name !== 'string')
		throw new Error('it has a line of an unknown type');
	const nameBytes = typeof rawName === 'string' ? Buffer.from(rawName, 'base64') : Buffer.from(name, 'utf8');
	return { kind: 'file', name: nameBytes.toString('latin1'), sizeBytes: size, crc: bytes };
}
