import { expect, test } from 'vitest';
import { lineWidthCells } from '../../../../src/ui/format/line.ts';
import { tabsOf } from '../../../../src/ui/store/slices/inspect.ts';
import type { UiState } from '../../../../src/ui/store/state.ts';
import { inspectLines } from '../../../../src/ui/views/inspect.tsx';
import { container, image, inspector, pod } from '../change-fixtures.ts';
import { description } from '../transfer-fixtures.ts';

function opened() {
	const images = [image('nginx:1.27'), image('redis:7')];
	const ui = inspector({ pods: [pod('web')], containers: [container('web', 'app')], images });
	ui.press('3', 'l');
	return ui;
}

function text(state: UiState, columns = 80, rows = 20): string {
	return inspectLines(state, { columns, rows })
		.map((line) => line.map((span) => span.text).join(''))
		.join('\n');
}

test('l in the list of images shows the layers; the tab stays from image to image', () => {
	const { state, press } = opened();
	expect(state().inspect).toMatchObject({ tab: 'layers', subject: { id: 'sha256:nginx' } });
	expect(text(state())).toContain('Layers');
	press('.');
	expect(state().inspect).toMatchObject({ tab: 'layers', subject: { id: 'sha256:redis' } });
	press('y');
	expect(state().inspect?.tab).toBe('summary');
	press('4');
	expect(state().inspect?.tab).toBe('layers');
});

test('what is told of another image than the shown one is dropped', () => {
	const { state, store } = opened();
	store.dispatch('inspect', { kind: 'imageDescribed', id: 'sha256:redis', description: description('x') });
	expect(state().inspect?.layers).toBeUndefined();
});

test('secrets in the history are hidden until asked for', () => {
	const { state, store, press } = opened();
	store.dispatch('inspect', {
		kind: 'imageDescribed',
		id: 'sha256:nginx',
		description: description('sha256:nginx'),
	});
	expect(text(state(), 120, 40)).toContain('API_PASSWORD=••••');
	expect(text(state(), 120, 40)).not.toContain('hunter2');
	press('x');
	expect(text(state(), 120, 40)).toContain('hunter2hunter2');
});

test('only images have layers, and others say so', () => {
	expect(tabsOf('pods')).not.toContain('layers');
	const { state, press } = inspector({ pods: [pod('web')], containers: [container('web', 'app')] });
	press('2', 'i', '4');
	expect(state().inspect?.tab).toBe('summary');
	expect(state().notices.current?.text).toBe('A container has no layers: its image has.');
	expect(text(state())).not.toContain('Layers');
	press('y', 'y', 'y');
	expect(state().inspect?.tab).toBe('summary');
});

test('from the layers of an image to a container the summary opens', () => {
	const { state, press } = opened();
	press('escape', '2', 'i');
	expect(state().inspect).toMatchObject({ tab: 'summary', subject: { list: 'containers' } });
});

test.each([
	[80, 20],
	[120, 36],
	[40, 8],
])('fits into %i x %i and can be gone through', (columns, rows) => {
	const { state, store, press } = opened();
	store.dispatch('screen', { kind: 'resized', columns, rows: rows + 4 });
	store.dispatch('inspect', {
		kind: 'imageDescribed',
		id: 'sha256:nginx',
		description: description('sha256:nginx', { damages: ['layer 2: the link file is empty'] }),
	});
	for (const key of ['g', 'G', 'k', 'w', 'g']) {
		press(key);
		const lines = inspectLines(state(), { columns, rows });
		expect(lines.length).toBeLessThanOrEqual(rows);
		// Without wrapping, lines are cut where they are drawn.
		if (state().inspect?.wrap.layers)
			expect(Math.max(...lines.map(lineWidthCells))).toBeLessThanOrEqual(columns);
	}
});
