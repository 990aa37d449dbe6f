import { describe, expect, test } from 'vitest';
import type { LayerProgress, TransferEvent } from '../../../../src/cri/image-transfer.ts';
import { lineWidthCells } from '../../../../src/ui/format/line.ts';
import type { UiState } from '../../../../src/ui/store/state.ts';
import { selectedTask } from '../../../../src/ui/store/tasks.ts';
import { activityText } from '../../../../src/ui/views/activity.ts';
import { pullsLines, taskFullText } from '../../../../src/ui/views/pulls-text.ts';
import { inspector } from '../change-fixtures.ts';
import { layer, resolved } from '../transfer-fixtures.ts';

const mib = 1 << 20;
const mirror = 'mirror.local:5000';

function text(state: UiState, columns = 80, rows = 20): string {
	return pullsLines(state, { columns, rows })
		.map((line) =>
			line
				.map((span) => span.text)
				.join('')
				.trimEnd(),
		)
		.join('\n');
}

function pulling(...events: readonly TransferEvent[]) {
	const ui = inspector({});
	ui.store.dispatch('pulls', {
		kind: 'pullStarted',
		id: 1,
		image: 'nginx:1.27',
		atMs: 1_000_000,
		asked: true,
	});
	ui.press('3', 'b');
	const tell = (atMs: number, ...more: readonly TransferEvent[]): void => {
		ui.store.dispatch('pulls', { kind: 'pullProgressed', id: 1, events: more, atMs });
		ui.store.dispatch('core', { kind: 'ticked', nowMs: atMs });
	};
	if (events.length > 0) tell(1_001_000, ...events);
	return { ...ui, tell };
}

function moving(index: number, more: Partial<LayerProgress> = {}): LayerProgress {
	return layer(index, { state: 'transferring', source: mirror, totalBytes: 40 * mib, ...more });
}

/** A pull of five layers in every state, two seconds on. */
function fiveLayers() {
	const layers = [
		layer(0, { state: 'present', totalBytes: 38 * mib }),
		layer(1, { state: 'done', totalBytes: 10 * mib, transferredBytes: 10 * mib, unpackedBytes: 30 * mib }),
		layer(2, { state: 'verified', totalBytes: 10 * mib, transferredBytes: 10 * mib, source: mirror }),
		moving(3),
		layer(4, { totalBytes: 20 * mib }),
	];
	const ui = pulling(resolved(layers), { kind: 'note', text: 'mirror-a failed: \u001b[2J refused' });
	ui.tell(1_003_000, {
		kind: 'layer',
		layer: moving(3, { transferredBytes: 20 * mib, unpackedBytes: 50 * mib, source: 'docker.io' }),
	});
	return ui;
}

test('before the first word nothing is claimed', () => {
	const { state, store } = pulling();
	expect(text(state())).toContain('Beginning.');
	expect(text(state())).not.toMatch(/CRI|estimate|%/);
	store.dispatch('pulls', { kind: 'pullUntold', id: 1 });
	expect(text(state())).toContain('no progress told by the CRI');
});

test('the whole: share, bytes, rate and what is left; also in the row and in the footer', () => {
	const { state } = fiveLayers();
	expect(text(state())).toContain('██████████░░░░░░░░░░  50%  40 MiB of 80 MiB  10 MiB/s  0:04 left');
	expect(text(state())).toMatch(/pulling +nginx:1\.27 +0:04 left, 10M\/s, 40M of 80M +50% {2}0:03/);
	expect(activityText(state())).toBe('Pulling 50% 0:03');
});

test('each layer: digest, state, bar, bytes, speed, unpacked, and a source that is another one', () => {
	const { state } = fiveLayers();
	expect(text(state())).toContain(
		[
			' 010101010101 in store             38M',
			' 020202020202 done      ██████████ 10M                 30M unpacked',
			' 030303030303 unpacking ██████████ 10M',
			' 040404040404 pulling   █████░░░░░ 20M/40M     10M/s   50M unpacked   docker.io',
			' 050505050505 waiting              20M',
		].join('\n'),
	);
	expect(text(state())).toContain('! mirror-a failed: ␛[2J refused');
	expect(text(state(), 120, 30)).toMatch(/030303030303 unpacking .*mirror\.local:5000/);
});

test('all bytes here is not yet done', () => {
	const { state } = pulling(resolved([layer(0, { state: 'verified', totalBytes: 5 * mib })]));
	expect(text(state())).toContain('5.0 MiB here, unpacking');
	expect(text(state())).not.toContain('%');
});

test('a layer whose size is not known has no share, and neither has the whole', () => {
	const { state } = pulling(resolved([moving(0, { totalBytes: 0, transferredBytes: 3 * mib })]));
	expect(text(state())).toContain('3.0M/?');
	expect(text(state())).not.toMatch(/%|left/);
});

