import { expect, test } from 'vitest';
import { boxOf } from '../../../../src/ui/store/layout.ts';
import type { ListId, UiState } from '../../../../src/ui/store/state.ts';
import { resourceListLines } from '../../../../src/ui/views/resource-list.tsx';
import {
	applied as after,
	container,
	event,
	factsOf,
	emptyState as initial,
	pod,
	refreshed,
} from '../fixtures.ts';

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

test('how many pods are unhealthy stands in the title, unless they are all that is shown', () => {
	const state = after(initial(), ...refreshed([pod('web'), pod('db', { state: 'notReady' })]));
	expect(textOf(state, 'pods')).toMatch(/1 Pods \(2\) .* 1 unhealthy ━/);
	const narrowed = after(state, event('lists', { kind: 'unhealthyToggled' }));
	expect(textOf(narrowed, 'pods')).toMatch(/unhealthy only/);
	expect(textOf(narrowed, 'pods')).not.toMatch(/1 unhealthy/);
});

test('a column that is empty in all rows takes no room, unless it was asked for by name', () => {
	const web = container('web', 'app');
	const bare = after(
		initial({ columns: 160, rows: 50 }),
		...refreshed([pod('web')], [web]),
		event('lists', { kind: 'rowSelected', list: 'pods', id: pod('web').id }),
	);
	expect(textOf(bare, 'containers')).not.toContain('PORTS');
	const ports = [{ containerPort: 80, hostPort: 0, protocol: 'TCP', hostIp: '' }] as const;
	const facts = event('inventory', {
		kind: 'factsReceived',
		containers: [factsOf(web, { ports })],
		pods: [],
	});
	expect(textOf(after(bare, facts), 'containers')).toContain('PORTS');
	const asked = {
		...bare,
		lists: { ...bare.lists, containers: { ...bare.lists.containers, shownColumns: ['name', 'ports'] } },
	};
	expect(textOf(asked, 'containers')).toContain('PORTS');
});

test('without a pod the containers pane does not speak of one', () => {
	const state = after(initial(), ...refreshed([]));
	expect(textOf(state, 'containers')).toContain('Without a pod there are none.');
});
