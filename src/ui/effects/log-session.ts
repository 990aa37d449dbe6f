import type { LogEvent, LogHistory } from '../../node/logs/log-history.ts';
import type { LogPosition } from '../../node/logs/log-line.ts';
import { logGeometry } from '../store/slices/logs/geometry.ts';
import type { LogEntry, LogQuery, LogsState } from '../store/slices/logs/logs-state.ts';
import { wantedMargin } from '../store/slices/logs/window.ts';
import type { EffectHost } from './effect-host.ts';
import { describeFiles } from './log-files-changed.ts';
import type { LogJob, LogTools } from './log-job.ts';
import { createLogPerformer, isHeavy } from './log-performer.ts';
import { showPlace } from './log-places.ts';
import { createLogReader, fewEntries, isNarrowed, type PageOptions } from './log-reader.ts';

/** Least time between two looks at what was written: ten a second is more than an eye follows. */
const growthMs = 100;
/** Lines appended one after the other at most; more than that scrolls by unseen, and the end is read instead. */
const appendedAtOnce = 400;
/** How long what happened to the files stays on the screen. */
const remarkMs = 15_000;
/** Lines counted at one look while released, and in all. */
const countedAtOnce = 6_000;
const countedMax = 100_000;
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
	let shownQuery = query; // the one that the lines in the window came through
	let reader = createLogReader(history, query);
	let waiting: LogJob | undefined;
	let running = false;
	/** Lines come faster than they can be seen: reading the end at once costs less than catching up with it. */
	let racing = false;
	let grown = true;
	let timer: NodeJS.Timeout | undefined;
	let remarkTimer: NodeJS.Timeout | undefined;
	let lookedAt = 0;
	/** All lines up to here were looked at: with a filter the last match may be far behind. */
	let seenTo: LogPosition | undefined;
	let countedTo: LogPosition | undefined;
	let releasedAt: LogPosition | undefined; // where the log ended when it was last followed
	let place: LogPosition | 'start' = 'start'; // to go back to from a filter that left no line
	/** A direction that the person cancelled is not tried again until something else is asked. */
	const refused = new Set<'before' | 'after'>();

	const logsNow = (): LogsState => host.getState().logs;
	const isCurrent = (): boolean => !ended.signal.aborted && logsNow().session === session;

	const performer = createLogPerformer({ host, history, session, ended: ended.signal });

	const watch = history.follow((event) => {
		grown = true;
		if (event.kind !== 'appended') tellFiles(event);
		schedule();
	});

	function tellFiles(event?: LogEvent): void {
		if (!isCurrent()) return;
		const { problem, remark } = describeFiles(history, event);
		if (problem !== logsNow().problem || remark !== undefined) {
			host.dispatch('logs', { kind: 'logFilesChanged', problem, remark });
		}
		if (remark === undefined) return;
		clearTimeout(remarkTimer);
		remarkTimer = setTimeout(() => {
			if (isCurrent())
				host.dispatch('logs', { kind: 'logFilesChanged', problem: logsNow().problem, remark: '' });
		}, remarkMs);
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
				const outcome = await performer.perform(job, reader);
				// What failed is not tried again by itself; what made room for something newer is.
				if (outcome === 'failed') refused.add('before').add('after');
				else if (outcome === 'superseded') refused.clear();
				measure();
			}
		} finally {
			running = false;
		}
		if (grown && isCurrent()) schedule();
	}

	function nextJob(): LogJob | undefined {
		const logs = logsNow();
		if (waiting) {
			const job = waiting;
			waiting = undefined;
			refused.clear();
			return job;
		}
		const narrow = isNarrowed(logs.query) ? 'filtering' : 'reading';
		if (logs.query !== query) {
			const { filter, streams } = shownQuery;
			const isMore = logs.query.context && logs.query.filter === filter && logs.query.streams === streams;
			query = logs.query;
			reader = createLogReader(history, query);
			// What has come since the view was released is counted again, through the new query.
			countedTo = releasedAt;
			refused.clear();
			if (isMore && logs.entries.length > 0) return { what: narrow, run: readContext };
			seenTo = undefined;
			const asked = query;
			const at = logs.following ? undefined : (logs.entries[logs.cursor]?.line.start ?? place);
			place = at ?? place;
			const run = async (tools: LogTools): Promise<void> => {
				await (at ? showPlace(host, tools, at, 'middle') : readEnd(tools));
				shownQuery = asked;
			};
			return { what: narrow, run };
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
		// Where matches are rare the first ones are shown while the next are looked for.
		const count = isNarrowed(query) ? Math.min(screenful, fewEntries + 2 * entries.length) : screenful;
		const page =
			direction === 'before'
				? await reader.before(edge?.line.start ?? 'end', count, options)
				: await reader.after(edge?.line.end ?? 'start', count, options);
		refused.delete(direction);
		host.dispatch('logs', {
			kind: 'logPageRead',
			session,
			direction,
			entries: page.entries,
			reachedEdge: page.reachedEdge,
		});
	}

	/** Adds the lines around matches that are in the window: looking for those again could take long. */
	async function readContext({ options }: LogTools): Promise<void> {
		const { entries, atEnd } = logsNow();
		const found = await reader.around(
			entries.filter(isMatch).map(({ line }) => line),
			options,
		);
		host.dispatch('logs', {
			kind: 'logPageRead',
			session,
			direction: 'after',
			entries: found,
			reachedEdge: atEnd,
		});
	}

	/** Where lines that are whole end now. */
	async function endNow({ signal }: PageOptions): Promise<LogPosition | undefined> {
		return (await history.readBackward('end', 1, { signal })).at(-1)?.end;
	}

	async function readEnd({ screenful, options }: LogTools): Promise<void> {
		refused.add('after');
		const end = isNarrowed(query) ? await endNow(options) : undefined;
		const count = end ? fewEntries : screenful;
		const page = await reader.before('end', racing ? screenful : count, options);
		const last = logsNow().entries.at(-1)?.key;
		racing = racing && !page.entries.some(({ key }) => key === last);
		seenTo = end ?? page.entries.at(-1)?.line.end;
		countedTo = seenTo;
		releasedAt = seenTo;
		refused.delete('after');
		const { entries, reachedEdge: reachedStart } = page;
		host.dispatch('logs', { kind: 'logEndRead', session, entries, reachedStart });
		tellFiles();
	}

	async function readGrowth(tools: LogTools): Promise<void> {
		const { entries } = logsNow();
		const from = seenTo ?? entries.at(-1)?.line.end;
		if (!from || racing) return await readEnd(tools);
		const end = isNarrowed(query) ? await endNow(tools.options) : undefined;
		const page = await reader.after(from, appendedAtOnce, tools.options);
		if (!page.reachedEdge) {
			racing = true;
			return await readEnd(tools);
		}
		seenTo = end ?? page.entries.at(-1)?.line.end ?? from;
		countedTo = seenTo;
		releasedAt = seenTo;
		if (page.entries.length > 0) {
			host.dispatch('logs', { kind: 'logLinesAppended', session, entries: page.entries });
		}
		tellFiles();
	}

	/** Counts what comes while the view is released, a bounded number of lines at each look. */
	async function countGrowth({ options }: LogTools): Promise<void> {
		// A log that was opened somewhere else than at its end is counted from now on.
		countedTo ??= await endNow(options);
		const from = countedTo;
		if (logsNow().newLines.count >= countedMax || !from) return;
		// Context lines are not new lines, and reading them would cost more than counting.
		const counter = createLogReader(history, { ...query, context: false });
		const page = await counter.after(from, countedAtOnce, options);
		const whole = page.entries.filter(({ line }) => !line.open);
		countedTo = page.entries.findLast(({ line }) => !line.open)?.line.end ?? from;
		// Counting goes on at the next look even when nothing more is written, until it is enough.
		grown ||= !page.reachedEdge;
		const more = !page.reachedEdge || logsNow().newLines.count + whole.length >= countedMax;
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
			if (!isCurrent()) return;
			const logs = logsNow();
			// What is being read for a query that counts no more would only be in the way.
			if (running && logs.query !== query) performer.supersede();
			if (running) return;
			if (waiting || logs.query !== query || (logs.following && !logs.atEnd) || missing(logs)) void pump();
			else if (!logs.following) measure();
		},
		start(job) {
			waiting = job;
			performer.supersede();
			void pump();
		},
		retry() {
			refused.clear();
			performer.supersede();
			void pump();
		},
		cancel: performer.cancel,
		[Symbol.dispose]() {
			ended.abort();
			clearTimeout(timer);
			clearTimeout(remarkTimer);
			watch[Symbol.dispose]();
		},
	};
}

const isMatch = ({ isContext }: LogEntry): boolean => !isContext;
