import type { LogEvent, LogHistory } from '../../node/logs/log-history.ts';

function remarkOn(event: LogEvent): string | undefined {
	switch (event.kind) {
		case 'truncated':
			return 'The log file was emptied: what it held is gone.';
		case 'returned':
			return 'The log file is there again.';
		case 'rotated':
			return event.attempt === undefined
				? 'The log was rotated; it goes on in a new file.'
				: `Attempt ${event.attempt} has begun.`;
		default:
			return undefined;
	}
}

/** What there is to say about the files of a log: what is wrong with them now, and what has just happened. */
export function describeFiles(
	history: Pick<LogHistory, 'segments'>,
	event: LogEvent | undefined,
): { readonly problem: string | undefined; readonly remark: string | undefined } {
	const segments = history.segments();
	// A file that was deleted matters until another has taken its place.
	const problem =
		segments.at(-1)?.problem ??
		segments.findLast((segment) => segment.problem && !segment.problem.includes('was deleted'))?.problem;
	return { problem, remark: event && remarkOn(event) };
}
