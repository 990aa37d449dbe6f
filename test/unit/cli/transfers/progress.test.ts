import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BarStyle, bar, barLines, elapsedLine } from '../../../../src/cli/transfers/bars.ts';
import { plainLines, summaryLine } from '../../../../src/cli/transfers/plain-lines.ts';
import {
	applyEvent,
	newTransfer,
	speedOf,
	type TransferState,
} from '../../../../src/cli/transfers/transfer-state.ts';
import type { LayerProgress, LayerState, TransferEvent } from '../../../../src/cri/image-transfer.ts';
import { stringWidthCells } from '../../../../src/text/width.ts';

const unicode: BarStyle = { unicode: true, colors: false };
const ascii: BarStyle = { unicode: false, colors: false };

function layer(index: number, state: LayerState, transferred = 0, total = 0, unpacked = 0): LayerProgress {
	return {
		index,
		digest: `sha256:${String(index).padStart(2, '0').repeat(32)}`,
		state,
		transferredBytes: transferred,
		totalBytes: total,
		unpackedBytes: unpacked,
		source: 'mirror.example.com:5000',
	};
}

function resolved(layers: readonly LayerProgress[]): TransferEvent {
	return {
		kind: 'resolved',
		reference: 'docker.io/library/nginx:1.27',
		manifestDigest: 'sha256:1',
		source: 'mirror.example.com:5000',
		platform: 'linux/amd64',
		imageId: 'x',
		layers,
	};
}

function after(events: readonly (readonly [atMs: number, event: TransferEvent])[]): TransferState {
	return events.reduce(
		(state, [atMs, event]) => applyEvent(state, event, atMs),
		newTransfer('pull', 'nginx', 0),
	);
}

const mebi = 2 ** 20;
const halfway = after([
	[
		1000,
		resolved([
			layer(0, 'present', 0, 30 * mebi),
			layer(1, 'waiting', 0, 48 * mebi),
			layer(2, 'waiting', 0, 12 * mebi),
			layer(3, 'waiting', 0, 500),
		]),
	],
	[1000, { kind: 'layer', layer: layer(1, 'transferring', 0, 48 * mebi) }],
	[2000, { kind: 'layer', layer: layer(1, 'transferring', 12 * mebi, 48 * mebi) }],
	[2000, { kind: 'layer', layer: layer(2, 'verified', 12 * mebi, 12 * mebi, 20 * mebi) }],
]);

test('eighty columns: digest, word, bar, bytes and speed of each layer, and the sum', () => {
	expect(barLines(halfway, { columns: 80, rows: 24 }, 2000, unicode)).toEqual([
		'Pulling docker.io/library/nginx:1.27  linux/amd64 from mirror.example.com:5000',
		'000000000000 exists                                                 30M',
		'010101010101 downloading ━━━━━━━━──────────────────────────     12M/48M   12M/s',
		'020202020202 unpacking   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━         20M',
		'030303030303 waiting                                               500B',
		'0:02  1/4 layers  24M/60M  12M/s',
	]);
});

test('a wide terminal has room for the mirror, and for what is unpacked meanwhile', () => {
	const state = applyEvent(
		halfway,
		{ kind: 'layer', layer: layer(1, 'transferring', 24 * mebi, 48 * mebi, 30 * mebi) },
		2100,
	);
	expect(barLines(state, { columns: 140, rows: 24 }, 2100, unicode)[2]).toMatch(
		/24M\/48M {3}12M\/s {2}mirror\.example\.com:5000, 30M unpacked$/,
	);
});

test('forty columns and ASCII have numbers only', () => {
	expect(barLines(halfway, { columns: 40, rows: 24 }, 2000, ascii)).toEqual([
		'Pulling docker.io/library/nginx:1.27',
		'0000000 exists           30M',
		'0101010 downloading  25% 12M/48M',
		'0202020 unpacking        20M',
		'0303030 waiting          500B',
		'0:02  1/4 layers  24M/60M  12M/s',
	]);
});

test('more layers than rows: those at work stay, the others are counted', () => {
	const layers = Array.from({ length: 60 }, (_, index) =>
		layer(index, index < 20 ? 'done' : index === 33 ? 'transferring' : 'waiting', 0, mebi),
	);
	const lines = barLines(after([[0, resolved(layers)]]), { columns: 80, rows: 7 }, 0, unicode);
	expect(lines).toHaveLength(6);
	expect(lines.slice(1, 4).map((line) => line.slice(0, 24).trim())).toEqual([
		'202020202020 waiting',
		'212121212121 waiting',
		'333333333333 downloading',
	]);
	expect(lines[4]).toBe('and 57 more: 20 done, 37 waiting');
});

