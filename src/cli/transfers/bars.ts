/** The live picture of a transfer: a pure function of state and room. */
import { formatBytesCompact } from '../../text/bytes.ts';
import { formatClock } from '../../text/duration.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { stringWidthCells, truncateCells } from '../../text/width.ts';
import type { TerminalSize } from '../verb.ts';
import {
	isSettled,
	layerWord,
	speedOf,
	type TransferState,
	totalsOf,
	type WatchedLayer,
} from './transfer-state.ts';

/** What the terminal can show. */
export type BarStyle = { readonly unicode: boolean; readonly colors: boolean };

const wordCells = 11;
const bytesCells = 11;
const speedCells = 7;
const leastBarCells = 8;
const mostBarCells = 40;
/** From here on a line has a bar; below it only numbers. */
const barColumns = 60;

const verbs = { pull: 'Pulling', push: 'Pushing', load: 'Loading', save: 'Saving' } as const;

function paint(text: string, code: number, { colors }: BarStyle): string {
	return colors && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** Text from outside, fit for one line of this terminal. */
function outside(text: string, { unicode }: BarStyle): string {
	const clean = sanitizeLine(text);
	return unicode ? clean : clean.replace(/[^\x20-\x7e]/gu, '?');
}

function shorten(text: string, cells: number, { unicode }: BarStyle): string {
	return truncateCells(text, cells, { ellipsis: unicode ? '…' : '~' });
}

function shortDigest(digest: string, letters: number): string {
	return digest.replace(/^[^:]*:/u, '').slice(0, letters);
}

function shareOf({ state, transferredBytes, totalBytes }: WatchedLayer): number | undefined {
	if (state === 'verified' || state === 'done') return 1;
	return totalBytes > 0 ? Math.min(1, transferredBytes / totalBytes) : undefined;
}

/** A bar of exactly so many cells; empty where the share is unknown. */
export function bar(share: number | undefined, cells: number, style: BarStyle): string {
	const full = Math.floor((share ?? 0) * cells);
	const [done, left] = style.unicode ? ['━', '─'] : ['#', '-'];
	return paint(done.repeat(full), 32, style) + paint(left.repeat(cells - full), 2, style);
}

function bytesText({
	transferredBytes,
	totalBytes,
}: {
	transferredBytes: number;
	totalBytes: number;
}): string {
	const total = totalBytes > 0 ? `/${formatBytesCompact(totalBytes)}` : '';
	return `${formatBytesCompact(transferredBytes)}${total}`;
}

function speedText(bytesPerSecond: number | undefined): string {
	return bytesPerSecond === undefined ? '' : `${formatBytesCompact(bytesPerSecond)}/s`;
}

/** What a layer's line says behind its word: numbers while bytes move, what was unpacked afterwards. */
function numbersOf(layer: WatchedLayer): string {
	if (layer.state === 'transferring') return bytesText(layer);
	if (layer.state === 'waiting' || isSettled(layer))
		return layer.totalBytes > 0 ? formatBytesCompact(layer.totalBytes) : '';
	return layer.unpackedBytes > 0 ? formatBytesCompact(layer.unpackedBytes) : '';
}

function layerLine(
	state: TransferState,
	layer: WatchedLayer,
	columns: number,
	nowMs: number,
	style: BarStyle,
): string {
	const word = layerWord(layer, state.direction);
	const share = shareOf(layer);
	if (columns < barColumns) {
		const percent =
			layer.state === 'transferring' && share !== undefined ? `${Math.floor(share * 100)}%` : '';
		const text = `${shortDigest(layer.digest, 7)} ${word.padEnd(wordCells)} ${percent.padStart(4)} ${numbersOf(layer)}`;
		return shorten(text.trimEnd(), columns, style);
	}
	const left = `${shortDigest(layer.digest, 12)} ${word.padEnd(wordCells)} `;
	const numbers = numbersOf(layer).padStart(bytesCells);
	const speed = speedText(speedOf(layer, nowMs)).padStart(speedCells);
	const fixed = stringWidthCells(left) + bytesCells + speedCells + 2;
	const barCells = Math.max(leastBarCells, Math.min(mostBarCells, columns - fixed));
	const rest = columns - fixed - barCells - 2;
	const unpacked =
		layer.unpackedBytes > 0 && layer.state === 'transferring'
			? `, ${formatBytesCompact(layer.unpackedBytes)} unpacked`
			: '';
	const source = layer.state === 'transferring' ? outside(layer.source, style) : '';
	const more = rest >= 8 ? shorten(`${source}${unpacked}`.replace(/^, /u, ''), rest, style) : '';
	const middle =
		isSettled(layer) || layer.state === 'waiting' ? ' '.repeat(barCells) : bar(share, barCells, style);
	return `${left}${middle} ${numbers} ${speed}${more === '' ? '' : `  ${more}`}`.trimEnd();
}

function headLine(state: TransferState, columns: number, style: BarStyle): string {
	const { resolved, subject, direction } = state;
	const facts = [
		resolved?.platform ?? '',
		resolved?.source ? `${direction === 'push' ? 'to' : 'from'} ${resolved.source}` : '',
	]
		.filter(Boolean)
		.join(' ');
	const name = outside(resolved?.reference || subject, style);
	const head = `${verbs[direction]} ${name}`;
	const tail = facts === '' ? '' : `  ${outside(facts, style)}`;
	// The end of a name tells more than its beginning, and what follows it less.
	if (stringWidthCells(head + tail) <= columns) return head + tail;
	if (stringWidthCells(head) <= columns) return head;
	const room = columns - stringWidthCells(`${verbs[direction]} `);
	const ellipsis = style.unicode ? '…' : '~';
	return shorten(
		`${verbs[direction]} ${truncateCells(name, room, { from: 'start', ellipsis })}`,
		columns,
		style,
	);
}

function archiveText({ archive, direction }: TransferState): string | undefined {
	if (!archive) return undefined;
	const { bytes, totalBytes = 0 } = archive;
	return `${direction === 'load' ? 'archive read' : 'archive written'} ${bytesText({ transferredBytes: bytes, totalBytes })}`;
}

/** The last line: everything summed up. */
function totalLine(state: TransferState, columns: number, nowMs: number, style: BarStyle): string {
	const { layers, settled, moved, bytes, totalBytes, bytesPerSecond } = totalsOf(state, nowMs);
	const clock = formatClock(nowMs - state.startedAtMs);
	const parts = [
		clock,
		...(layers > 0
			? [`${settled}/${layers} layers`]
			: [state.resolved || state.archive ? 'preparing' : 'resolving']),
		...(moved > 0 ? [bytesText({ transferredBytes: bytes, totalBytes: totalBytes ?? 0 })] : []),
		...(bytesPerSecond > 0 ? [speedText(bytesPerSecond)] : []),
		...[archiveText(state) ?? []].flat(),
	];
	return shorten(parts.join('  '), columns, style);
}

/** Layers worth their line when not all have room: those at work, then those that wait, then those that are done. */
function chosenLayers(layers: readonly WatchedLayer[], room: number): readonly WatchedLayer[] {
	if (layers.length <= room) return layers;
	const rank = (layer: WatchedLayer) => (isSettled(layer) ? 2 : layer.state === 'waiting' ? 1 : 0);
	const best = layers
		.toSorted((a, b) => rank(a) - rank(b) || a.index - b.index)
		.slice(0, Math.max(0, room - 1));
	return best.toSorted((a, b) => a.index - b.index);
}

function summaryOf(state: TransferState, shown: readonly WatchedLayer[]): string {
	const hidden = state.layers.filter((layer) => !shown.includes(layer));
	const counts = new Map<string, number>();
	for (const layer of hidden) {
		const word = layerWord(layer, state.direction);
		counts.set(word, (counts.get(word) ?? 0) + 1);
	}
	return `and ${hidden.length} more: ${[...counts].map(([word, count]) => `${count} ${word}`).join(', ')}`;
}

/**
 * The lines of a transfer, none wider than the terminal less one column (so that none wraps), and never more than fit.
 * Escape sequences are colours only.
 */
export function barLines(
	state: TransferState,
	size: TerminalSize,
	nowMs: number,
	style: BarStyle,
): readonly string[] {
	const columns = Math.max(1, size.columns - 1);
	const total = totalLine(state, columns, nowMs, style);
	// Head, total, and the line where the cursor stays.
	const room = size.rows - 3;
	if (room < 1) return [total];
	const shown = chosenLayers(state.layers, room);
	const more = shown.length < state.layers.length ? [shorten(summaryOf(state, shown), columns, style)] : [];
	return [
		headLine(state, columns, style),
		...shown.map((layer) => layerLine(state, layer, columns, nowMs, style)),
		...more,
		total,
	];
}

/** The one line of a pull that tells no progress. */
export function elapsedLine(
	state: TransferState,
	size: TerminalSize,
	nowMs: number,
	style: BarStyle,
): readonly string[] {
	const clock = formatClock(nowMs - state.startedAtMs);
	const head = headLine(state, Math.max(1, size.columns - 3 - clock.length), style);
	const text = `${head}  ${clock}`;
	const remark = '  (this runtime tells no progress)';
	return [
		stringWidthCells(text + remark) < size.columns ? text + remark : shorten(text, size.columns - 1, style),
	];
}
