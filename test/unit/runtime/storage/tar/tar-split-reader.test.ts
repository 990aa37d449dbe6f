import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Crc64, wordsOf } from '../../../../../src/runtime/storage/tar/crc64.ts';
import { openTarSplit } from '../../../../../src/runtime/storage/tar/tar-split-reader.ts';
import { tempDir } from '../../../../helpers/temp-dir.ts';

/** A header block of which only the size matters. */
function header(sizeBytes: number): Buffer {
	const block = Buffer.alloc(512);
	block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
	return block;
}

function padded(text: string): Buffer {
	return Buffer.concat([Buffer.from(text), Buffer.alloc(512 - text.length)]);
}

/** A layer of one file, as some program has recorded it. */
function layer(segment: Buffer, content: string) {
	const dir = tempDir();
	mkdirSync(join(dir, 'diff'));
	writeFileSync(join(dir, 'diff/f'), content);
	const { bytes, words } = wordsOf(Buffer.from(content));
	const crc = new Crc64();
	crc.update(bytes, words, 0, bytes.length);
	const lines = [
		{ type: 2, payload: segment.toString('base64'), position: 0 },
		{ type: 1, name: 'f', size: bytes.length, payload: crc.digest().toString('base64'), position: 1 },
	];
	const file = join(dir, 'tar-split.gz');
	writeFileSync(file, gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
	return openTarSplit(file, join(dir, 'diff'));
}

const records = '22 GNU.sparse.major=1\n26 GNU.sparse.realsize=40\n';

test('names a sparse file whose holes Podman has not recorded', async () => {
	const read = layer(Buffer.concat([padded(records), header(512)]), 'x'.repeat(40)).toArray();
	await expect(read).rejects.toMatchObject({
		code: 'failedPrecondition',
		message: expect.stringMatching(/layer file "f": the program that unpacked it .* where its holes are/),
	});
});

test('takes a file after a sparse one for what it is', async () => {
	for (const before of [
		Buffer.concat([padded(records), header(512), padded('map and pieces'), header(40)]),
		Buffer.concat([padded(records), header(512), padded('map'), padded('11 size=40\n'), header(0)]),
	]) {
		const read = await layer(before, 'x'.repeat(40)).toArray();
		expect(Buffer.concat(read)).toEqual(Buffer.concat([before, Buffer.from('x'.repeat(40))]));
	}
});
