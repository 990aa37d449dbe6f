/** Log lines of the linear mode. */

import type { LogLine } from '../../node/logs/log-line.ts';
import { openLogHistory } from '../../node/logs/open-log-history.ts';
import { formatClockTime } from '../../text/time-stamp.ts';
import { parseLogStyles, plainText } from '../format/log-styles.ts';

/** Lines read at once while following; reading goes on until nothing is left. */
const pageLines = 500;

/** A log line as text: time, the stream where it is stderr, the content without its colours. */
export function logText(line: LogLine): string {
	const time =
		line.timestampNanos === undefined
			? ''
			: `${formatClockTime(Number(line.timestampNanos / 1_000_000n), false).slice(0, 8)} `;
	const cut = line.truncatedBytes > 0 ? ` (${line.truncatedBytes} bytes more)` : '';
	return `${time}${line.stream === 'stderr' ? 'stderr: ' : ''}${plainText(parseLogStyles(line.text))}${cut}`;
}

/** Prints the last lines of a log, and why there are fewer where a file cannot be read. */
export async function printLog(
	logPath: string,
	count: number,
	print: (text: string) => Promise<void>,
	{ signal }: { readonly signal: AbortSignal },
): Promise<void> {
	await using history = await openLogHistory({ logPath, signal });
	const lines = await history.readBackward('end', count, { signal });
	for (const line of lines) await print(logText(line));
	const problems = history.segments().flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
	for (const problem of problems) await print(`(${problem})`);
	if (lines.length === 0 && problems.length === 0) await print('(the log is empty)');
}

/** Prints what a log gets from now on, until the signal. A line is printed when it is complete. */
export async function followLog(
	logPath: string,
	print: (text: string) => Promise<void>,
	{ signal }: { readonly signal: AbortSignal },
): Promise<void> {
	await using history = await openLogHistory({ logPath, signal });
	const last = (await history.readBackward('end', 1, { signal })).at(-1);
	let from = last === undefined ? ('start' as const) : last.open ? last.start : last.end;
	let changed = false;
	let wake = (): void => {};
	using _following = history.follow((event) => {
		changed = true;
		if (event.kind === 'vanished') void print('(the log file was deleted)');
		wake();
	});
	signal.addEventListener('abort', () => wake(), { once: true });
	while (!signal.aborted) {
		changed = false;
		const lines = await history.readForward(from, pageLines, { signal });
		const whole = lines.filter(({ open }) => !open);
		for (const line of whole) await print(logText(line));
		from = whole.at(-1)?.end ?? from;
		if (whole.length < pageLines && !changed && !signal.aborted) {
			await new Promise<void>((resolve) => {
				wake = resolve;
			});
		}
	}
}
