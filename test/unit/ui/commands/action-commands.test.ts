import { expect, test } from 'vitest';
import { commands } from '../../../../src/ui/commands/index.ts';
import { container, image, inspector, pod, refresh } from '../change-fixtures.ts';

const shop = {
	pods: [pod('web'), pod('api')],
	containers: [container('web', 'nginx'), container('api', 'main', { state: 'exited' })],
	images: [image('nginx:1.27'), image('spare:1'), image('pause:3.9', { pinned: true })],
};

test('every command that changes the node is behind the read-only gate, and only y confirms in lower case', () => {
	const ids = [
		'object.stop',
		'object.kill',
		'object.remove',
		'node.prune',
		'image.pull',
		'tasks.login',
		'node.demo',
	];
	for (const id of [...ids, 'dialog.confirm']) {
		const command = commands.find((one) => one.id === id);
		expect(command, id).toMatchObject({ danger: 'confirm' });
		if (id !== 'dialog.confirm')
			expect(
				command?.keys.every((key) => /^[A-Z]$/.test(key)),
				id,
			).toBe(true);
	}
});

test('S opens a dialog on Cancel, and Enter there leaves everything as it is', () => {
	const { press, state, asked } = inspector(shop);
	press('2', 'a', 'G', 'S');
	expect(state().actions.dialog).toMatchObject({ verb: 'stop', focus: 'cancel' });
	expect(state().overlays.stack).toEqual(['dialog']);
	press('enter');
	expect(state().actions.dialog).toBeUndefined();
	expect(state().overlays.stack).toEqual([]);
	expect(asked.changes).toEqual([]);
});

test.each([['n'], ['escape'], ['q']])('%s cancels', (key) => {
	const { press, state, asked } = inspector(shop);
	press('1', 'D', key);
	expect(state().overlays.stack).toEqual([]);
	expect(asked.changes).toEqual([]);
});

test.each([[['y']], [['tab', 'enter']], [['l', 'enter']], [['left', 'enter']]])('%s confirms', (keys) => {
	const { press, asked, state } = inspector(shop);
	press('1', 'S', ...keys);
	expect(asked.changes).toHaveLength(1);
	expect(asked.changes[0]).toMatchObject({ verb: 'stop', targets: [{ kind: 'pod' }] });
	expect(state().overlays.stack).toEqual([]);
});

test('no other key of the lists reaches through the dialog', () => {
	const { press, state, asked } = inspector(shop);
	press('1', 'S', 'S', 'D', 'K', 'X', 'P', ':', '/', '3');
	expect(state().overlays.stack).toEqual(['dialog']);
	expect(state().actions.dialog?.verb).toBe('stop');
	expect(state().entry).toBeUndefined();
	expect(asked.changes).toEqual([]);
});

test('read-only refuses with its reason, and so does a dialog that was open before', () => {
	const readOnly = { enabled: true, reason: 'Read-only: said so.' };
	const { press, state, asked, store } = inspector(shop, { readOnly });
	for (const key of ['S', 'K', 'D', 'X', 'P']) {
		press('1', key);
		expect(state().notices.current?.text).toBe(readOnly.reason);
		expect(state().overlays.stack).toEqual([]);
		expect(state().entry).toBeUndefined();
	}
	store.dispatch('core', { kind: 'readOnlyChanged', readOnly: { enabled: false, reason: '' } });
	press('S');
	store.dispatch('core', { kind: 'readOnlyChanged', readOnly });
	press('y');
	expect(asked.changes).toEqual([]);
});

test('marked rows are taken together, those it cannot apply to are named, and marks end with it', () => {
	const { press, state, asked } = inspector(shop);
	press('2', 'a', '*', 'S');
	const dialog = state().actions.dialog;
	expect(dialog?.targets.map(({ name }) => name)).toEqual(['nginx']);
	expect(dialog?.skipped).toEqual(['main is not running (exited); D removes it.']);
	press('y');
	expect(asked.changes[0]?.targets).toHaveLength(1);
	expect(state().lists.containers.marked.size).toBe(0);
});

test('K on a pod means its running containers', () => {
	const { press, state } = inspector(shop);
	press('1', 'G', 'K');
	expect(state().actions.dialog).toMatchObject({
		verb: 'kill',
		targets: [{ kind: 'container', name: 'nginx' }],
	});
	press('n', 'g', 'K');
	expect(state().notices.current?.text).toBe('No container of this pod is running.');
});

test('an image in use or pinned is refused, saying by whom', () => {
	const { press, state, asked, store } = inspector(shop);
	press('3');
	const texts = ['sha256:nginx', 'sha256:pause', 'sha256:spare'].map((id) => {
		store.dispatch('lists', { kind: 'rowSelected', list: 'images', id });
		press('D');
		return state().notices.current?.text ?? state().actions.dialog?.targets[0]?.id;
	});
	expect(texts).toEqual([
		'nginx:1.27 is in use by nginx in shop/web and 1 more.',
		'pause:3.9 is pinned: the runtime needs it.',
		'sha256:spare',
	]);
	expect(asked.changes).toEqual([]);
});

