/**
 * A record lock on a path that excludes other programs (Podman, CRI-O) and other users of it in this one. Waiting never
 * blocks the event loop. Source: fcntl(2), open file description locks; c/storage locks whole files with F_SETLKW.
 */
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoCode } from './errno.ts';
import type { Sys } from './sys.ts';

/** How long to wait before asking again; doubles from the first to the second. */
const firstWaitMs = 1;
const longestWaitMs = 25;

type Mode = 'shared' | 'exclusive';

/** A lock that is held, with the open file it is on. Disposing of it gives it back. */
export type HeldLock = AsyncDisposable & {
	/** Undefined where the file is on a read-only store that never had one: nobody can change that store. */
	readonly descriptor: number | undefined;
};

/** A lock to be taken many times. Requests within this program are served in the order in which they came. */
export type FileLock = {
	readonly path: string;
	/** @throws SyscallError, the errors of open(2), and the signal's reason */
	acquire(mode: Mode, options?: { readonly signal?: AbortSignal | undefined }): Promise<HeldLock>;
};

type Waiter = { readonly mode: Mode; readonly start: () => void };

/**
 * @param readOnlyStore the file is neither made nor opened for writing; only `shared` can be asked for.
 */
export function createFileLock(sys: Sys, file: string, { readOnlyStore = false } = {}): FileLock {
	const queue: Waiter[] = [];
	const holders = { shared: 0, exclusive: 0 };

	const admits = (mode: Mode): boolean =>
		holders.exclusive === 0 && (mode === 'shared' || holders.shared === 0);
	const serve = (): void => {
		for (let next = queue[0]; next !== undefined && admits(next.mode); next = queue[0]) {
			queue.shift();
			holders[next.mode] += 1;
			next.start();
		}
	};
	const leave = (mode: Mode): void => {
		holders[mode] -= 1;
		serve();
	};
	const turn = (mode: Mode, signal: AbortSignal | undefined): Promise<void> =>
		new Promise((resolve, reject) => {
			signal?.throwIfAborted();
			const abort = (): void => {
				const place = queue.indexOf(waiter);
				if (place >= 0) queue.splice(place, 1);
				reject(signal?.reason);
				serve();
			};
			const waiter: Waiter = {
				mode,
				start() {
					signal?.removeEventListener('abort', abort);
					resolve();
				},
			};
			signal?.addEventListener('abort', abort, { once: true });
			queue.push(waiter);
			serve();
		});

	return {
		path: file,
		async acquire(mode, { signal } = {}) {
			await turn(mode, signal);
			try {
				const handle = await openLockFile(file, mode, readOnlyStore);
				try {
					if (handle !== undefined) await waitForOthers(sys, handle.fd, mode, signal);
				} catch (error) {
					await handle?.close();
					throw error;
				}
				let held = true;
				return {
					descriptor: handle?.fd,
					async [Symbol.asyncDispose]() {
						if (!held) return;
						held = false;
						// Closing gives the lock back: it belongs to the open file, and nobody else has that.
						await handle?.close();
						leave(mode);
					},
				};
			} catch (error) {
				leave(mode);
				throw error;
			}
		},
	};
}

async function waitForOthers(
	sys: Sys,
	descriptor: number,
	mode: Mode,
	signal: AbortSignal | undefined,
): Promise<void> {
	for (
		let waitMs = firstWaitMs;
		!sys.lockFile(descriptor, mode);
		waitMs = Math.min(waitMs * 2, longestWaitMs)
	) {
		await delay(waitMs, undefined, { signal });
	}
}

async function openLockFile(file: string, mode: Mode, readOnlyStore: boolean) {
	if (readOnlyStore) {
		return open(file, 'r').catch((error: unknown) => {
			if (errnoCode(error) === 'ENOENT') return undefined;
			throw error;
		});
	}
	// 'a+' would move every write to the end, and 'w+' would empty the file: the change token lies in it.
	const openOrCreate = () =>
		open(file, 'r+').catch((error: unknown) => {
			if (errnoCode(error) === 'ENOENT') return open(file, 'wx+', 0o644).catch(reopenIfThere);
			if (errnoCode(error) === 'EROFS' && mode === 'shared') return open(file, 'r');
			throw error;
		});
	// Somebody else made it in between.
	const reopenIfThere = (error: unknown) => {
		if (errnoCode(error) === 'EEXIST') return open(file, 'r+');
		throw error;
	};
	return openOrCreate().catch(async (error: unknown) => {
		if (errnoCode(error) !== 'ENOENT') throw error;
		await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
		return openOrCreate();
	});
}
