import { isAbort } from '../../cri/errors.ts';
import type { LogHistory } from '../../node/logs/log-history.ts';
import type { LogPosition } from '../../node/logs/log-line.ts';
import { logGeometry } from '../store/slices/logs/geometry.ts';
import type { LogBusy, LogEntry, LogQuery, LogsState } from '../store/slices/logs/logs-state.ts';
import { wantedMargin } from '../store/slices/logs/window.ts';
import type { EffectHost } from './effect-host.ts';
import { createLogReader, type LogReader, type PageOptions } from './log-reader.ts';

/** Least time between two looks at what was written: ten a second is more than an eye follows. */
const growthMs = 100;
/** Lines appended one after the other at most; more than that scrolls by unseen, and the end is read instead. */
const appendedAtOnce = 400;
/** Lines counted at one look while the view is released, and in all. */
const countedAtOnce = 6_000;
const countedMax = 100_000;
/** Work that takes longer than this shows itself. */
const busyAfterMs = 150;
/** Content in the window, beyond the screen, from which on pages are small. */
const heavyLineUnits = 4_096;

/** One thing to do with the history, shown and cancellable when it takes long. */
export type LogJob = {
	readonly what: LogBusy['what'];
	readonly run: (tools: LogTools) => Promise<void>;
};

/** What a job works with. */
export type LogTools = {
	readonly history: LogHistory;
	readonly reader: LogReader;
	readonly session: number;
	/** Lines for a screen and its margin. */
	readonly screenful: number;
	readonly options: PageOptions;
};

/** One open log: keeps the window in the state filled as the person moves and as lines come. */
export type LogSession = Disposable & {
	/** Looks at the state; cheap when nothing is due. */
	readonly follow: () => void;
	/** Does something else first; a job that waits is replaced. */
	readonly start: (job: LogJob) => void;
	/** Tries again what was cancelled or failed. */
	readonly retry: () => void;
	/** Stops what takes long; false when nothing did. */
	readonly cancel: () => boolean;
};

