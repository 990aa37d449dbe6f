import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFileLock, type HeldLock } from '../../../../src/runtime/sys/file-lock.ts';
import { foreignLock, recordingSys } from '../../../fakes/sys.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

describe('createFileLock', () => {
	test('makes the file and its folder, and asks for the whole file', async () => {
		const file = path.join(tempDir(), 'deep/er/x.lock');
		const sys = recordingSys();
		await using held = await createFileLock(sys, file).acquire('exclusive');
		expect(existsSync(file)).toBe(true);
		expect(sys.calls).toEqual([{ name: 'lockFile', args: [held.descriptor, 'exclusive'] }]);
	});

	test('leaves the bytes of the file alone', async () => {
		const file = path.join(tempDir(), 'x.lock');
		writeFileSync(file, 'token');
		await using _ = await createFileLock(recordingSys(), file).acquire('exclusive');
		expect(readFileSync(file, 'utf8')).toBe('token');
	});

	test('serves readers together and writers alone, in the order in which they came', async () => {
		const lock = createFileLock(recordingSys(), path.join(tempDir(), 'x.lock'));
		const events: string[] = [];
		const use = async (name: string, mode: 'shared' | 'exclusive', until: Promise<void>) => {
			await using _ = await lock.acquire(mode);
			events.push(`+${name}`);
			await until;
			events.push(`-${name}`);
		};
		const gate = Promise.withResolvers<void>();
		const open = Promise.resolve();
		const all = [
			use('reader1', 'shared', gate.promise),
			use('reader2', 'shared', gate.promise),
			use('writer', 'exclusive', open),
			use('reader3', 'shared', open),
		];
		await expect.poll(() => events).toEqual(expect.arrayContaining(['+reader1', '+reader2']));
		expect(events).toHaveLength(2);
		gate.resolve();
		await Promise.all(all);
		expect(events.slice(4)).toEqual(['+writer', '-writer', '+reader3', '-reader3']);
	});

	test('waits for another program without holding the event loop', async () => {
		const foreign = foreignLock();
		const sys = recordingSys({ lockFile: foreign.lockFile });
		const lock = createFileLock(sys, path.join(tempDir(), 'x.lock'));
		const acquired = lock.acquire('exclusive');
		await expect.poll(() => sys.calls.length).toBeGreaterThan(2);
		foreign.release();
		await using held = await acquired;
		expect(held.descriptor).toBeTypeOf('number');
	});

	test('gives up when the signal says so, in the queue and at the file, and lets the next one in', async () => {
		const foreign = foreignLock();
		const lock = createFileLock(recordingSys({ lockFile: foreign.lockFile }), path.join(tempDir(), 'x.lock'));
		const atFile = new AbortController();
		const inQueue = new AbortController();
		const first = lock.acquire('exclusive', { signal: atFile.signal });
		const second = lock.acquire('exclusive', { signal: inQueue.signal });
		const third = lock.acquire('shared');
		inQueue.abort();
		await expect(second).rejects.toThrow(/abort/i);
		atFile.abort();
		await expect(first).rejects.toThrow(/abort/i);
		foreign.release();
		await using _ = await third;
	});

	test('opens the lock of a read-only store for reading, and does without a missing one', async () => {
		const dir = tempDir();
		const lock = createFileLock(recordingSys(), path.join(dir, 'none/x.lock'), { readOnlyStore: true });
		await using held: HeldLock = await lock.acquire('shared');
		expect(held.descriptor).toBeUndefined();
		expect(existsSync(path.join(dir, 'none'))).toBe(false);
		mkdirSync(path.join(dir, 'none'));
	});

	test('gives the lock back once, however often it is disposed of', async () => {
		const lock = createFileLock(recordingSys(), path.join(tempDir(), 'x.lock'));
		const held = await lock.acquire('exclusive');
		await held[Symbol.asyncDispose]();
		await using _ = await lock.acquire('exclusive');
		await held[Symbol.asyncDispose]();
		const other = lock.acquire('exclusive');
		const winner = await Promise.race([other.then(() => 'taken'), Promise.resolve('waiting')]);
		expect(winner).toBe('waiting');
		void other.then((late) => late[Symbol.asyncDispose]());
	});
});