test('a stall is seen: the rate falls and nothing is said to be left soon', () => {
	const { state, store } = fiveLayers();
	store.dispatch('core', { kind: 'ticked', nowMs: 1_060_000 });
	expect(text(state())).toContain('40 MiB of 80 MiB  0 B/s');
	expect(text(state())).not.toContain('left');
});

describe('many layers', () => {
	const many = () => {
		const layers = Array.from({ length: 60 }, (_, index) =>
			index < 20
				? layer(index, { state: index < 8 ? 'done' : 'verified', totalBytes: mib, transferredBytes: mib })
				: index < 23
					? moving(index, { transferredBytes: mib })
					: layer(index, { totalBytes: mib }),
		);
		return pulling(resolved(layers));
	};

	test.each([
		[80, 20],
		[120, 36],
		[40, 10],
	])('what moves is on the screen of %i x %i; what rests is drawn together', (columns, rows) => {
		const { state } = many();
		const shown = text(state(), columns, rows);
		expect(shown).toContain(' 8 layers done');
		expect(shown).toContain(' 12 layers unpacking');
		expect(shown.match(/ pulling {3}[█░]/g)).toHaveLength(3);
		if (rows > 10) expect(shown).toContain(' 37 layers waiting');
	});
});

test.each([
	[80, 20],
	[120, 36],
	[40, 8],
	[20, 4],
])('fits into %i x %i, whatever became of it', (columns, rows) => {
	for (const kind of ['running', 'cancelled', 'failed', 'done'] as const) {
		const { state, store } = fiveLayers();
		const end = { id: 1, atMs: 1_010_000 };
		if (kind === 'cancelled') store.dispatch('pulls', { kind: 'pullCancelled', ...end });
		const problem = { kind: 'other', sentence: 'It broke.', remedy: 'Try again.', text: 'EOF' } as const;
		if (kind === 'failed') store.dispatch('pulls', { kind: 'pullFailed', ...end, problem });
		const result = { imageId: 'sha256:abc', sizeBytes: 5n, unchanged: false };
		if (kind === 'done') store.dispatch('pulls', { kind: 'pullSucceeded', ...end, result });
		const lines = pullsLines(state(), { columns, rows });
		expect(lines.length).toBeLessThanOrEqual(rows);
		expect(Math.max(...lines.map(lineWidthCells))).toBeLessThanOrEqual(columns);
	}
});

test('what ended keeps its layers below what came of it, without bars of time', () => {
	const { state, store } = fiveLayers();
	store.dispatch('pulls', { kind: 'pullCancelled', id: 1, atMs: 1_010_000 });
	expect(text(state())).toMatch(/Cancelled by you[\s\S]* 040404040404 cut off/);
	expect(text(state())).not.toMatch(/left|\/s/);
});

test('copying takes whole digests, all notes, and nothing that a terminal obeys', () => {
	const { state, store } = fiveLayers();
	for (let at = 0; at < 5; at++)
		store.dispatch('pulls', {
			kind: 'pullProgressed',
			id: 1,
			events: [{ kind: 'note', text: `note ${at}` }],
			atMs: 1_004_000,
		});
	const task = selectedTask(state());
	const copied = task ? taskFullText(state(), task) : '';
	expect(copied).toContain(`sha256:${'04'.repeat(32)} pulling 20M/40M, 50 MiB unpacked, from docker.io`);
	expect(copied).toContain('! note 0');
	expect(copied).not.toContain('\u001b');
});

test.each(['failed', 'cancelled'] as const)('of a pull that %s no layer is on its way any more', (how) => {
	const { state, store } = fiveLayers();
	const end = { id: 1, atMs: 1_004_000 };
	const problem = {
		kind: 'other',
		sentence: 'Cannot pull it.',
		remedy: 'Try again.',
		text: 'broken',
	} as const;
	if (how === 'cancelled') store.dispatch('pulls', { kind: 'pullCancelled', ...end });
	else store.dispatch('pulls', { kind: 'pullFailed', ...end, problem });
	for (const columns of [80, 40]) {
		const shown = text(state(), columns, 40);
		expect(shown).not.toMatch(/pulling|unpacking|waiting/);
		const words = ['in store', 'done', 'not kept', 'cut off', 'not begun'];
		expect(shown.match(new RegExp(` (${words.join('|')}) `, 'g'))?.map((word) => word.trim())).toEqual(words);
	}
	const selected = selectedTask(state());
	expect(selected && taskFullText(state(), selected)).toMatch(/not kept[\s\S]* cut off 20(\.0)?M\/40M/);
});
