/** The progress of a pull as text, where the runtime tells it: the whole, what was said on the way, each layer. */

import type { LayerState } from '../../cri/image-transfer.ts';
import { formatBytes, formatBytesCompact } from '../../text/bytes.ts';
import { formatClock } from '../../text/duration.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { sliceCells } from '../../text/width.ts';
import { wrapWords } from '../../text/wrap-words.ts';
import { barSpans, percentText } from '../format/bar.ts';
import { lineWidthCells, truncateLine } from '../format/line.ts';
import { bytesPerSecond } from '../store/rate.ts';
import {
	hasArrived,
	type LayerTransfer,
	type PullTransfer,
	transferTotals,
	wasThere,
} from '../store/slices/pulls/transfer.ts';
import type { PullTask } from '../store/slices/pulls.ts';
import type { Line, Span, Token } from '../theme/tokens.ts';

const stateWords: Readonly<Record<LayerState, readonly [string, Token | undefined]>> = {
	waiting: ['waiting', 'muted'],
	present: ['in store', 'muted'],
	transferring: ['pulling', 'accent'],
	verified: ['unpacking', 'accent'],
	done: ['done', 'ok'],
	mounted: ['mounted', 'ok'],
};

/** Of a pull that ended before its end: what had not come into the store is not on its way any more. */
const endedStateWords: typeof stateWords = {
	...stateWords,
	waiting: ['not begun', 'muted'],
	transferring: ['cut off', 'warn'],
	verified: ['not kept', 'warn'],
};

function wordsOf(task: PullTask): typeof stateWords {
	return task.state === 'failed' || task.state === 'cancelled' ? endedStateWords : stateWords;
}

/** Notes that stand above the layers; the newest say what goes on. */
const shownNotes = 3;

/** `42%` of all bytes; undefined where not all of their number is known, or none have to come. */
export function transferPercent(transfer: PullTransfer, nowMs: number): string | undefined {
	const { transferredBytes, totalBytes, arrived } = transferTotals(transfer, nowMs);
	if (!transfer.resolved || arrived || !totalBytes) return undefined;
	return percentText(transferredBytes / totalBytes);
}

/** How far a pull is, in words that go after each other: bytes, rate, what is left. */
function progressWords(transfer: PullTransfer, nowMs: number, bytes = formatBytes): readonly string[] {
	const totals = transferTotals(transfer, nowMs);
	const { transferredBytes, totalBytes, bytesPerSecond: rate } = totals;
	if (!transfer.resolved && transfer.layers.length === 0) return ['looking for the image'];
	if (totals.arrived) {
		if (transfer.layers.every(wasThere)) return ['all layers are in the store'];
		const unpacking = transfer.layers.some(({ state }) => state === 'verified');
		return [`${bytes(transferredBytes)} here, ${unpacking ? 'unpacking' : 'finishing'}`];
	}
	const total = totalBytes === undefined ? '' : ` of ${bytes(totalBytes)}`;
	const left = totalBytes !== undefined && rate ? ((totalBytes - transferredBytes) / rate) * 1000 : undefined;
	return [
		`${bytes(transferredBytes)}${total}`,
		...(rate === undefined ? [] : [`${bytes(rate)}/s`]),
		...(left === undefined ? [] : [`${formatClock(left)} left`]),
	];
}

/** How far a running pull is, for one line among others, what counts most first: `0:02 left, 8.1M/s, 26M of 49M`. */
export function transferProgress(transfer: PullTransfer, nowMs: number): string {
	return progressWords(transfer, nowMs, formatBytesCompact).toReversed().join(', ');
}

/** The bar over everything, with the words beside it or below it. */
function overallLines(transfer: PullTransfer, nowMs: number, columns: number): readonly Line[] {
	const words = progressWords(transfer, nowMs).join('  ');
	const percent = transferPercent(transfer, nowMs);
	const { transferredBytes, totalBytes } = transferTotals(transfer, nowMs);
	if (percent === undefined || !totalBytes) return [[{ text: ` ${words}` }]];
	const cells = columns >= 100 ? 30 : columns >= 60 ? 20 : 10;
	const bar: Line = [
		{ text: ' ' },
		...barSpans(transferredBytes / totalBytes, cells, 'accent'),
		{ text: ` ${percent.padStart(4)}` },
	];
	const line: Line = [...bar, { text: `  ${words}` }];
	return lineWidthCells(line) <= columns ? [line] : [bar, [{ text: ` ${words}` }]];
}

/** What was found where. */
function originText({ resolved }: PullTransfer): string | undefined {
	if (!resolved) return undefined;
	const { reference, source, platform, manifestDigest } = resolved;
	const from = source ? ` from ${source}` : '';
	const digest = manifestDigest ? `, manifest ${shortDigest(manifestDigest, 12)}` : '';
	return `${reference}${from}${platform ? `, ${platform}` : ''}${digest}.`;
}

function shortDigest(digest: string, cells: number): string {
	return sliceCells(sanitizeLine(digest.slice(digest.indexOf(':') + 1)), 0, cells);
}

/** Of a manifest the repository is told as well, of a layer the host. */
function hostOf(source: string): string {
	return source.split('/', 1)[0] ?? '';
}

function bytesText({ state, transferredBytes, totalBytes }: LayerTransfer): string {
	const total = totalBytes > 0 ? formatBytesCompact(totalBytes) : '?';
	if (state === 'transferring') return `${formatBytesCompact(transferredBytes)}/${total}`;
	return total === '?' && transferredBytes > 0 ? formatBytesCompact(transferredBytes) : total;
}

