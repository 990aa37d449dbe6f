import { expect, test } from 'vitest';
import { lineWidthCells } from '../../../../src/ui/format/line.ts';
import type { UiState } from '../../../../src/ui/store/state.ts';
import { pullsLines } from '../../../../src/ui/views/pulls-text.ts';
import { image, inspector } from '../change-fixtures.ts';

function text(state: UiState, columns = 80, rows = 21): string {
	return pullsLines(state, { columns, rows })
		.map((line) => line.map((span) => span.text).join(''))
		.join('\n');
}

const problem = {
	kind: 'unauthorized',
	sentence: 'r.io wants a login.',
	remedy: 'Log in.',
	text: 'first \u001b[2J line\nsecond line',
} as const;

function twoPulls() {
	const ui = inspector({ images: [image('nginx:1.27')] });
	ui.store.dispatch('pulls', { kind: 'pullStarted', id: 1, image: 'r.io/a:1', atMs: 1_000_000 });
	ui.store.dispatch('pulls', { kind: 'pullFailed', id: 1, problem, atMs: 1_002_000 });
	ui.store.dispatch('pulls', { kind: 'pullStarted', id: 2, image: 'r.io/b:1', atMs: 1_003_000 });
	ui.store.dispatch('core', { kind: 'ticked', nowMs: 1_070_000 });
	ui.press('3', 'b');
	return ui;
}

test('claims no progress that is not known, and calls an estimate one', () => {
	const { state, store } = twoPulls();
	expect(text(state())).toContain('no progress told by the CRI');
	expect(text(state())).toContain('1:07');
	store.dispatch('pulls', { kind: 'storeGrew', id: 2, growthBytes: 125_829_120n });
	expect(text(state())).toContain('~120 MiB so far, by store growth');
	expect(text(state())).toContain('an estimate');
});

test('the full text of a failure stands below, harmless', () => {
	const { state, press } = twoPulls();
	press('j');
	expect(text(state())).toContain('The runtime said:\n first ␛[2J line\n second line');
});

test('the cursor stays on its task when a new one comes', () => {
	const { state, press, store } = twoPulls();
	press('j');
	store.dispatch('pulls', { kind: 'pullStarted', id: 3, image: 'r.io/c:1', atMs: 1_009_000 });
	expect(text(state())).toContain('The runtime said:');
});

test('x cancels what runs and says why it cannot otherwise', () => {
	const { press, asked, state } = twoPulls();
	press('x', 'j', 'x');
	expect(asked.cancelled).toEqual([2]);
	expect(state().notices.current?.text).toMatch(/has ended/);
});

test('P there proposes the image of the task; L asks for name and password, hidden', () => {
	const { press, type, state, asked } = twoPulls();
	press('j', 'P');
	expect(state().entry).toMatchObject({ kind: 'pullImage', value: 'r.io/a:1' });
	press('escape', 'L');
	type('ada');
	press('enter');
	expect(state().entry).toMatchObject({ kind: 'pullPassword', masked: true, history: [] });
	type('s3 cret');
	press('enter');
	expect(asked.pulls).toEqual([{ image: 'r.io/a:1', login: { username: 'ada', password: 's3 cret' } }]);
	expect(state().entry).toBeUndefined();
	expect(state().pulls.login).toBeUndefined();
});

test('a name that cannot be one is refused with the reason; a good one is passed as typed', () => {
	const { press, type, state, asked } = inspector({ images: [image('nginx:1.27')] });
	press('3', 'P');
	expect(state().entry?.value).toBe('nginx:1.27');
	press('end');
	type('@');
	press('enter');
	expect(state().entry?.problem).toContain('the digest after "@" is missing');
	press('backspace', 'enter');
	expect(asked.pulls).toEqual([{ image: 'nginx:1.27' }]);
});

test('older images come with the up key', () => {
	const { press, state, store } = inspector({ images: [image('nginx:1.27')] });
	store.dispatch('pulls', { kind: 'historyRead', history: ['new:1', 'old:1'] });
	press('3', 'P', 'up', 'up');
	expect(state().entry?.value).toBe('old:1');
});

test('u forgets what has ended, and the list says when it is empty', () => {
	const { press, state, store } = twoPulls();
	press('u');
	expect(state().pulls.tasks.map(({ id }) => id)).toEqual([2]);
	store.dispatch('pulls', { kind: 'pullCancelled', id: 2, atMs: 1_080_000 });
	press('u');
	expect(text(state())).toContain('Nothing yet.');
});

test.each([
	[80, 21],
	[40, 10],
	[20, 4],
])('fits into %i x %i', (columns, rows) => {
	const { state } = twoPulls();
	const lines = pullsLines(state(), { columns, rows });
	expect(lines.length).toBeLessThanOrEqual(rows);
	expect(Math.max(...lines.map(lineWidthCells))).toBeLessThanOrEqual(columns);
});
