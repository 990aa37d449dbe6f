import { describe, expect, test } from 'vitest';
import { availability } from '../../../../src/ui/commands/command.ts';
import { commands } from '../../../../src/ui/commands/index.ts';
import { forwardablePod, runningContainer } from '../../../../src/ui/commands/session-targets.ts';
import type { ListId, UiState } from '../../../../src/ui/store/state.ts';
import { applied, container, emptyState, event, factsOf, pod, refreshed } from '../fixtures.ts';

const port = (containerPort: number, protocol = 'TCP') => ({
	protocol,
	containerPort,
	hostPort: 0,
	hostIp: '',
});

/** A screen with the cursor on a row of a list. */
function on(list: ListId, id: string, of: UiState): UiState {
	return applied(
		of,
		event('screen', { kind: 'paneFocused', pane: list }),
		event('lists', { kind: 'rowSelected', list, id }),
	);
}

const api = container('api', 'api', { state: 'exited' });
const state = applied(
	emptyState(),
	...refreshed(
		[pod('web'), pod('pair'), pod('api'), pod('old', { state: 'notReady' })],
		[
			container('web', 'main'),
			container('web', 'init', { state: 'exited' }),
			container('pair', 'one'),
			container('pair', 'two'),
			api,
		],
	),
	event('inventory', {
		kind: 'factsReceived',
		pods: [],
		containers: [
			factsOf(container('web', 'main'), { ports: [port(80), port(53, 'UDP'), port(8080)] }),
			factsOf(container('web', 'init', { state: 'exited' }), { ports: [port(8080), port(9)] }),
		],
	}),
);
const found = (of: UiState) => {
	const row = runningContainer(of);
	return typeof row === 'string' ? row : row.name;
};

describe('what a shell is opened in', () => {
	test('the only running container of a pod', () => {
		expect(found(on('pods', 'pod-web', state))).toBe('main');
	});

	test('none of several, and none of none, with the reason', () => {
		expect(found(on('pods', 'pod-pair', state))).toBe(
			'Pod pair has 2 running containers: press Enter and choose one.',
		);
		expect(found(on('pods', 'pod-api', state))).toBe('No container of pod api is running.');
	});

	test('the selected container, if it runs', () => {
		expect(found(on('containers', 'ctr-pair-two-0', on('pods', 'pod-pair', state)))).toBe('two');
		expect(found(on('containers', api.id, on('pods', 'pod-api', state)))).toMatch(
			/^Container api is not running: /,
		);
	});
});

describe('what a port is forwarded to', () => {
	test('a ready pod, with the TCP ports its containers declare', () => {
		expect(forwardablePod(on('pods', 'pod-web', state))).toEqual({
			target: { podId: 'pod-web', podName: 'web', namespace: 'default' },
			ports: expect.arrayContaining([80, 8080, 9]),
		});
	});

	test('no pod without a network', () => {
		expect(forwardablePod(on('pods', 'pod-old', state))).toBe('Pod old is not ready: it has no network.');
	});
});

test('read-only refuses every way into a container, and leaves the lists of what is open', () => {
	const reason = 'This session is read-only.';
	const readOnly = { ...on('pods', 'pod-web', state), readOnly: { enabled: true, reason } };
	const able = (id: string) => {
		const command = commands.find((one) => one.id === id);
		return command && availability(command, readOnly);
	};
	for (const id of ['container.shell', 'container.attach', 'pod.forward', 'attach.confirm']) {
		expect(able(id)).toBe(reason);
	}
	expect(able('forwards.list')).toBe(true);
});
