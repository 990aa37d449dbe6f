import { closeSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { UnavailableError } from '../../../../src/cri/errors.ts';
import {
	createGrowingFile,
	growingFileReader,
	wholeFile,
} from '../../../../src/runtime/storage/growing-file.ts';
import type { GrowingFile } from '../../../../src/runtime/storage/unpacker.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

function reader(file: GrowingFile) {
	const descriptor = openSync(file.path, 'r');
	onTestFinished(() => closeSync(descriptor));
	return growingFileReader(file, descriptor);
}

async function readAll(file: GrowingFile, bufferBytes = 3): Promise<string> {
	const from = reader(file);
	const buffer = Buffer.alloc(bufferBytes);
	let text = '';
	for (let count = await from.read(buffer); count > 0; count = await from.read(buffer))
		text += buffer.toString('latin1', 0, count);
	return text;
}

test('a reader sees all that is written, before and after it began', async () => {
	await using writer = await createGrowingFile(path.join(tempDir(), 'blob'));
	await writer.write(Buffer.from('before '));
	const read = readAll(writer.file);
	await writer.write(Buffer.from('after'));
	await writer.write(Buffer.alloc(0));
	expect(writer.sizeBytes).toBe(12);
	await writer.finish();
	expect(await read).toBe('before after');
	expect(await readAll(writer.file)).toBe('before after');
});

test('a waiting reader hears of a failure, after what was there', async () => {
	await using writer = await createGrowingFile(path.join(tempDir(), 'blob'));
	await writer.write(Buffer.from('ab'));
	const from = reader(writer.file);
	expect(await from.read(Buffer.alloc(9))).toBe(2);
	const waiting = from.read(Buffer.alloc(9));
	writer.fail();
	await expect(waiting).rejects.toThrow(UnavailableError);
});

test('a writer that is dropped fails its readers; one that finished does not', async () => {
	const dir = tempDir();
	const dropped = await createGrowingFile(path.join(dir, 'dropped'));
	const waiting = expect(readAll(dropped.file)).rejects.toThrow('did not arrive whole');
	await dropped[Symbol.asyncDispose]();
	await waiting;
	const whole = await createGrowingFile(path.join(dir, 'whole'));
	await whole.finish();
	whole.fail();
	await whole[Symbol.asyncDispose]();
	expect(await readAll(whole.file)).toBe('');
});

test('a waiting reader obeys its signal', async () => {
	await using writer = await createGrowingFile(path.join(tempDir(), 'blob'));
	const abort = new AbortController();
	const waiting = reader(writer.file).read(Buffer.alloc(1), { signal: abort.signal });
	abort.abort(new Error('enough'));
	await expect(waiting).rejects.toThrow('enough');
});

test('does not write into a file that is there', async () => {
	const file = path.join(tempDir(), 'blob');
	writeFileSync(file, 'old');
	await expect(createGrowingFile(file)).rejects.toThrow('EEXIST');
	expect(await readAll(await wholeFile(file))).toBe('old');
	await expect(wholeFile(path.dirname(file))).rejects.toThrow('not a regular file');
});
