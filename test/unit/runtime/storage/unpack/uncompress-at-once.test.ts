import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { uncompressAtOnce } from '../../../../../src/runtime/storage/unpack/decompress.ts';

const content = Buffer.from('a line of a layer\n'.repeat(5000));
const gzip = gzipSync(content);

async function textOf(blob: Buffer): Promise<string | undefined> {
	const found = uncompressAtOnce(blob);
	if (found === undefined) return undefined;
	const chunks: Buffer[] = [];
	for await (const chunk of found.chunks) chunks.push(Buffer.from(chunk));
	return Buffer.concat(chunks).toString();
}

test('gives the content of a gzip blob and of a plain one, also of an empty one', async () => {
	expect(await textOf(gzip)).toBe(content.toString());
	expect(await textOf(content)).toBe(content.toString());
	expect(await textOf(Buffer.alloc(0))).toBe('');
	expect(await textOf(gzipSync(''))).toBe('');
	expect(uncompressAtOnce(gzip)?.compression).toBe('gzip');
	expect(uncompressAtOnce(content)?.compression).toBe('none');
});

test('takes several gzip members for one content, whatever the last of them says of its size', async () => {
	expect(await textOf(Buffer.concat([gzip, gzipSync('and more')]))).toBe(`${content}and more`);
	const lying = Buffer.from(gzip);
	// Its checks find that out, and no memory of that size is taken.
	lying.writeUInt32LE(0xffffffff, lying.length - 4);
	expect(() => uncompressAtOnce(lying)).toThrow('damaged');
});

test('leaves to the stream what is too large and what is compressed in another way', () => {
	expect(uncompressAtOnce(gzipSync(Buffer.alloc(5 * 2 ** 20)))).toBeUndefined();
	expect(uncompressAtOnce(zstdCompressSync(content))).toBeUndefined();
});

test('refuses what is damaged, cut off or goes on after its end', () => {
	expect(() => uncompressAtOnce(gzip.subarray(0, -20))).toThrow('its gzip data ends too early');
	expect(() => uncompressAtOnce(gzip.subarray(0, 4))).toThrow('its gzip data ends too early');
	expect(() => uncompressAtOnce(Buffer.concat([gzip, Buffer.alloc(4)]))).toThrow('goes on after the end');
	// What is not zero is taken for the start of another member.
	expect(() => uncompressAtOnce(Buffer.concat([gzip, Buffer.from('more')]))).toThrow('damaged');
	const damaged = Buffer.from(gzip);
	damaged.fill(0xff, 20, 40);
	expect(() => uncompressAtOnce(damaged)).toThrow('damaged');
});
