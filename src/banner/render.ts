/** The banner as text: who this node is, how it is, and the key; never wider than the terminal, nothing unsanitised. */
import { sanitizeLine } from '../text/sanitize.ts';
import type { TerminalCapabilities } from '../text/terminal-capabilities.ts';
import { stringWidthCells, truncateCells } from '../text/width.ts';
import type { BannerFacts } from './facts.ts';
import type { Level, VerdictLine } from './verdict.ts';

/** What the terminal can show. */
export type BannerScreen = Pick<TerminalCapabilities, 'colors' | 'unicode'> & { readonly columns: number };

type Style = 'bold' | 'cyan' | 'dim' | 'green' | 'yellow' | 'red';
type Span = { readonly text: string; readonly style?: Style | undefined };

/** Source: ECMA-48 SGR; the first eight colours, which every theme has made readable. */
const sgr: Readonly<Record<Style, string>> = {
	bold: '1',
	cyan: '36',
	dim: '2',
	green: '32',
	yellow: '33',
	red: '31',
};
const levelStyles = { ok: 'green', unknown: 'dim', warn: 'yellow', fail: 'red' } as const;
const signs = {
	unicode: { ok: '✓', unknown: '?', warn: '▲', fail: '✗', bar: '▌', dot: '·', ellipsis: '…' },
	ascii: { ok: '+', unknown: '?', warn: '!', fail: 'x', bar: '|', dot: '-', ellipsis: '...' },
} as const;
/** Narrower than this nothing could be read; wider lines would wrap on no terminal. */
const leastColumns = 20;
/** Wider, the eye loses the line. */
const mostColumns = 120;

const mostVerdictRows = 4;
/** Less of a name and its problem says nothing. */
const leastItemCells = 12;

type Signs = (typeof signs)[keyof typeof signs];

function widthOf(spans: readonly Span[]): number {
	return spans.reduce((sum, { text }) => sum + stringWidthCells(text), 0);
}

/** Text from outside, fit for this terminal; before anything is measured, since a sign of no width becomes one of one. */
function clean(text: string, { dot }: Signs): string {
	const line = sanitizeLine(text);
	return dot === signs.unicode.dot ? line : line.replace(/[^\x20-\x7e]/gu, '?');
}

function painter({ colors }: BannerScreen) {
	return (spans: readonly Span[]): string =>
		spans
			.map(({ text, style }) =>
				text === '' || style === undefined || colors === 'none' ? text : `\x1b[${sgr[style]}m${text}\x1b[0m`,
			)
			.join('');
}

/** Parts side by side with a dot between them, as many as there is room for. */
function joined(parts: readonly Span[], room: number, { dot, ellipsis }: Signs): readonly Span[] {
	const line: Span[] = [];
	for (const part of parts) {
		const gap: readonly Span[] = line.length > 0 ? [{ text: ` ${dot} `, style: 'dim' }] : [];
		const left = room - widthOf(line) - widthOf(gap);
		if (stringWidthCells(part.text) > left && line.length > 0) break;
		line.push(...gap, { ...part, text: truncateCells(part.text, left, { ellipsis }) });
	}
	return line;
}

function identityLines(facts: BannerFacts, room: number, chars: Signs): readonly (readonly Span[])[] {
	const { hostname, machineId, roles, runtime, version } = facts;
	const roleSpan: Span =
		roles === undefined
			? { text: 'roles unknown', style: 'dim' }
			: roles.length === 0
				? { text: 'no Kubernetes node', style: 'dim' }
				: { text: clean(roles.join(', '), chars), style: 'cyan' };
	const runtimeSpan: Span = version
		? { text: clean(`${version.runtimeName} ${version.runtimeVersion}`, chars) }
		: { text: runtime?.kind === 'none' ? 'no container runtime' : 'runtime unknown', style: 'dim' };
	const machineText = machineId === null ? 'no machine id' : `machine ${machineId ?? 'id unknown'}`;
	const name: Span = { text: clean(hostname ?? 'hostname unknown', chars), style: 'bold' };
	const all = [name, roleSpan, runtimeSpan];
	const machine: Span = { text: machineText, style: 'dim' };
	const one = joined([...all, machine], room, chars);
	if (one.length === 7) return [one];
	const first = joined(all, room, chars);
	// The runtime goes down to the second line where the first is full.
	const left = all.slice((first.length + 1) / 2);
	return [first, ...rows([...left, machine], room, chars)];
}

/** The parts on as many lines as they take. */
function rows(parts: readonly Span[], room: number, chars: Signs): readonly (readonly Span[])[] {
	if (parts.length === 0) return [];
	const line = joined(parts, room, chars);
	return [line, ...rows(parts.slice((line.length + 1) / 2), room, chars)];
}

/**
 * One line of the verdict on as many rows as it takes and may have: the head, then its items, each whole where one fits at
 * all; what is left out is counted.
 */
