import * as fs from 'node:fs/promises';
import path from 'node:path';
import { attemptOf, identityOf, type LogFile, listLogFiles } from './log-files.ts';
import type { LogEvent } from './log-history.ts';
import { createOpenFiles, type OpenFiles } from './open-files.ts';
import { createSegment, describeFileProblem, headBytes, kindOf, type Segment } from './segment.ts';
import { reconcileSegments } from './segment-table.ts';
import { openSharedFile, releaseFile } from './shared-file.ts';

/** The files of one log, kept up to date. Refreshes run one after the other. */
export type SegmentStore = AsyncDisposable & {
	/** Oldest first. */
	readonly segments: () => readonly Segment[];
	readonly files: OpenFiles;
	/** Why there is no log file now; undefined while there is one. */
	readonly missing: () => string | undefined;
	/**
	 * Looks at the file being written; at the whole folder too when that file is another one now, or on
	 * `full`. Whoever asks, all subscribers hear what changed.
	 */
	refresh(options?: { readonly full?: boolean | undefined }): Promise<void>;
	/** Hears every change, after the segments show it. */
	subscribe(listener: (event: LogEvent) => void): Disposable;
	/** The last segment with something in it: a line without an end may still get one there. */
	readonly liveFrom: () => number;
};

/** Opens the store; a log file that does not exist (yet) is no error. */
export async function openSegmentStore(options: {
	readonly logPath: string;
	readonly includeEarlierAttempts: boolean;
	readonly spoolFolder: string | undefined;
}): Promise<SegmentStore> {
	const { logPath } = options;
	const ownAttempt = attemptOf(path.basename(logPath));
	const lowestAttempt = options.includeEarlierAttempts ? undefined : ownAttempt;
	let highestAttempt = options.includeEarlierAttempts ? undefined : ownAttempt;
	let segments: readonly Segment[] = [];
	let highestId = -1;
	let currentPath = logPath;
	let missing: string | undefined;
	let absent: 'vanished' | 'rotated' | undefined;
	const listeners = new Set<(event: LogEvent) => void>();
	let disposed = false;
	let queue: Promise<unknown> = Promise.resolve();
	const files = createOpenFiles(options.spoolFolder, () => refresh({ full: true }));

	const current = () => segments.findLast((segment) => segment.file.rotation === '' && isNewest(segment));
	const isNewest = (segment: Segment) => !segment.orphaned && segment.file.path === currentPath;

	/** Takes the segment's file in hand, and its head, while its name still leads there. */
	async function hold(segment: Segment): Promise<void> {
		if (segment.held !== undefined) return;
		try {
			const file = await openSharedFile(segment.file.path);
			if (file.identity !== segment.file.identity) return await releaseFile(file);
			segment.held = file;
			segment.sizeBytes = file.sizeBytes;
			segment.head = await file.source.read(0, headBytes);
			segment.problem = undefined;
		} catch (error) {
			segment.problem = describeFileProblem(segment.file.path, error);
		}
	}

	async function letGo(segment: Segment): Promise<void> {
		const { held } = segment;
		segment.held = undefined;
		if (held !== undefined) await releaseFile(held);
	}

	/** Growth and truncation of what is held. */
	async function refreshHeld(events: LogEvent[]): Promise<boolean> {
		let truncated = false;
		for (const segment of segments) {
			if (segment.held === undefined) continue;
			const { size } = await segment.held.handle.stat();
			const head = size === segment.sizeBytes ? segment.head : await segment.held.source.read(0, headBytes);
			const kept = Math.min(segment.head.length, head.length);
			if (size < segment.sizeBytes || !segment.head.subarray(0, kept).equals(head.subarray(0, kept))) {
				await restart(segment, head, size);
				events.push({ kind: 'truncated' });
				truncated = true;
			} else if (size > segment.sizeBytes) {
				segment.sizeBytes = size;
				segment.head = head;
				events.push({ kind: 'appended' });
			}
		}
		return truncated;
	}

	/** The file began anew under its name: what it held is another segment, which a copy may still have. */
	async function restart(segment: Segment, head: Buffer, size: number): Promise<void> {
		highestId += 1;
		const next = createSegment(highestId, segment.file, segment.kind);
		next.held = segment.held;
		next.head = head;
		next.sizeBytes = size;
		segment.held = undefined;
		const copy = await findCopy(segment);
		segments = segments.filter((each) => each !== segment);
		if (copy !== undefined) {
			segment.file = copy;
			segment.sizeBytes = copy.sizeBytes;
			segment.kind = kindOf(copy, copy.attempt);
			segments = [...segments, segment];
		} else {
			await files.forget(segment);
		}
		segments = [...segments, next].sort((a, b) => a.id - b.id);
	}

	const list = () => listLogFiles(logPath, { lowestAttempt, highestAttempt });

	/** The newest plain rotated file, when it begins as the segment did (copytruncate). */
	async function findCopy(segment: Segment): Promise<LogFile | undefined> {
		const known = new Set(segments.filter((each) => each !== segment).map((each) => each.file.identity));
		const copies = (await list()).filter((file) => !known.has(file.identity));
		return await newestCopy(copies, segment);
	}

	async function refreshFolder(events: LogEvent[]): Promise<void> {
		const before = current();
		const listed = await list();
		const knownFiles = new Set(segments.map((segment) => segment.file.identity));
		const fresh = listed.filter((file) => !knownFiles.has(file.identity));
		// A copy in the making, of a file not truncated yet, would show every line twice.
		const still =
			before && listed.some((file) => file.identity === before.file.identity && file.rotation === '');
		const copy = still ? await newestCopy(fresh, before) : undefined;
		const latest = listed.filter((file) => file.rotation === '').at(-1);
		currentPath = latest?.path ?? logPath;
		const result = reconcileSegments(
			segments,
			listed.filter((file) => file !== copy),
			highestId,
		);
		let orphan: Segment | undefined;
		for (const segment of result.gone) {
			// An open file outlives its name: keep the one being written.
			if (segment === before && segment.held !== undefined) {
				segment.orphaned = true;
				segment.problem = `log file "${segment.file.path}" was deleted; its lines stay readable until the log is closed`;
				orphan = segment;
			} else {
				await letGo(segment);
				await files.forget(segment);
			}
		}
		segments = [...result.segments, ...(orphan ? [orphan] : [])].sort((a, b) => a.id - b.id);
		highestId = segments.reduce((highest, segment) => Math.max(highest, segment.id), highestId);
		const after = current();
		if (after !== undefined) await hold(after);
		missing = after === undefined ? describeFileProblem(currentPath, { code: 'ENOENT' }) : undefined;
		reportChange(
			before,
			after,
			orphan !== undefined || (before !== undefined && result.gone.includes(before)),
			events,
		);
		// A rotated file is written to until its writer has opened the new one and used it.
		const newer = segments.findLast((segment) => segment.sizeBytes > 0);
		for (const segment of segments) {
			if (segment.orphaned || segment === after || newer === undefined || segment.id >= newer.id) continue;
			await letGo(segment);
		}
	}

	function reportChange(
		before: Segment | undefined,
		after: Segment | undefined,
		deleted: boolean,
		events: LogEvent[],
	): void {
		if (before === after) return;
		if (before !== undefined) {
			absent = deleted ? 'vanished' : 'rotated';
			if (deleted) events.push({ kind: 'vanished' });
		}
		if (after === undefined) return;
		const attempt = after.file.attempt;
		const rotated = absent === 'rotated' || (absent !== undefined && attempt !== lastAttempt);
		if (rotated) events.push({ kind: 'rotated', attempt: attempt === lastAttempt ? undefined : attempt });
		else events.push({ kind: 'returned' });
		if (after.sizeBytes > 0) events.push({ kind: 'appended' });
		lastAttempt = attempt;
		absent = undefined;
	}
	let lastAttempt = ownAttempt;

	async function refreshNow(full: boolean): Promise<void> {
		if (disposed) return;
		const events: LogEvent[] = [];
		// What was written before a rotation belongs to the old file: look there first.
		await refreshHeld(events);
		if (full || !(await isCurrentInPlace())) await refreshFolder(events);
		for (const event of events) for (const listener of listeners) listener(event);
	}

	async function isCurrentInPlace(): Promise<boolean> {
		const segment = current();
		try {
			const stat = await fs.stat(currentPath, { bigint: true });
			return segment?.held !== undefined && identityOf(stat) === segment.file.identity;
		} catch {
			return segment === undefined;
		}
	}

	function refresh(how: { readonly full?: boolean | undefined } = {}): Promise<void> {
		const run = queue.then(() => refreshNow(how.full ?? false));
		queue = run.catch(() => undefined);
		return run;
	}

	const first = await list();
	const newest = first.filter((file) => file.rotation === '').at(-1);
	if (newest?.attempt !== undefined && ownAttempt !== undefined && newest.attempt > ownAttempt) {
		// An old attempt was asked for: what came after it is another history.
		highestAttempt = ownAttempt;
	}
	await refresh({ full: true });

	return {
		segments: () => segments,
		files,
		missing: () => missing,
		refresh,
		subscribe(listener) {
			// A wrapper of its own: the same function may subscribe twice.
			const entry = (event: LogEvent) => listener(event);
			listeners.add(entry);
			return { [Symbol.dispose]: () => void listeners.delete(entry) };
		},
		liveFrom: () => segments.findLast((segment) => segment.sizeBytes > 0)?.id ?? Number.NEGATIVE_INFINITY,
		async [Symbol.asyncDispose]() {
			disposed = true;
			await queue;
			for (const segment of segments) await letGo(segment);
			await files[Symbol.asyncDispose]();
		},
	};
}

/** The newest of some plain files, when it has the same beginning as a segment. */
async function newestCopy(files: readonly LogFile[], segment: Segment): Promise<LogFile | undefined> {
	const file = files.findLast((each) => each.rotation !== '' && !each.compressed);
	if (file === undefined || segment.head.length === 0) return undefined;
	try {
		const opened = await openSharedFile(file.path);
		try {
			const head = await opened.source.read(0, headBytes);
			const same = Math.min(head.length, segment.head.length);
			return same > 0 && head.subarray(0, same).equals(segment.head.subarray(0, same)) ? file : undefined;
		} finally {
			await releaseFile(opened);
		}
	} catch {
		return undefined;
	}
}
