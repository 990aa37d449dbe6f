/** Tells of containers that end, from the files that conmon leaves; nothing is asked of the containers. */
import { type FSWatcher, mkdirSync, readdirSync, watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage, isAbort } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import { errnoCode } from '../sys/errno.ts';
import type { ExitWatcher } from './container-process.ts';

/** inotify tells at once; its queue may overflow, and some filesystems tell nothing. */
const pollMs = 10_000;
/** Where there is no inotify watch to be had. */
const fastPollMs = 1000;

/**
 * Watches a folder of exit files, which is made if need be. Every listener is told of every file that is there, old or
 * new, once as long as the file stays. Listeners are called one by one, later, never within `onExit`.
 */
export function watchExits(exitsDir: string, { log }: { readonly log: Log }): ExitWatcher {
	mkdirSync(exitsDir, { recursive: true, mode: 0o700 });
	const told = new Map<(id: string) => void, Set<string>>();
	const closing = new AbortController();

	function scan(): void {
		const ids = exitIds(exitsDir);
		for (const [listener, known] of told) {
			for (const id of known) if (!ids.has(id)) known.delete(id);
			for (const id of ids) {
				if (known.has(id)) continue;
				known.add(id);
				listener(id);
			}
		}
	}

	const watcher = startWatch(exitsDir, scan, log);
	const polling = poll(scan, watcher === undefined ? fastPollMs : pollMs, closing.signal);
	return {
		onExit(listener) {
			told.set(listener, new Set());
			setImmediate(scan);
			return () => void told.delete(listener);
		},
		async [Symbol.asyncDispose]() {
			told.clear();
			watcher?.close();
			closing.abort();
			await polling;
		},
	};
}

/** Conmon writes `<id>.XXXXXX` and renames it; ids have no dot. */
function exitIds(exitsDir: string): ReadonlySet<string> {
	try {
		return new Set(readdirSync(exitsDir).filter((name) => !name.includes('.')));
	} catch (error) {
		if (errnoCode(error) === 'ENOENT') return new Set();
		throw error;
	}
}

function startWatch(exitsDir: string, scan: () => void, log: Log): FSWatcher | undefined {
	const failed = (error: unknown): void =>
		log('warn', 'cannot watch the exit files, they are looked at now and then', {
			folder: exitsDir,
			error: errorMessage(error),
		});
	try {
		const watcher = watch(exitsDir, { persistent: false }, scan);
		watcher.on('error', failed);
		return watcher;
	} catch (error) {
		failed(error);
		return undefined;
	}
}

async function poll(scan: () => void, everyMs: number, signal: AbortSignal): Promise<void> {
	try {
		for (;;) {
			await delay(everyMs, undefined, { signal, ref: false });
			scan();
		}
	} catch (error) {
		if (!isAbort(error)) throw error;
	}
}
