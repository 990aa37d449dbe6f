import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { syncBatch } from '../../../../src/runtime/storage/sync-batch.ts';
import { recordingSys } from '../../../fakes/sys.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const mebibyte = 2 ** 20;

describe('syncBatch', () => {
	/** What it did about so many files: one call for all, or the names it synced. */
	const sync = async (count: number, contentBytes: number, dirtyBytes: number) => {
		const sys = recordingSys();
		const dir = tempDir();
		const paths = Array.from({ length: count }, (_, index) => path.join(dir, `file-${index}`));
		for (const file of paths) writeFileSync(file, 'x');
		const synced: string[] = [];
		const syncOne = async (file: string) => {
			synced.push(file);
		};
		await syncBatch(sys, { dir, paths, contentBytes, syncOne }, () => dirtyBytes);
		return { calls: sys.calls.map(({ name }) => name), one: synced.length };
	};

	test('writes many small files out at once', async () => {
		expect(await sync(150, 10 * mebibyte, mebibyte)).toEqual({ calls: ['syncfs'], one: 0 });
	});

	test('writes each out where they are few, or much else would have to be written too', async () => {
		expect(await sync(5, mebibyte, 0)).toEqual({ calls: [], one: 5 });
		expect(await sync(150, 300 * mebibyte, 0)).toEqual({ calls: [], one: 150 });
		expect(await sync(150, mebibyte, 300 * mebibyte)).toEqual({ calls: [], one: 150 });
		expect(await sync(150, mebibyte, Number.POSITIVE_INFINITY)).toEqual({ calls: [], one: 150 });
	});

	test('does not hide that a file cannot be written', async () => {
		const dir = tempDir();
		const failing = syncBatch(recordingSys(), {
			dir,
			paths: [path.join(dir, 'nowhere')],
			contentBytes: 0,
		});
		await expect(failing).rejects.toThrow('ENOENT');
	});
});
