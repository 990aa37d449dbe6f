/** Going to a place in the history: a match, a time, the start, the attempt before. */

import type { LogLine, LogPosition } from '../../node/logs/log-line.ts';
import { compileLogMatcher, type LogMatcher } from '../../node/logs/log-matcher.ts';
import { formatClockTime } from '../../text/time-stamp.ts';
import type { LogQuery } from '../store/slices/logs/logs-state.ts';
import type { EffectHost } from './effect-host.ts';
import type { LogJob, LogTools } from './log-job.ts';
import { fewEntries, isNarrowed, keyOf } from './log-reader.ts';

function say(host: EffectHost, level: 'plain' | 'warn', text: string): void {
	host.dispatch('notices', { kind: 'noticeRaised', level, text });
}

/** Reads round a position and shows the first line from it on, or the last one before where none follows. */
export async function showPlace(
	host: EffectHost,
	tools: LogTools,
	position: LogPosition | 'start',
	placement: 'top' | 'middle',
): Promise<boolean> {
	const { reader, session, screenful, options } = tools;
	const narrowed = isNarrowed(host.getState().logs.query);
	const count = narrowed ? fewEntries : screenful;
	const after = await reader.after(position, count, options);
	// What was found is shown first; the session goes on looking from there.
	const before =
		position === 'start' || (narrowed && after.entries.length > 0)
			? { entries: [], reachedEdge: position === 'start' }
			: await reader.before(position, count, options);
	const known = new Set(before.entries.map(({ key }) => key));
	const fresh = after.entries.filter(({ key }) => !known.has(key));
	const entries = [...before.entries, ...fresh];
	const wanted = after.entries.find(({ isContext }) => !isContext);
	const index = entries.findIndex(({ key }) => key === wanted?.key);
	host.dispatch('logs', {
		kind: 'logPlaceRead',
		session,
		entries,
		cursor: index < 0 ? Math.max(0, entries.length - 1) : index,
		placement,
		reachedStart: before.reachedEdge,
		reachedEnd: after.reachedEdge,
	});
	return wanted !== undefined;
}

/** To the oldest line there is. */
export function startJob(host: EffectHost): LogJob {
	return {
		what: 'reading',
		run: async (tools) => {
			await showPlace(host, tools, 'start', 'top');
		},
	};
}

/** To the first line at or after a time. */
export function timeJob(host: EffectHost, timestampNanos: bigint): LogJob {
	return {
		what: 'searching',
		run: async (tools) => {
			const position = await tools.history.seekTime(timestampNanos, { signal: tools.options.signal });
			const isThere = await showPlace(host, tools, position, 'top');
			if (!isThere) {
				const time = formatClockTime(Number(timestampNanos / 1_000_000n), false).slice(0, 8);
				say(host, 'warn', `Nothing was logged at or after ${time}; this is the end.`);
			}
		},
	};
}

/** To the beginning of the attempt before the one under the cursor. */
export function previousAttemptJob(host: EffectHost): LogJob {
	return {
		what: 'reading',
		run: async (tools) => {
			const { entries, cursor } = host.getState().logs;
			const segments = tools.history.segments().filter(({ attempt }) => attempt !== undefined);
			const here = entries[cursor]?.line.attempt ?? segments.at(-1)?.attempt;
			const earlier = segments.filter(({ attempt }) => here !== undefined && (attempt ?? 0) < here);
			const attempt = earlier.at(-1)?.attempt;
			const first = earlier.find((segment) => segment.attempt === attempt);
			if (!first) {
				say(host, 'warn', 'No log of an earlier attempt is left on this node.');
				return;
			}
			await showPlace(host, tools, { segment: first.id, offset: 0 }, 'top');
			say(host, 'plain', `The log of attempt ${attempt}; it goes on below.`);
		},
	};
}

/**
 * To the next match of the search from the cursor on. The first one asked for may be the line under the cursor, and
 * may lie above when none is below.
 */
export function findJob(
	host: EffectHost,
	matcher: LogMatcher,
	direction: 'forward' | 'backward',
	isFirst: boolean,
): LogJob {
	return {
		what: 'searching',
		run: async (tools) => {
			const { entries, cursor, query } = host.getState().logs;
			const line = entries[cursor]?.line;
			const down = line && (isFirst ? line.start : line.end);
			const from = direction === 'forward' ? (down ?? 'start') : (line?.start ?? 'end');
			let hit = await nextMatch(tools, matcher, query, from, direction);
			if (!hit && isFirst && direction === 'forward') {
				hit = await nextMatch(tools, matcher, query, line?.start ?? 'end', 'backward');
				if (hit) say(host, 'plain', 'No match below: this is the last one above.');
			}
			if (!hit) {
				const where = direction === 'forward' ? 'below: N looks above' : 'above: n looks below';
				say(host, 'warn', isFirst ? 'Nothing matches.' : `No more matches ${where}.`);
				return;
			}
			const key = keyOf(hit);
			if (host.getState().logs.entries.some((entry) => entry.key === key)) {
				host.dispatch('logs', { kind: 'logEntryChosen', session: tools.session, key });
			} else await showPlace(host, tools, hit.start, 'middle');
		},
	};
}

/** The nearest match that the pane's own filter and streams let through. */
async function nextMatch(
	{ history, options }: LogTools,
	matcher: LogMatcher,
	query: LogQuery,
	from: LogPosition | 'start' | 'end',
	direction: 'forward' | 'backward',
): Promise<LogLine | undefined> {
	const passes = query.filter ? compileLogMatcher(query.filter.matcher) : () => true;
	let at = from;
	for (;;) {
		const { signal, onRatio } = options;
		const hit = await history.find(matcher, {
			from: at,
			direction,
			signal,
			onProgress: ({ ratio }) => onRatio?.(ratio),
		});
		if (!hit || hit.open) return hit;
		if ((query.streams === 'both' || hit.stream === query.streams) && (query.context || passes(hit.text))) {
			return hit;
		}
		at = direction === 'forward' ? hit.end : hit.start;
	}
}
