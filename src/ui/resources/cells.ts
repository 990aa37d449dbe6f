/** Cells that several lists share. Text from outside is sanitised here, before it becomes a span. */
import { formatBytesCompact } from '../../text/bytes.ts';
import { formatCpu } from '../../text/cpu.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { sparkline } from '../format/sparkline.ts';
import type { Line, Span, Token } from '../theme/tokens.ts';
import type { Health, TextRange } from './resource.ts';

/** The colour that a state of health has everywhere. */
export const healthToken: Readonly<Record<Health, Token>> = {
	ok: 'ok',
	warn: 'warn',
	fail: 'fail',
	done: 'done',
	gone: 'muted',
};

/** Text with the characters that a filter matched marked; the ranges count in the text as given. */
export function matched(text: string, ranges: readonly TextRange[], token?: Token): Line {
	if (ranges.length === 0) return [{ text: sanitizeLine(text), token }];
	const spans: Span[] = [];
	let at = 0;
	for (const { start, end } of ranges) {
		if (start > at) spans.push({ text: sanitizeLine(text.slice(at, start)), token });
		spans.push({ text: sanitizeLine(text.slice(Math.max(start, at), end)), token: 'match' });
		at = Math.max(at, end);
	}
	if (at < text.length) spans.push({ text: sanitizeLine(text.slice(at)), token });
	return spans;
}

/** Plain trusted text. */
export function plain(text: string, token?: Token): Line {
	return [{ text, token }];
}

/** Labels as one searchable text, `key=value` apart by spaces. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
	return Object.entries(labels)
		.map(([key, value]) => `${key}=${value}`)
		.join(' ');
}

/**
 * The name of an image, the registry cut first where there is no room: the end, with its tag, tells images apart. A
 * digest behind `@` tells nobody anything, so there the end is cut.
 */
export function imageCell(
	name: string,
	ranges: readonly TextRange[],
	widthCells: number,
	token?: Token,
): Line {
	const from = name.length - widthCells + 1;
	if (from < 2 || name.includes('@') || !/^[\x21-\x7e]+$/.test(name)) return matched(name, ranges, token);
	const shifted = ranges
		.filter(({ end }) => end > from)
		.map(({ start, end }) => ({ start: Math.max(0, start - from), end: end - from }));
	return [{ text: '…', token }, ...matched(name.slice(from), shifted, token)];
}

/** Cells of a name's end that stay in sight: a number, or what Kubernetes adds to tell replicas apart. */
const nameTailCells = 6;

/**
 * A name, its middle cut where there is no room: the beginning says what it is, and the end which of many. A name that is
 * not plain ASCII has its end cut, as its cells are not its characters.
 */
export function nameCell(
	name: string,
	ranges: readonly TextRange[],
	widthCells: number,
	token?: Token,
): Line {
	const fits = name.length <= widthCells || widthCells < 2 * nameTailCells;
	if (fits || !/^[\x21-\x7e]+$/.test(name)) return matched(name, ranges, token);
	const headEnd = widthCells - nameTailCells - 1;
	const tailStart = name.length - nameTailCells;
	const within = (from: number, to: number): readonly TextRange[] =>
		ranges
			.filter(({ start, end }) => end > from && start < to)
			.map(({ start, end }) => ({ start: Math.max(0, start - from), end: Math.min(to, end) - from }));
	return [
		...matched(name.slice(0, headEnd), within(0, headEnd), token),
		{ text: '…', token },
		...matched(name.slice(tailStart), within(tailStart, name.length), token),
	];
}

/** `12%` of a limit turns a warning colour at 80 and a failing one at 95. */
function loadToken(ratio: number | undefined): Token | undefined {
	if (ratio === undefined) return undefined;
	return ratio >= 0.95 ? 'fail' : ratio >= 0.8 ? 'warn' : undefined;
}

/** CPU use and, where a limit is set, the share of it; a sparkline in front where there is room. */
export function cpuCell(
	millicores: number | undefined,
	limitMillicores: number | undefined,
	history: readonly number[],
	widthCells: number,
	hasShare = true,
): Line {
	if (millicores === undefined) return plain('-', 'muted');
	const ratio = limitMillicores ? millicores / limitMillicores : undefined;
	// Without a limit a full cell is a whole core: a pod that does nothing must not look as if it did all it can.
	const fullMillicores = limitMillicores || Math.max(1000, ...history);
	return usageCell(formatCpu(millicores), ratio, history, fullMillicores, widthCells, hasShare);
}

/** Memory use and, where a limit is set, the share of it. */
export function memoryCell(
	bytes: number | undefined,
	limitBytes: number | undefined,
	history: readonly number[],
	widthCells: number,
): Line {
	if (bytes === undefined) return plain('-', 'muted');
	const ratio = limitBytes ? bytes / limitBytes : undefined;
	// Without a limit the most that was used is three quarters high: steady is neither nothing nor full.
	const fullBytes = limitBytes || Math.max(1, ...history) * (4 / 3);
	return usageCell(formatBytesCompact(bytes), ratio, history, fullBytes, widthCells, true);
}

function usageCell(
	text: string,
	ratio: number | undefined,
	history: readonly number[],
	full: number,
	widthCells: number,
	hasShare: boolean,
): Line {
	const value = `${text.padStart(5)}${ratio === undefined ? '' : `${Math.round(ratio * 100)}%`.padStart(5)}`;
	// Where no row of the list has a limit (pods), the share takes no room.
	const room = widthCells - (hasShare ? 11 : 6);
	// Its room is taken before there is a history, so that no column moves when one comes.
	const spark = room >= 4 ? `${sparkline(history.slice(-room), { widthCells: room, max: full })} ` : '';
	return [
		{ text: spark, token: 'accent' },
		{ text: value, token: loadToken(ratio) },
	];
}
