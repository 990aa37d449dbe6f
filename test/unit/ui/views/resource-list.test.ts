import { expect, test } from 'vitest';
import { boxOf } from '../../../../src/ui/store/layout.ts';
import type { ListId, UiState } from '../../../../src/ui/store/state.ts';
import { resourceListLines } from '../../../../src/ui/views/resource-list.tsx';
import { applied as after, event, emptyState as initial, pod, refreshed } from '../fixtures.ts';

function textOf(state: UiState, list: ListId): string {
	const box = boxOf(state.screen, list);
	if (!box) throw new Error('not on screen');
	return resourceListLines(state, list, box)
		.map((line) =>
			line
				.map(({ text }) => text)
				.join('')
				.trimEnd(),
		)
		.join('\n');
}

const problem = `cannot find a runtime: ${Array.from({ length: 12 }, (_, index) => `/run/place-${index}`).join(', ')}; name one`;

test('why there is nothing is said once, in full, and wrapped', () => {
	const state = after(
		initial(),
		event('connection', { kind: 'endpointMissing', problem, remedy: undefined }),
	);
	expect(textOf(state, 'pods').replaceAll(/\s+/g, ' ')).toContain(problem);
	expect(textOf(state, 'containers')).not.toContain('cannot find');
	expect(textOf(state, 'images')).toContain('No answer yet.');
	const onLogs = after(state, event('screen', { kind: 'paneFocused', pane: 'logs' }));
	expect(textOf(onLogs, 'pods')).toContain('cannot find');
});

test('counts stand in brackets, so that they are no part of a name', () => {
	expect(textOf(initial(), 'pods')).toMatch(/1 Pods ━/);
	const state = after(initial(), ...refreshed([pod('web'), pod('db')]));
	expect(textOf(state, 'pods')).toMatch(/1 Pods \(2\) /);
	expect(textOf(state, 'containers')).toMatch(/2 Containers of db \(0\) /);
});
