import { expect, test } from 'vitest';
import { DeadlineError, InternalError, NotFoundError } from '../../../../src/cri/errors.ts';
import type { CriClient } from '../../../../src/cri/ports.ts';
import { performStep, type Step } from '../../../../src/ui/effects/action-steps.ts';
import type { ActionTarget } from '../../../../src/ui/store/slices/actions.ts';
import { container, fakeClient, fakeNode, image, pod } from '../change-fixtures.ts';

const objects = {
	pods: [pod('web')],
	containers: [container('web', 'nginx'), container('web', 'init', { state: 'exited' })],
	images: [image('nginx:1.27'), image('spare:1'), image('pause:3.9', { pinned: true })],
};

function target(kind: ActionTarget['kind'], id: string, name: string): ActionTarget {
	return { kind, id, name, podName: 'web', namespace: 'shop', graceSeconds: undefined, sizeBytes: 0n };
}

const nginx = target('container', 'web-nginx-0', 'nginx');

function perform(client: CriClient, step: Partial<Step> & Pick<Step, 'verb' | 'target'>) {
	return performStep(client, { graceSeconds: undefined, signal: new AbortController().signal, ...step });
}

test('stop gives the usual grace and reports how the container ended', async () => {
	const node = fakeNode(objects);
	const result = await perform(fakeClient(node), { verb: 'stop', target: nginx });
	expect(node.calls).toEqual(['stop -t 30 web-nginx-0']);
	expect(result).toMatchObject({
		outcome: 'done',
		text: expect.stringMatching(/^nginx exited 143 \(SIGTERM\) after 0\.\d s$/),
	});
});

test("the pod's own grace counts, and what was typed before it", async () => {
	const node = fakeNode(objects);
	await perform(fakeClient(node), { verb: 'stop', target: { ...nginx, graceSeconds: 7 } });
	await perform(fakeClient(node), { verb: 'stop', target: { ...nginx, graceSeconds: 7 }, graceSeconds: 3 });
	expect(node.calls).toEqual(['stop -t 7 web-nginx-0', 'stop -t 3 web-nginx-0']);
});

test('kill gives none', async () => {
	const node = fakeNode(objects);
	const { text } = await perform(fakeClient(node), { verb: 'kill', target: nginx, graceSeconds: 9 });
	expect(node.calls).toEqual(['stop -t 0 web-nginx-0']);
	expect(text).toMatch(/^nginx exited 137 \(SIGKILL\)/);
});

test('what is gone already is said to be gone', async () => {
	const client = fakeClient(fakeNode({}));
	for (const verb of ['stop', 'kill', 'remove'] as const) {
		expect(await perform(client, { verb, target: nginx })).toMatchObject({
			outcome: 'gone',
			text: 'nginx in shop/web was gone already',
		});
	}
	expect(await perform(client, { verb: 'remove', target: target('pod', 'pod-web', 'web') })).toMatchObject({
		outcome: 'gone',
	});
	expect(await perform(client, { verb: 'remove', target: target('image', 'sha256:x', 'x') })).toMatchObject({
		outcome: 'gone',
	});
});

test('a call that fails is no truth: the status afterwards is', async () => {
	const node = fakeNode(objects);
	const deadline = new DeadlineError('cannot stop container "x": no answer within 60 s');
	const still = fakeClient(node, { runtime: { stopContainer: () => Promise.reject(deadline) } });
	expect(await perform(still, { verb: 'stop', target: nginx })).toMatchObject({
		outcome: 'failed',
		text: expect.stringMatching(/^nginx is still running after .*no answer within 60 s$/),
	});
	const lied = fakeClient(node, { runtime: { stopContainer: async () => {} } });
	expect(await perform(lied, { verb: 'stop', target: nginx })).toMatchObject({
		outcome: 'failed',
		text: expect.stringContaining('though the runtime said it was done'),
	});
	node.containers.set('web-nginx-0', { ...container('web', 'nginx'), state: 'exited', exitCode: 0 });
	expect(await perform(still, { verb: 'stop', target: nginx })).toMatchObject({
		outcome: 'done',
		text: expect.stringMatching(/^nginx exited 0 after/),
	});
});

test('a runtime that answers nothing at all is a failure with its words', async () => {
	const down = () => Promise.reject(new InternalError('cannot stop container "x": broken'));
	const client = fakeClient(fakeNode(objects), { runtime: { stopContainer: down, containerStatus: down } });
	await expect(perform(client, { verb: 'stop', target: nginx })).rejects.toThrow('broken');
});