test('a system pod asks for its name, and takes nothing else', () => {
	const { press, type, state, asked } = inspector(
		{ pods: [pod('etcd', { namespace: 'kube-system' })], containers: [container('etcd', 'etcd')] },
		{ kubelet: true },
	);
	press('1', 'S', 'y');
	expect(asked.changes).toEqual([]);
	expect(state().entry).toMatchObject({ kind: 'confirmName', label: 'Type "etcd" to stop it:' });
	type('etc');
	press('enter');
	expect(state().entry?.problem).toBeTruthy();
	expect(asked.changes).toEqual([]);
	type('d');
	press('enter');
	expect(asked.changes).toHaveLength(1);
});

test('a static pod is as careful, an exited container of one is not', () => {
	const annotations = { 'kubernetes.io/config.source': 'file' };
	const { press, state } = inspector(
		{
			pods: [pod('scheduler', { annotations })],
			containers: [container('scheduler', 'main', { state: 'exited' })],
		},
		{ kubelet: true },
	);
	press('1', 'S');
	expect(state().actions.dialog?.requiredText).toBe('scheduler');
	press('n', '2', 'D');
	expect(state().actions.dialog?.requiredText).toBeUndefined();
});

test('a grace time can be typed; nonsense is refused', () => {
	const { press, type, state, asked } = inspector(shop);
	press('2', 'a', 'G', 'S', 'g');
	expect(state().entry?.kind).toBe('graceSeconds');
	type('soon');
	press('enter');
	expect(state().entry?.problem).toMatch(/Whole seconds/);
	press('ctrl+u');
	for (let index = 0; index < 4; index++) press('backspace');
	type('5');
	press('enter', 'y');
	expect(asked.changes[0]).toMatchObject({ graceSeconds: 5 });
});

test('what vanished under the dialog is not touched', () => {
	const { press, store, state, asked } = inspector(shop);
	press('2', 'a', 'G', 'S');
	refresh(store, { ...shop, containers: shop.containers.slice(1) });
	press('y');
	expect(asked.changes).toEqual([]);
	expect(state().notices.current?.text).toBe('nginx is gone already: nothing to do.');
});

test('a dialog of another runtime does nothing', () => {
	const { press, store, state, asked } = inspector(shop);
	press('1', 'S');
	store.dispatch('connection', { kind: 'endpointChosen', endpoint: 'unix:///other.sock' });
	press('y');
	expect(asked.changes).toEqual([]);
	expect(state().notices.current?.text).toMatch(/Another runtime/);
});

test('prune takes old attempts, stopped pods and unused images, each kind by choice', () => {
	const { press, state, asked } = inspector({
		pods: [pod('web'), pod('old', { state: 'notReady' })],
		containers: [
			container('web', 'nginx', { attempt: 1 }),
			container('web', 'nginx', { state: 'exited' }),
			container('web', 'init', { state: 'exited' }),
			container('old', 'main', { state: 'exited' }),
		],
		images: [...shop.images, image('registry.k8s.io/pause:3.10')],
	});
	press('1', 'X');
	expect(
		state()
			.actions.dialog?.targets.map(({ id }) => id)
			.toSorted(),
	).toEqual(['old-main-0', 'pod-old', 'sha256:spare', 'web-nginx-0']);
	press('3', '2', 'y');
	expect(asked.changes[0]?.targets.map(({ kind }) => kind)).toEqual(['container', 'container']);
});

test('leaving while a change is under way is asked for twice', async () => {
	const { press, state, asked, store } = inspector(shop);
	const target = { kind: 'pod', id: 'pod-web', name: 'web', podName: 'web', namespace: 'shop' } as const;
	const targets = [{ ...target, graceSeconds: undefined, sizeBytes: 0n }];
	const started = { kind: 'changeStarted', id: 1, verb: 'stop', graceSeconds: undefined, atMs: 1 } as const;
	store.dispatch('actions', { ...started, targets });
	press('1', 'q');
	expect(asked.quits).toBe(0);
	expect(state().notices.current?.text).toMatch(/^Leaving gives up on what is under way \(Stopping web…/);
	press('q');
	await Promise.resolve();
	expect(asked.quits).toBe(1);
});

test('nothing counts as unused before the runtime has listed its containers', () => {
	const { press, state, store } = inspector({});
	store.dispatch('inventory', { kind: 'inventoryCleared' });
	const pods = [pod('web', { state: 'notReady' })];
	store.dispatch('inventory', { kind: 'podSandboxesRefreshed', pods, atMs: 1 });
	store.dispatch('inventory', { kind: 'imagesRefreshed', images: [image('spare:1')], atMs: 1 });
	press('1', 'X');
	expect(state().notices.current?.text).toContain('what is left over is not known');
	press('3', 'D');
	expect(state().notices.current?.text).toContain('what uses spare:1 is not known');
	store.dispatch('inventory', { kind: 'containersRefreshed', containers: [], atMs: 2 });
	press('X');
	expect(state().actions.dialog?.targets).toHaveLength(2);
});
