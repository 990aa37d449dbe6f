import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { watchExits } from '../../../../src/runtime/oci/exit-watcher.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

function watching() {
	const dir = path.join(tempDir(), 'made', 'exits');
	const watcher = watchExits(dir, { log: () => undefined });
	onTestFinished(() => watcher[Symbol.asyncDispose]());
	/** As conmon does it. */
	const write = (id: string): void => {
		writeFileSync(path.join(dir, `${id}.A1B2C3`), '0');
		renameSync(path.join(dir, `${id}.A1B2C3`), path.join(dir, id));
	};
	return { dir, watcher, write };
}

test('exits of before and after are told once, names of unfinished files never', async () => {
	const { dir, watcher, write } = watching();
	write('before');
	const told: string[] = [];
	watcher.onExit((id) => void told.push(id));
	expect(told).toEqual([]);
	await vi.waitFor(() => expect(told).toEqual(['before']));
	writeFileSync(path.join(dir, 'later.XYZ'), '');
	write('after');
	await vi.waitFor(() => expect(told).toEqual(['before', 'after']));
	const late: string[] = [];
	watcher.onExit((id) => void late.push(id));
	await vi.waitFor(() => expect(late.toSorted()).toEqual(['after', 'before']));
	expect(told).toHaveLength(2);
});

test('an exit that was dealt with may come again under its name', async () => {
	const { dir, watcher, write } = watching();
	const told: string[] = [];
	watcher.onExit((id) => {
		told.push(id);
		rmSync(path.join(dir, id));
	});
	write('c1');
	await vi.waitFor(() => expect(told).toEqual(['c1']));
	await vi.waitFor(() => expect(existsSync(path.join(dir, 'c1'))).toBe(false));
	// Told of its absence by another one.
	write('c2');
	await vi.waitFor(() => expect(told).toEqual(['c1', 'c2']));
	write('c1');
	await vi.waitFor(() => expect(told).toEqual(['c1', 'c2', 'c1']));
});

test('who has left is told nothing, and a folder that is gone breaks nothing', async () => {
	const { dir, watcher, write } = watching();
	const told: string[] = [];
	const others: string[] = [];
	const leave = watcher.onExit((id) => void told.push(id));
	watcher.onExit((id) => void others.push(id));
	leave();
	write('c1');
	await vi.waitFor(() => expect(others).toEqual(['c1']));
	expect(told).toEqual([]);
	rmSync(dir, { recursive: true });
	await watcher[Symbol.asyncDispose]();
});