function verdictRows(
	{ level, head, items }: VerdictLine,
	room: number,
	chars: Signs,
	mostRows: number,
): readonly (readonly Span[])[] {
	const style = levelStyles[level];
	const { ellipsis, dot } = chars;
	const cells = room - 2;
	const isList = head.endsWith(':');
	const gap = isList ? ', ' : ` ${dot} `;
	const texts: string[] = [truncateCells(clean(head, chars), cells, { ellipsis })];
	const headText = texts[0] ?? '';
	let shown = 0;
	for (const item of items.map((text) => clean(text, chars))) {
		const row = texts.at(-1) ?? '';
		const before = row === headText && isList ? ' ' : row === '' ? '' : gap;
		const isLastRow = texts.length === mostRows;
		const others = items.length - shown - 1;
		// Behind it comes the number of those that do not fit, or on another row than the last a comma.
		const more = others === 0 ? 0 : isLastRow ? stringWidthCells(` +${others} more`) : 1;
		const left = cells - stringWidthCells(row) - stringWidthCells(before) - more;
		if (stringWidthCells(item) <= left) texts[texts.length - 1] = `${row}${before}${item}`;
		else if (!isLastRow) {
			if (row !== headText || !isList) texts[texts.length - 1] = `${row}${isList ? ',' : ''}`;
			texts.push(truncateCells(item, cells - more, { ellipsis }));
		} else {
			// The first one says more than its number, so that it is cut where nothing else is shown.
			if (shown > 0 || left < leastItemCells) break;
			texts[texts.length - 1] = `${row}${before}${truncateCells(item, left, { ellipsis })}`;
		}
		shown++;
	}
	const hidden = items.length - shown;
	return texts.map((text, index): readonly Span[] => {
		const isFirst = index === 0;
		const loud = level === 'fail' || level === 'warn' ? style : level === 'unknown' ? 'dim' : undefined;
		const rest = index === texts.length - 1 && hidden > 0 ? ` +${hidden} more` : '';
		const shownHead = truncateCells(headText, cells - stringWidthCells(rest), { ellipsis });
		const body = truncateCells(text, cells - stringWidthCells(rest), { ellipsis }).slice(
			isFirst ? shownHead.length : 0,
		);
		return [
			...(isFirst ? [{ text: chars[level], style }, { text: ' ' }] : [{ text: '  ' }]),
			...(isFirst ? [{ text: shownHead, style: loud }] : []),
			{ text: body },
			{ text: rest, style: 'dim' },
		];
	});
}

/** Rows of all lines: what is left of the four goes to the first that needs it, which is the worst. */
function allVerdictRows(
	lines: readonly VerdictLine[],
	room: number,
	chars: Signs,
): readonly (readonly Span[])[] {
	let spare = mostVerdictRows - lines.length;
	return lines.flatMap((line) => {
		const own = verdictRows(line, room, chars, 1 + spare);
		spare -= own.length - 1;
		return own;
	});
}

/** The last line: how to get to the inspector, from the longest wording to the shortest. */
const ways = {
	login: [
		['Tab', ' opens the inspector, read-only; any other key is for the shell'],
		['Tab', ' opens the inspector'],
		['Tab', ' inspector'],
	],
	byHand: [
		['criscope', ' opens the inspector'],
		['criscope', ''],
	],
} as const satisfies Readonly<Record<string, readonly (readonly [string, string])[]>>;

function wayLine(way: keyof typeof ways, room: number): readonly Span[] {
	const fitting = ways[way].find((texts) => texts.join('').length <= room) ?? ways[way].at(-1);
	const [key, words] = fitting ?? ['', ''];
	return [
		{ text: key, style: 'bold' },
		{ text: words, style: 'dim' },
	];
}

/**
 * @param lines of verdict.ts, at most four
 * @param way `login` names the key: only where somebody waits for it
 * @returns whole lines, each at most as wide as the screen, ending in a newline
 */
export function renderBanner(
	facts: BannerFacts,
	lines: readonly VerdictLine[],
	screen: BannerScreen,
	way: keyof typeof ways,
): string {
	const chars = screen.unicode ? signs.unicode : signs.ascii;
	const paint = painter(screen);
	// The last column stays free: a character there makes some terminals wrap.
	const room = Math.min(Math.max(leastColumns, screen.columns), mostColumns) - 1 - 2;
	const order: readonly Level[] = ['fail', 'warn', 'unknown', 'ok'];
	const worst = order.find((level) => lines.some((line) => line.level === level)) ?? 'unknown';
	const bar: Span = { text: chars.bar, style: levelStyles[worst] };
	const body: readonly (readonly Span[])[] = [
		...identityLines(facts, room, chars),
		...allVerdictRows(lines, room, chars),
		wayLine(way, room),
	];
	const text = body.map((spans) => paint([bar, { text: ' ' }, ...spans]));
	return `${text.join('\n')}\n`;
}
