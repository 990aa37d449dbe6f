import * as fs from 'node:fs';
import path from 'node:path';
import type { LogEvent } from './log-history.ts';
import type { SegmentStore } from './segment-store.ts';

/** Many writes make one event: at most one look at the files in this time. */
const coalesceMs = 25;
/** A folder that shows no change by itself is listed again every so many polls. */
const pollsPerFolderLook = 5;

/**
 * Reports what happens to the files of a log: by inotify where there is one, and by a slow poll for file
 * systems without, for folders that are removed and made again, and for a watch that is refused (too many).
 * The listener may be called until the result is disposed, never from within this call.
 */
export function followSegments(
	store: SegmentStore,
	options: { readonly logPath: string; readonly pollMs: number; readonly watch: boolean },
	listener: (event: LogEvent) => void,
): Disposable {
	const { logPath, pollMs } = options;
	const watched = new Map<string, { readonly watcher: fs.FSWatcher; readonly inode: number }>();
	let stopped = false;
	let waiting: NodeJS.Timeout | undefined;
	let folderChanged = false;
	let changed = false;
	const subscription = store.subscribe((event) => {
		if (!stopped) listener(event);
	});
	let polls = 0;

	function look(full: boolean): void {
		folderChanged ||= full;
		changed = true;
		if (waiting !== undefined || stopped) return;
		waiting = setTimeout(() => void refresh(), coalesceMs);
	}

	async function refresh(): Promise<void> {
		const full = folderChanged;
		folderChanged = false;
		changed = false;
		try {
			await store.refresh({ full });
		} catch {
			// A file system that fails now is asked again by the poll.
		}
		waiting = undefined;
		// What came in meanwhile may have come after the look.
		if (changed) look(false);
	}

	function watch(folder: string): void {
		let inode: number;
		try {
			inode = fs.statSync(folder).ino;
		} catch {
			unwatch(folder);
			return;
		}
		if (watched.get(folder)?.inode === inode) return;
		unwatch(folder);
		try {
			const watcher = fs.watch(folder, { persistent: false }, (event) => look(event === 'rename'));
			watcher.on('error', () => unwatch(folder));
			watched.set(folder, { watcher, inode });
		} catch {
			// No inotify here, or no watch left: the poll sees it all the same, later.
		}
	}

	function unwatch(folder: string): void {
		watched.get(folder)?.watcher.close();
		watched.delete(folder);
	}

	function watchAll(): void {
		if (!options.watch) return;
		watch(path.dirname(logPath));
		// Behind a link (cri-dockerd) it is the target's folder that sees the writes.
		const folders = new Set([path.dirname(logPath)]);
		for (const segment of store.segments()) {
			if (segment.held === undefined) continue;
			try {
				folders.add(path.dirname(fs.realpathSync(segment.file.path)));
			} catch {
				// Gone just now.
			}
		}
		for (const folder of folders) watch(folder);
		for (const folder of watched.keys()) if (!folders.has(folder)) unwatch(folder);
	}

	watchAll();
	const timer = setInterval(() => {
		polls += 1;
		watchAll();
		look(polls % pollsPerFolderLook === 0);
	}, pollMs);
	// Following a log must not keep a program alive that has nothing else to do.
	timer.unref();

	return {
		[Symbol.dispose]() {
			stopped = true;
			subscription[Symbol.dispose]();
			clearInterval(timer);
			clearTimeout(waiting);
			for (const folder of [...watched.keys()]) unwatch(folder);
		},
	};
}
