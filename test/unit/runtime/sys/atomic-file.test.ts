import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeFileAtomically, writeNewFile } from '../../../../src/runtime/sys/atomic-file.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

describe.each([true, false])('writeFileAtomically, durable: %s', (durable) => {
	test('replaces a file and leaves nothing beside it', async () => {
		const dir = tempDir();
		writeFileSync(path.join(dir, 'records'), 'old and longer');
		await writeFileAtomically(path.join(dir, 'records'), 'new', { mode: 0o600, durable });
		expect(readFileSync(path.join(dir, 'records'), 'utf8')).toBe('new');
		expect(statSync(path.join(dir, 'records')).mode & 0o777).toBe(0o600);
		expect(readdirSync(dir)).toEqual(['records']);
	});

	test('keeps what is there and cleans up when it cannot replace it', async () => {
		const dir = tempDir();
		mkdirSync(path.join(dir, 'records/full'), { recursive: true });
		await expect(
			writeFileAtomically(path.join(dir, 'records'), 'new', { mode: 0o600, durable }),
		).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
		expect(readdirSync(dir)).toEqual(['records']);
	});
});

test.each([true, false])(
	'files that change places leave nothing beside, whether the filesystem can: %s',
	async (can) => {
		const dir = tempDir();
		const file = path.join(dir, 'records');
		const asked: string[] = [];
		const exchange = (one: string, other: string) => {
			asked.push(path.basename(other));
			if (!can || !existsSync(other)) return false;
			renameSync(other, `${one}.aside`);
			renameSync(one, other);
			renameSync(`${one}.aside`, one);
			return true;
		};
		for (const text of ['first', 'second', 'third']) {
			await writeFileAtomically(file, text, { mode: 0o600, durable: false, exchange });
			expect(readFileSync(file, 'utf8')).toBe(text);
			expect(readdirSync(dir)).toEqual(['records']);
		}
		expect(asked).toEqual(['records', 'records', 'records']);
		await writeFileAtomically(file, 'kept', { mode: 0o600, durable: true, exchange });
		expect(asked).toHaveLength(3);
	},
);

test('writeNewFile refuses a file that is there, and gives the mode whatever the umask', async () => {
	const file = path.join(tempDir(), 'new');
	await writeNewFile(file, 'text', { mode: 0o666, durable: false });
	expect(statSync(file).mode & 0o777).toBe(0o666);
	await expect(writeNewFile(file, 'text', { mode: 0o666, durable: false })).rejects.toThrow(/EEXIST/);
});
