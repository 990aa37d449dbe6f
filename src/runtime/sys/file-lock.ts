/**
 * A record lock on a path that excludes other programs (Podman, CRI-O) and other users of it in this one. Waiting never
 * blocks the event loop. Source: fcntl(2), open file description locks; c/storage locks whole files with F_SETLKW.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs';
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
				const descriptor = openLockFile(file, mode, readOnlyStore);
				try {
					if (descriptor !== undefined) await waitForOthers(sys, descriptor, mode, signal);
				} catch (error) {
					if (descriptor !== undefined) closeSync(descriptor);
					throw error;
				}
				let held = true;
				return {
					descriptor,
					async [Symbol.asyncDispose]() {
						if (!held) return;
						held = false;
						// Closing gives the lock back: it belongs to the open file, and nobody else has that.
						if (descriptor !== undefined) closeSync(descriptor);
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

/**
 * At once, as in c/storage: opening a small file that is nearly always there costs less than a turn through another thread.
 * @returns undefined where there is none and none may be made
 */
function openLockFile(file: string, mode: Mode, readOnlyStore: boolean): number | undefined {
	if (readOnlyStore) return openUnless('ENOENT', file, 'r');
	// 'a+' would move every write to the end, and 'w+' would empty the file: the change token lies in it.
	const openOrCreate = (): number | undefined => {
		try {
			// Somebody else may make it in between.
			return openUnless('ENOENT', file, 'r+') ?? openUnless('EEXIST', file, 'wx+') ?? openSync(file, 'r+');
		} catch (error) {
			if (errnoCode(error) === 'EROFS' && mode === 'shared') return openSync(file, 'r');
			throw error;
		}
	};
	try {
		return openOrCreate();
	} catch (error) {
		if (errnoCode(error) !== 'ENOENT') throw error;
		mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
		return openOrCreate();
	}
}

/** @returns undefined where it fails with that error */
function openUnless(code: string, file: string, flags: string): number | undefined {
	try {
		return openSync(file, flags, 0o644);
	} catch (error) {
		if (errnoCode(error) === code) return undefined;
		throw error;
	}
}