test('no longer waiting is not said to be stopped', async () => {
	const stop = new AbortController();
	const client = fakeClient(fakeNode(objects), {
		runtime: {
			stopContainer: async () => {
				stop.abort();
				throw new DOMException('cancelled', 'AbortError');
			},
		},
	});
	expect(await perform(client, { verb: 'stop', target: nginx, signal: stop.signal })).toMatchObject({
		outcome: 'unknown',
		text: expect.stringContaining('it is running now'),
	});
});

test('a running container is stopped before it is removed; a prune leaves it alone', async () => {
	const node = fakeNode(objects);
	expect(await perform(fakeClient(node), { verb: 'prune', target: nginx })).toMatchObject({
		outcome: 'failed',
	});
	expect(node.calls).toEqual([]);
	const result = await perform(fakeClient(node), { verb: 'remove', target: nginx });
	expect(node.calls).toEqual(['stop -t 30 web-nginx-0', 'rm web-nginx-0']);
	expect(result.text).toMatch(/^nginx exited 143 .*, then nginx in shop\/web removed$/);
});

test('a pod is stopped as a kubelet does: containers with grace, then the sandbox', async () => {
	const node = fakeNode(objects);
	const web = target('pod', 'pod-web', 'web');
	const stopped = await perform(fakeClient(node), { verb: 'stop', target: web, graceSeconds: 4 });
	expect(node.calls).toEqual(['stop -t 4 web-nginx-0', 'stopp pod-web']);
	expect(stopped.text).toMatch(/^pod shop\/web stopped, network torn down; nginx exited 143/);
	const removed = await perform(fakeClient(node), { verb: 'remove', target: web });
	expect(node.calls.slice(2)).toEqual(['stopp pod-web', 'rmp pod-web']);
	expect(removed).toMatchObject({ outcome: 'done' });
});

test('a removal that failed says what is left and why; one that worked all the same is done', async () => {
	const node = fakeNode(objects);
	const down = () => Promise.reject(new InternalError('network plugin failed'));
	const client = fakeClient(node, { runtime: { stopPodSandbox: down, removeContainer: down } });
	expect(await perform(client, { verb: 'stop', target: target('pod', 'pod-web', 'web') })).toMatchObject({
		outcome: 'failed',
		text: 'pod shop/web is still ready: network plugin failed',
	});
	const init = target('container', 'web-init-0', 'init');
	expect(await perform(client, { verb: 'remove', target: init })).toMatchObject({
		outcome: 'failed',
		text: 'init is still listed as exited: network plugin failed',
	});
	const late = fakeClient(node, {
		runtime: {
			removeContainer: (id) => {
				node.containers.delete(id);
				return Promise.reject(new DeadlineError('no answer within 240 s'));
			},
		},
	});
	expect(await perform(late, { verb: 'remove', target: init })).toMatchObject({ outcome: 'done' });
});

test('a pod whose container does not end keeps its sandbox', async () => {
	const node = fakeNode(objects);
	const client = fakeClient(node, {
		runtime: { stopContainer: () => Promise.reject(new InternalError('stuck')) },
	});
	const result = await perform(client, { verb: 'remove', target: target('pod', 'pod-web', 'web') });
	expect(result).toMatchObject({ outcome: 'failed', text: expect.stringContaining('stuck') });
	expect(node.calls).toEqual([]);
});

test('an image that came into use or is pinned is kept, also in a prune', async () => {
	const node = fakeNode(objects);
	const client = fakeClient(node);
	const of = (id: string) => perform(client, { verb: 'prune', target: target('image', id, id) });
	expect(await of('sha256:nginx')).toMatchObject({
		outcome: 'failed',
		text: 'sha256:nginx is in use by nginx now: kept',
	});
	expect(await of('sha256:pause')).toMatchObject({ text: 'sha256:pause is pinned: kept' });
	expect(await of('sha256:spare')).toMatchObject({ outcome: 'done' });
	expect(node.calls).toEqual(['rmi sha256:spare']);
});

test('an object that goes while it is removed is removed', async () => {
	const client = fakeClient(fakeNode(objects), {
		runtime: {
			removeContainer: () => Promise.reject(new NotFoundError('gone')),
			listContainers: (() => {
				let calls = 0;
				return async () => (calls++ === 0 ? [container('web', 'init', { state: 'exited' })] : []);
			})(),
		},
	});
	expect(
		await perform(client, { verb: 'remove', target: target('container', 'web-init-0', 'init') }),
	).toMatchObject({ outcome: 'done' });
});