test('colours are all that NO_COLOR takes away', () => {
	const colored = bar(0.5, 10, { unicode: true, colors: true });
	expect(colored).toBe('\x1b[32m━━━━━\x1b[0m\x1b[2m─────\x1b[0m');
	expect(bar(0.5, 10, unicode)).toBe('━━━━━─────');
	expect(bar(1, 4, ascii) + bar(undefined, 4, ascii)).toBe('####----');
});

test('nothing is wider than the terminal or higher than it, whatever comes', () => {
	const anyLayer = fc.record({
		index: fc.nat(80),
		digest: fc.string(),
		state: fc.constantFrom<LayerState>('waiting', 'present', 'transferring', 'verified', 'done', 'mounted'),
		transferredBytes: fc.maxSafeNat(),
		totalBytes: fc.maxSafeNat(),
		unpackedBytes: fc.maxSafeNat(),
		source: fc.string({ unit: 'binary' }),
	});
	fc.assert(
		fc.property(
			fc.array(anyLayer, { maxLength: 40 }),
			fc.string({ unit: 'binary' }),
			fc.integer({ min: 1, max: 200 }),
			fc.integer({ min: 1, max: 50 }),
			fc.boolean(),
			(layers, reference, columns, rows, wide) => {
				let state = newTransfer('pull', reference, 0);
				state = applyEvent(state, { ...resolved([]), reference, source: reference } as TransferEvent, 1);
				for (const next of layers) state = applyEvent(state, { kind: 'layer', layer: next }, 2);
				const style = { unicode: wide, colors: false };
				for (const lines of [
					barLines(state, { columns, rows }, 5000, style),
					elapsedLine(state, { columns, rows }, 5000, style),
				]) {
					expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
					for (const line of lines) {
						expect(stringWidthCells(line)).toBeLessThanOrEqual(Math.max(1, columns - 1));
						expect(line).not.toMatch(/\p{Cc}/u);
						if (!wide) expect(line).toMatch(/^[\x20-\x7e]*$/);
					}
				}
			},
		),
		{ numRuns: 300 },
	);
});

describe('speed', () => {
	const second = (state: TransferState) => state.layers[1];

	test('is that of the last second, and nothing once nothing comes', () => {
		const watched = second(halfway);
		expect(watched && speedOf(watched, 2000)).toBe(12 * mebi);
		expect(watched && speedOf(watched, 6000)).toBe(0);
	});

	test('begins anew where the bytes do, as with another mirror', () => {
		const restarted = applyEvent(
			halfway,
			{ kind: 'layer', layer: layer(1, 'transferring', 0, 48 * mebi) },
			2500,
		);
		const on = applyEvent(
			restarted,
			{ kind: 'layer', layer: layer(1, 'transferring', mebi, 48 * mebi) },
			3500,
		);
		const watched = second(on);
		expect(watched && speedOf(watched, 3500)).toBe(mebi);
	});
});

describe('plain lines', () => {
	const before = after([[0, resolved([layer(0, 'waiting', 0, mebi)])]]);

	test('one for each change of a state, none for bytes', () => {
		const moving: TransferEvent = { kind: 'layer', layer: layer(0, 'transferring', 10, mebi) };
		expect(plainLines(newTransfer('pull', 'nginx', 0), resolved([layer(0, 'waiting')]))).toEqual([
			'docker.io/library/nginx:1.27: 1 layer from mirror.example.com:5000, linux/amd64',
		]);
		expect(plainLines(before, moving)).toEqual([
			'000000000000: downloading 1.0 MiB from mirror.example.com:5000',
		]);
		const state = applyEvent(before, moving, 1);
		expect(plainLines(state, { kind: 'layer', layer: layer(0, 'transferring', 20, mebi) })).toEqual([]);
		expect(plainLines(state, { kind: 'layer', layer: layer(0, 'done', mebi, mebi) })).toEqual([
			'000000000000: done',
		]);
		expect(plainLines(state, { kind: 'note', text: 'mirror\x1b[2J failed' })).toEqual([
			'note: mirror␛[2J failed',
		]);
	});

	test('the summary says what was moved, or that nothing had to be', () => {
		const done = applyEvent(
			halfway,
			{ kind: 'completed', imageId: 'x', manifestDigest: '', names: [], upToDate: false },
			9000,
		);
		expect(summaryLine(done, 9000)).toBe('Pulled nginx in 9s, 3 of 4 layers, 24 MiB');
		const same = applyEvent(
			before,
			{ kind: 'completed', imageId: 'x', manifestDigest: '', names: [], upToDate: true },
			1,
		);
		expect(summaryLine(same, 1)).toBe('nginx was up to date (0s)');
	});
});