function shareOf(layer: LayerTransfer): number {
	if (hasArrived(layer)) return 1;
	return layer.totalBytes > 0 ? layer.transferredBytes / layer.totalBytes : 0;
}

/** How lines of layers are written: of which transfer, when, in what room, with which words. */
type Look = {
	readonly transfer: PullTransfer;
	readonly words: typeof stateWords;
	readonly nowMs: number;
	readonly columns: number;
};

/** One layer. A wide screen has room for speed, what is unpacked and where it comes from. */
function layerLine(layer: LayerTransfer, look: Look): Line {
	const { words, transfer, nowMs, columns } = look;
	const [word, token] = words[layer.state];
	const wide = columns >= 60;
	const idle = layer.state === 'waiting' || wasThere(layer);
	const cells = wide ? 10 : 6;
	const bar: Line = idle ? [{ text: ' '.repeat(cells) }] : barSpans(shareOf(layer), cells, token);
	const line: Span[] = [
		{ text: ` ${shortDigest(layer.digest, wide ? 12 : 7).padEnd(wide ? 12 : 7)} ` },
		{ text: `${word.padEnd(9)} `, token },
		...bar,
		{ text: ` ${bytesText(layer).padEnd(11)}` },
	];
	if (wide) {
		const rate = layer.state === 'transferring' ? bytesPerSecond(layer.rate, nowMs) : undefined;
		line.push({ text: ` ${(rate === undefined ? '' : `${formatBytesCompact(rate)}/s`).padEnd(7)}` });
		const unpacked = layer.unpackedBytes > 0 ? `${formatBytesCompact(layer.unpackedBytes)} unpacked` : '';
		const elsewhere = layer.source !== '' && hostOf(layer.source) !== hostOf(transfer.resolved?.source ?? '');
		// Where it comes from is said above for all; here it counts when it is another place, or when there is room.
		const source = !idle && (elsewhere || columns >= 100) ? sanitizeLine(layer.source) : '';
		line.push({ text: ` ${unpacked.padEnd(14)} `, token: 'muted' });
		line.push({ text: source, token: elsewhere ? 'warn' : 'muted' });
	}
	return truncateLine(line, columns);
}

/** Layers next to each other of which there is no more to say than that: one line instead of many. */
function groupLine(layers: readonly LayerTransfer[], { words, columns }: Look): Line {
	const [first] = layers;
	const [word, token] = first ? words[first.state] : ['', undefined];
	const bytes = layers.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
	const size = bytes > 0 ? `  ${formatBytes(bytes)}` : '';
	return truncateLine(
		[{ text: ` ${layers.length} layers ` }, { text: word, token }, { text: size }],
		columns,
	);
}

function layerLines(look: Look, rows: number): readonly Line[] {
	const { layers } = look.transfer;
	const one = (layer: LayerTransfer): Line => layerLine(layer, look);
	if (layers.length <= rows) return layers.map(one);
	const out: Line[] = [];
	let group: LayerTransfer[] = [];
	const endGroup = (): void => {
		if (group.length > 2) out.push(groupLine(group, look));
		else out.push(...group.map(one));
		group = [];
	};
	for (const layer of layers) {
		if (group[0]?.state !== layer.state) endGroup();
		if (layer.state === 'transferring') out.push(one(layer));
		else group.push(layer);
	}
	endGroup();
	return out;
}

function wrappedLines(text: string, columns: number, token?: Token): readonly Line[] {
	return wrapWords(sanitizeLine(text), columns - 2).map((line): Line => [{ text: ` ${line}`, token }]);
}

/** Everything told of a transfer. Where not all layers fit into `rows`, only those that come now have lines of their own. */
export function transferLines(
	task: PullTask,
	nowMs: number,
	{ columns, rows }: { readonly columns: number; readonly rows: number },
): readonly Line[] {
	const { transfer } = task;
	if (!transfer) return [];
	const overall = task.state === 'running' ? overallLines(transfer, nowMs, columns) : [];
	const text = originText(transfer);
	const origin = text ? wrappedLines(text, columns, 'muted') : [];
	const said = transfer.notes.slice(-shownNotes);
	const notes = said.flatMap((note) => wrappedLines(`! ${note}`, columns, 'warn'));
	const look = { transfer, words: wordsOf(task), nowMs, columns };
	const layersFor = (head: readonly Line[]) => layerLines(look, Math.max(3, rows - head.length));
	const head = [...overall, ...origin, ...notes];
	if (rows - head.length >= 5) return [...head, ...layersFor(head)];
	// Where room is scarce the layers come first: they are what moves.
	return [...overall, ...layersFor(overall), ...notes, ...origin];
}

/** Everything told of a transfer, for the clipboard. Sanitised. */
export function transferFullText(task: PullTask, nowMs: number): readonly string[] {
	const { transfer } = task;
	if (!transfer) return [];
	const origin = originText(transfer);
	const { resolved } = transfer;
	const texts = [
		...(task.state === 'running' ? [transferProgress(transfer, nowMs)] : []),
		...(origin ? [origin] : []),
		...(resolved?.manifestDigest ? [`Manifest: ${resolved.manifestDigest}`] : []),
		...transfer.notes.map((note) => `! ${note}`),
		...transfer.layers.map((layer) => {
			const unpacked = layer.unpackedBytes > 0 ? `, ${formatBytes(layer.unpackedBytes)} unpacked` : '';
			const source = layer.source ? `, from ${layer.source}` : '';
			return `${layer.digest} ${wordsOf(task)[layer.state][0]} ${bytesText(layer)}${unpacked}${source}`;
		}),
	];
	return texts.map((text) => sanitizeLine(text));
}
