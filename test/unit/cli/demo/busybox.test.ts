import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isStaticElf, readBusybox } from '../../../../src/cli/demo/busybox.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

/** A 64-bit little-endian program header table with these types. */
function elf(...types: readonly number[]): Buffer {
	const bytes = Buffer.alloc(64 + types.length * 56);
	bytes.write('\x7fELF\x02\x01\x01', 'latin1');
	bytes.writeBigUInt64LE(64n, 32);
	bytes.writeUInt16LE(56, 54);
	bytes.writeUInt16LE(types.length, 56);
	types.forEach((type, index) => {
		bytes.writeUInt32LE(type, 64 + index * 56);
	});
	return bytes;
}

const [load, interpreter] = [1, 3];
const { signal } = new AbortController();

test('a program with an interpreter is not static, and a script or a cut file is neither', () => {
	expect(isStaticElf(elf(load, load))).toBe(true);
	expect(isStaticElf(elf(load, interpreter))).toBe(false);
	expect(isStaticElf(elf(load, load).subarray(0, 100))).toBe(false);
	expect(isStaticElf(Buffer.from('#!/bin/sh\n'.padEnd(100, '#')))).toBe(false);
	expect(isStaticElf(Buffer.alloc(0))).toBe(false);
});

test('the first static one is taken, whatever stands before it', async () => {
	const dir = tempDir();
	const at = (name: string) => path.join(dir, name);
	writeFileSync(at('dynamic'), elf(load, interpreter));
	writeFileSync(at('static'), elf(load));
	const found = await readBusybox([at('none'), at('dynamic'), at('static')], { signal });
	expect(found.path).toBe(at('static'));
});

test('without one, the sentence names the package', async () => {
	const dir = tempDir();
	const at = (name: string) => path.join(dir, name);
	writeFileSync(at('dynamic'), elf(load, interpreter));
	await expect(readBusybox([at('none')], { signal })).rejects.toThrow(
		`cannot find busybox at "${at('none')}": the demo needs a static one: install the package busybox-static`,
	);
	await expect(readBusybox([at('none'), at('dynamic')], { signal })).rejects.toThrow(
		`cannot use "${at('dynamic')}", which needs shared libraries: the demo needs a static one: install`,
	);
});