/** Starts keeping the state filled from a history. Reads are one at a time; disposing does not close the history. */
export function startLogSession(host: EffectHost, history: LogHistory, session: number): LogSession {
	const ended = new AbortController();
	let query: LogQuery = host.getState().logs.query;
	let reader = createLogReader(history, query);
	let waiting: LogJob | undefined;
	let current: AbortController | undefined;
	let running = false;
	let grown = true;
	let timer: NodeJS.Timeout | undefined;
	let lookedAt = 0;
	/** All lines up to here were looked at: with a filter the last match may be far behind. */
	let seenTo: LogPosition | undefined;
	let countedTo: LogPosition | undefined;
	/** A direction that the person cancelled is not tried again until something else is asked. */
	const refused = new Set<'before' | 'after'>();

	const logsNow = (): LogsState => host.getState().logs;
	const isCurrent = (): boolean => !ended.signal.aborted && logsNow().session === session;

	const watch = history.follow((event) => {
		grown = true;
		if (event.kind !== 'appended') tellFiles(event.kind, 'attempt' in event ? event.attempt : undefined);
		schedule();
	});

	function tellFiles(kind?: string, attempt?: number): void {
		if (!isCurrent()) return;
		const remark =
			kind === 'truncated'
				? 'The log file was emptied: what it held is gone.'
				: kind === 'returned'
					? 'The log file is there again.'
					: kind === 'rotated'
						? attempt === undefined
							? 'The log was rotated; it goes on in a new file.'
							: `Attempt ${attempt} has begun.`
						: undefined;
		const problem = history.segments().findLast((segment) => segment.problem !== undefined)?.problem;
		const logs = logsNow();
		if (problem !== logs.problem || remark !== undefined) {
			host.dispatch('logs', { kind: 'logFilesChanged', problem, remark });
		}
	}

	function schedule(): void {
		if (running || timer !== undefined || ended.signal.aborted) return;
		timer = setTimeout(
			() => {
				timer = undefined;
				void pump();
			},
			Math.max(0, lookedAt + growthMs - performance.now()),
		);
	}

	async function pump(): Promise<void> {
		if (running) return;
		running = true;
		try {
			while (isCurrent()) {
				const job = nextJob();
				if (!job) break;
				await perform(job);
				measure();
			}
		} finally {
			running = false;
		}
		if (grown && isCurrent()) schedule();
	}

	async function perform(job: LogJob): Promise<void> {
		const stop = new AbortController();
		current = stop;
		const signal = AbortSignal.any([stop.signal, ended.signal, host.signal]);
		let ratio: number | undefined;
		const tell = (): void => {
			const busy = { what: job.what, ratio };
			if (isCurrent()) host.dispatch('logs', { kind: 'logBusyChanged', busy });
		};
		let late: NodeJS.Timeout | undefined = setTimeout(() => {
			late = undefined;
			tell();
		}, busyAfterMs);
		const onRatio = (next: number): void => {
			ratio = next;
			if (late === undefined) tell();
		};
		try {
			const { rows } = logGeometry(host.getState());
			const screenful = rows + (isHeavy(logsNow()) ? 4 : wantedMargin(rows));
			await job.run({ history, reader, session, screenful, options: { signal, onRatio } });
		} catch (error) {
			if (!isAbort(error) && !signal.aborted && isCurrent()) {
				const text = error instanceof Error ? error.message : String(error);
				host.dispatch('notices', { kind: 'noticeRaised', level: 'fail', text });
				// What failed is not tried again by itself.
				refused.add('before').add('after');
			}
		} finally {
			clearTimeout(late);
			current = undefined;
			if (isCurrent() && logsNow().busy) host.dispatch('logs', { kind: 'logBusyChanged', busy: undefined });
		}
	}

	function nextJob(): LogJob | undefined {
		const logs = logsNow();
		if (waiting) {
			const job = waiting;
			waiting = undefined;
			refused.clear();
			return job;
		}
		const narrow = logs.query.filter || logs.query.streams !== 'both' ? 'filtering' : 'reading';
		if (logs.query !== query) {
			query = logs.query;
			reader = createLogReader(history, query);
			seenTo = undefined;
			countedTo = undefined;
			refused.clear();
			return { what: narrow, run: logs.following ? readEnd : readAgain };
		}
		const isDue = performance.now() >= lookedAt + growthMs;
		if (logs.following && !logs.atEnd && !refused.has('after')) return { what: narrow, run: readEnd };
		if (grown && isDue && !(logs.following && refused.has('after'))) {
			grown = false;
			lookedAt = performance.now();
			return { what: narrow, run: logs.following ? readGrowth : countGrowth };
		}
		const direction = missing(logs);
		return direction && { what: narrow, run: (tools) => readPage(direction, tools) };
	}

	function missing(logs: LogsState): 'before' | 'after' | undefined {
		const { rows } = logGeometry(host.getState());
		const margin = isHeavy(logs) ? 2 : wantedMargin(rows);
		const above = logs.following ? logs.entries.length - rows : logs.top.index;
		if (!logs.atStart && above < margin && !refused.has('before')) return 'before';
		const below = logs.entries.length - logs.top.index - rows;
		return !logs.following && !logs.atEnd && below < margin && !refused.has('after') ? 'after' : undefined;
	}

	async function readPage(direction: 'before' | 'after', { screenful, options }: LogTools): Promise<void> {
		const { entries } = logsNow();
		// A page goes on from a match: context lines may have matches among them that were not read yet.
		const edge = direction === 'before' ? entries.find(isMatch) : entries.findLast(isMatch);
		refused.add(direction);
		const page =
			direction === 'before'
				? await reader.before(edge?.line.start ?? 'end', screenful, options)
				: await reader.after(edge?.line.end ?? 'start', screenful, options);
		refused.delete(direction);
		host.dispatch('logs', {
			kind: 'logPageRead',
			session,
			direction,
			entries: page.entries,
			reachedEdge: page.reachedEdge,
		});
	}

	/** Where lines that are whole end now. */
	async function endNow({ signal }: PageOptions): Promise<LogPosition | undefined> {
		return (await history.readBackward('end', 1, { signal })).at(-1)?.end;
	}

	async function readEnd({ screenful, options }: LogTools): Promise<void> {
		refused.add('after');
		const end = await endNow(options);
		const page = await reader.before('end', screenful, options);
		seenTo = end;
		countedTo = end;
		refused.delete('after');
		const { entries, reachedEdge: reachedStart } = page;
		host.dispatch('logs', { kind: 'logEndRead', session, entries, reachedStart });
		tellFiles();
	}

	async function readAgain({ screenful, options }: LogTools): Promise<void> {
		const { entries, cursor } = logsNow();
		const at = entries[cursor]?.line.start;
		if (!at) return await readEnd({ history, reader, session, screenful, options });
		const before = await reader.before(at, screenful, options);
		const after = await reader.after(at, screenful, options);
		const first = after.entries.find(isMatch) ?? before.entries.findLast(isMatch);
		const all = [...before.entries, ...after.entries.filter(({ key }) => !has(before.entries, key))];
		host.dispatch('logs', {
			kind: 'logPlaceRead',
			session,
			entries: all,
			cursor: Math.max(
				0,
				all.findIndex(({ key }) => key === first?.key),
			),
			placement: 'middle',
			reachedStart: before.reachedEdge,
			reachedEnd: after.reachedEdge,
		});
	}

	async function readGrowth(tools: LogTools): Promise<void> {
		const { entries } = logsNow();
		const from = seenTo ?? entries.at(-1)?.line.end;
		if (!from) return await readEnd(tools);
		const end = query.filter || query.streams !== 'both' ? await endNow(tools.options) : undefined;
		const page = await reader.after(from, appendedAtOnce, tools.options);
		if (!page.reachedEdge) return await readEnd(tools);
		seenTo = end ?? page.entries.at(-1)?.line.end ?? from;
		countedTo = seenTo;
		if (page.entries.length > 0) {
			host.dispatch('logs', { kind: 'logLinesAppended', session, entries: page.entries });
		}
		tellFiles();
	}

	/** Counts what comes while the view is released, a bounded number of lines at each look. */
	async function countGrowth({ options }: LogTools): Promise<void> {
		const { newLines, entries } = logsNow();
		const from = countedTo ?? entries.at(-1)?.line.end;
		if (newLines.count >= countedMax || !from) return;
		// Context lines are not new lines, and reading them would cost more than counting.
		const counter = createLogReader(history, { ...query, context: false });
		const page = await counter.after(from, countedAtOnce, options);
		const whole = page.entries.filter(({ line }) => !line.open);
		countedTo = page.entries.findLast(({ line }) => !line.open)?.line.end ?? from;
		const more = !page.reachedEdge;
		// Counting goes on at the next look even when nothing more is written.
		grown ||= more;
		if (whole.length > 0) {
			host.dispatch('logs', { kind: 'logGrew', session, count: whole.length, more });
		}
		tellFiles();
	}

	function measure(): void {
		const logs = logsNow();
		if (!isCurrent()) return;
		const { rows } = logGeometry(host.getState());
		const bottom = logs.following
			? undefined
			: logs.entries[Math.min(logs.entries.length - 1, Math.max(logs.cursor, logs.top.index + rows - 1))];
		const totalBytes = history.totalBytes();
		const percent = bottom ? Math.round(history.ratio(bottom.line.end) * 100) : 100;
		if (percent !== logs.position.percent || totalBytes !== logs.position.totalBytes) {
			host.dispatch('logs', { kind: 'logPositionMeasured', percent, totalBytes });
		}
	}

	return {
		follow() {
			if (running || !isCurrent()) return;
			const logs = logsNow();
			if (waiting || logs.query !== query || (logs.following && !logs.atEnd) || missing(logs)) void pump();
			else if (!logs.following) measure();
		},
		start(job) {
			waiting = job;
			current?.abort();
			void pump();
		},
		retry() {
			refused.clear();
			void pump();
		},
		cancel() {
			const wasRunning = current !== undefined && logsNow().busy !== undefined;
			current?.abort();
			return wasRunning;
		},
		[Symbol.dispose]() {
			ended.abort();
			clearTimeout(timer);
			watch[Symbol.dispose]();
		},
	};
}

function isMatch({ isContext }: LogEntry): boolean {
	return !isContext;
}

function has(entries: readonly LogEntry[], key: string): boolean {
	return entries.some((entry) => entry.key === key);
}

/** Lines so long that pages of them would fill the memory. */
function isHeavy({ entries }: LogsState): boolean {
	const last = entries.slice(-8);
	return last.reduce((sum, { line }) => sum + line.text.length, 0) > heavyLineUnits * last.length;
}
