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

type Signs = (typeof signs)[keyof typeof signs];

function widthOf(spans: readonly Span[]): number {
	return spans.reduce((sum, { text }) => sum + stringWidthCells(text), 0);
}

function painter({ colors, unicode }: BannerScreen) {
	/** Our own signs are chosen; what came from outside loses what this terminal has no sign for. */
	const plain = (text: string): string => (unicode ? text : text.replace(/[^\x20-\x7e]/gu, '?'));
	return (spans: readonly Span[]): string =>
		spans
			.map(({ text, style }) =>
				style === undefined || colors === 'none' ? plain(text) : `\x1b[${sgr[style]}m${plain(text)}\x1b[0m`,
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
				: { text: sanitizeLine(roles.join(', ')), style: 'cyan' };
	const runtimeSpan: Span = version
		? { text: sanitizeLine(`${version.runtimeName} ${version.runtimeVersion}`) }
		: { text: runtime?.kind === 'none' ? 'no container runtime' : 'runtime unknown', style: 'dim' };
	const machineText = machineId === null ? 'no machine id' : `machine ${machineId ?? 'id unknown'}`;
	const name: Span = { text: sanitizeLine(hostname ?? 'hostname unknown'), style: 'bold' };
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

function verdictSpans({ level, head, items }: VerdictLine, room: number, chars: Signs): readonly Span[] {
	const style = levelStyles[level];
	const { ellipsis, dot } = chars;
	const colon = head.endsWith(':');
	const separator = colon ? ', ' : ` ${dot} `;
	const cleanHead = sanitizeLine(head);
	let text = '';
	let shown = 0;
	const tail = (count: number): string => (count > 0 ? ` +${count} more` : '');
	for (const item of items) {
		const next = `${text}${shown === 0 ? (colon ? ' ' : separator) : separator}${sanitizeLine(item)}`;
		const rest = tail(items.length - shown - 1);
		if (stringWidthCells(`${chars[level]} ${cleanHead}${next}${rest}`) > room) break;
		text = next;
		shown++;
	}
	const sign: readonly Span[] = [{ text: chars[level], style }, { text: ' ' }];
	const headStyle = level === 'fail' || level === 'warn' ? style : level === 'unknown' ? 'dim' : undefined;
	// Not even one fits: the first one is cut, since it says more than its number.
	const firstCut = shown === 0 && items[0] !== undefined;
	const rest = tail(items.length - shown - (firstCut ? 1 : 0));
	const own = firstCut ? `${colon ? ' ' : separator}${sanitizeLine(items[0] ?? '')}` : text;
	const headRoom = Math.max(1, room - 2 - (firstCut ? stringWidthCells(rest) : 0));
	const shownHead = truncateCells(cleanHead, headRoom, { ellipsis });
	const ownRoom = room - 2 - stringWidthCells(shownHead) - stringWidthCells(rest);
	return [
		...sign,
		{ text: shownHead, style: headStyle },
		{ text: truncateCells(own, ownRoom, { ellipsis }) },
		{ text: ownRoom < 0 ? '' : rest, style: 'dim' },
	];
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
		...lines.map((line) => verdictSpans(line, room, chars)),
		wayLine(way, room),
	];
	const text = body.map((spans) => paint([bar, { text: ' ' }, ...spans]));
	return `${text.join('\n')}\n`;
}
