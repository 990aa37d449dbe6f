import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InternalError } from '../../../../src/cri/errors.ts';
import type { CriClient } from '../../../../src/cri/ports.ts';
import { createAuditLog } from '../../../../src/ui/effects/action-audit.ts';
import { createActionEffects } from '../../../../src/ui/effects/action-effects.ts';
import { summaryOf } from '../../../../src/ui/effects/action-summary.ts';
import { containerRows } from '../../../../src/ui/resources/container-rows.ts';
import { imageRows } from '../../../../src/ui/resources/image-rows.ts';
import { podRows } from '../../../../src/ui/resources/pod-rows.ts';
import { targetOf } from '../../../../src/ui/store/action-targets.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { container, fakeClient, fakeNode, image, inspector, noDemo, pod } from '../change-fixtures.ts';

const objects = {
	pods: [pod('web')],
	containers: ['a', 'b', 'c', 'd', 'e'].map((name) => container('web', name)),
	images: [image('spare:1')],
};

function actions(client: CriClient | undefined, env: Record<string, string> = {}) {
	const ui = inspector(objects);
	const audit = createAuditLog(env);
	const ended = Promise.withResolvers<void>();
	ui.store.onEvent((_state, { event }) => {
		if (event.kind === 'changeEnded') ended.resolve();
	});
	const effects = createActionEffects(
		{
			getState: ui.state,
			dispatch: ui.store.dispatch,
			flush: ui.store.flush,
			client: () => client,
			env,
			signal: new AbortController().signal,
		},
		{ refresh: () => {}, audit, demo: noDemo },
	);
	return { ...ui, effects, audit, ended: ended.promise };
}

test('many are worked on a few at a time and summed up in one notice', async () => {
	const node = fakeNode(objects);
	let busy = 0;
	let busiest = 0;
	const client = fakeClient(node);
	const { stopContainer } = client.runtime;
	const { state, effects, ended } = actions(
		fakeClient(node, {
			runtime: {
				async stopContainer(id, seconds) {
					busiest = Math.max(busiest, ++busy);
					await Promise.resolve();
					busy--;
					if (id === 'web-c-0') throw new InternalError('cannot stop container "web-c-0": stuck');
					await stopContainer(id, seconds);
				},
			},
		}),
	);
	effects.begin({ verb: 'stop', targets: containerRows(state()).map(targetOf), graceSeconds: undefined });
	expect(state().actions.changes[0]?.current).toHaveLength(3);
	await ended;
	expect(busiest).toBe(3);
	expect(state().actions.changes[0]?.results).toHaveLength(5);
	expect(state().notices.current).toMatchObject({
		level: 'fail',
		text: expect.stringMatching(/^4 stopped, 1 failed: c is still running after .*stuck\.$/),
	});
});

test('containers go before their pod, and both before images', async () => {
	const node = fakeNode({
		pods: [pod('web', { state: 'notReady' })],
		containers: [container('web', 'a', { state: 'exited' })],
		images: objects.images,
	});
	const { state, effects, ended } = actions(fakeClient(node));
	const [row] = containerRows(state());
	const targets = [...imageRows(state()), ...podRows(state()), ...(row ? [row] : [])].map(targetOf);
	effects.begin({ verb: 'prune', targets, graceSeconds: undefined });
	await ended;
	expect(node.calls).toEqual(['rm web-a-0', 'stopp pod-web', 'rmp pod-web', 'rmi sha256:spare']);
});

test('what was not begun when the waiting ends is not begun', async () => {
	const node = fakeNode(objects);
	const { state, effects, ended } = actions(
		fakeClient(node, {
			runtime: {
				stopContainer: (id, _seconds, options) => {
					node.calls.push(id);
					return new Promise((_resolve, reject) => {
						options?.signal?.addEventListener('abort', () =>
							reject(new DOMException('cancelled', 'AbortError')),
						);
					});
				},
			},
		}),
	);
	effects.begin({ verb: 'stop', targets: containerRows(state()).map(targetOf), graceSeconds: 1 });
	effects.stopWaiting(1);
	await ended;
	expect(node.calls).toHaveLength(3);
	expect(state().notices.current).toMatchObject({ level: 'warn', text: '0 stopped, 5 unknown.' });
});

test('without a runtime it fails in words', async () => {
	const { state, effects, ended } = actions(undefined);
	effects.begin({
		verb: 'kill',
		targets: containerRows(state()).slice(0, 1).map(targetOf),
		graceSeconds: undefined,
	});
	await ended;
	expect(state().notices.current).toMatchObject({ level: 'fail', text: 'no runtime is connected.' });
});

test('every change leaves a line that only its owner can read', async () => {
	const dir = tempDir();
	const { state, effects, ended, audit } = actions(fakeClient(fakeNode(objects)), {
		XDG_STATE_HOME: dir,
		SUDO_USER: 'ada',
	});
	effects.begin({ verb: 'stop', targets: containerRows(state()).slice(0, 2).map(targetOf), graceSeconds: 1 });
	await ended;
	await audit.settled();
	const path = join(dir, 'criscope/audit.log');
	const lines = readFileSync(path, 'utf8')
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line));
	expect(lines.map(({ result }) => result)).toHaveLength(4);
	expect(lines.filter(({ result }) => result === 'begun')).toHaveLength(2);
	expect(lines[2]).toMatchObject({
		time: expect.stringMatching(/^\d{4}-.*Z$/),
		sudoUser: 'ada',
		verb: 'stop',
		object: { kind: 'container', name: 'a', podName: 'web', namespace: 'shop' },
		result: expect.stringMatching(/^done: a exited 143/),
	});
	expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a trail that cannot be written stops nothing', async () => {
	const dir = tempDir();
	writeFileSync(join(dir, 'criscope'), 'a file where the folder should be');
	const { state, effects, ended, audit } = actions(fakeClient(fakeNode(objects)), { XDG_STATE_HOME: dir });
	effects.begin({ verb: 'stop', targets: containerRows(state()).slice(0, 1).map(targetOf), graceSeconds: 1 });
	await ended;
	await audit.settled();
	expect(state().notices.current?.level).toBe('ok');
});

test('a summary names what was gone and never hides a failure', () => {
	const [target] = [targetOf(podRows(inspector(objects).state())[0] as never)];
	if (!target) throw new Error('no target');
	const result = (outcome: 'done' | 'gone' | 'failed', text = 'x') => ({ target, outcome, text });
	expect(
		summaryOf('remove', [result('done'), result('gone'), result('failed', 'it \u001b[2J resists')]),
	).toEqual({
		level: 'fail',
		text: '1 removed, 1 gone already, 1 failed: it ␛[2J resists.',
	});
});

test('where the look before the change fails, the change is named as what failed', async () => {
	const { state, effects, ended } = actions(
		fakeClient(fakeNode(objects), {
			runtime: {
				async listPodSandbox() {
					throw new InternalError('cannot list pods: nobody listens');
				},
			},
		}),
	);
	effects.begin({ verb: 'stop', targets: podRows(state()).map(targetOf), graceSeconds: undefined });
	await ended;
	expect(state().notices.current?.text).toContain(
		'pod shop/web: stop failed: cannot list pods: nobody listens',
	);
});
