import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Containerd, startContainerd } from '../helpers/containerd.ts';
import { createContainer, type RunningPod, runPod, startContainer } from '../helpers/kubelet.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { pushSampleImages, sampleImages } from '../helpers/sample-images.ts';
import { startTui, type Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...containerdRequirements);

const obedient = "trap 'exit 0' TERM; echo ready; while :; do sleep 3600 & wait $!; done";
/** PID 1 without a handler: the kernel drops SIGTERM. */
const stubborn = 'echo ready; while :; do sleep 1; done';

/** Each verb that changes the node, pressed in the real program and judged by the real runtime. */
describe.skipIf(missing !== undefined)(`changing a node${missing ?? ''}`, () => {
	let containerd: Containerd;
	let tui: Tui;
	const pods = new Map<string, RunningPod>();

	async function makePod(name: string, scripts: Readonly<Record<string, string>>): Promise<void> {
		const pod = await runPod(containerd, { name, namespace: 'shop' });
		pods.set(name, pod);
		for (const [container, script] of Object.entries(scripts)) {
			await startContainer(containerd, pod, { name: container, image: sampleImages.busybox, script });
		}
	}

	type Listed = { id: string; state: string; metadata: { name: string; attempt: number } };
	async function containersOf(name: string): Promise<readonly Listed[]> {
		const filter = { pod_sandbox_id: pods.get(name)?.id };
		return (await containerd.cri.runtime<{ containers: readonly Listed[] }>('ListContainers', { filter }))
			.containers;
	}

	async function podState(name: string): Promise<string | undefined> {
		const filter = { id: pods.get(name)?.id };
		const { items } = await containerd.cri.runtime<{ items: readonly Listed[] }>('ListPodSandbox', {
			filter,
		});
		return items[0]?.state;
	}

	async function statusOf(id: string | undefined): Promise<{ state: string; exit_code: number }> {
		const request = { container_id: id };
		return (
			await containerd.cri.runtime<{ status: { state: string; exit_code: number } }>(
				'ContainerStatus',
				request,
			)
		).status;
	}

	/** Chooses an object by the filter of its list. Waits between the keys: a busy machine joins an Escape to the next. */
	async function choose(pane: '1 Pods' | '3 Images', name: string): Promise<void> {
		await tui.press(pane.slice(0, 1));
		await tui.until(`▶${pane}`);
		await tui.press('/');
		await tui.until(/\n\/[^\n]*$/);
		await tui.press('<ctrl+u>');
		tui.type(name);
		await tui.press('<enter>');
		await tui.until(new RegExp(`▸ .*${name}`));
	}
	const choosePod = (name: string) => choose('1 Pods', name);

	beforeAll(async () => {
		containerd = await startContainerd();
		await pushSampleImages(containerd.registry);
		await makePod('obedient', { main: obedient });
		await makePod('stubborn', { main: stubborn });
		await makePod('killed', { main: obedient });
		await makePod('stopped', { main: obedient, side: obedient });
		await makePod('removed', { main: obedient });
		await makePod('marked', { one: obedient, two: obedient, three: obedient });
		await makePod('leftover', { main: 'exit 3' });
		await containerd.cri.image('PullImage', { image: { image: sampleImages.spare } });
		tui = startTui({ args: ['--runtime-endpoint', containerd.endpoint], columns: 120, rows: 40 });
		await tui.until('obedient');
	});
	afterAll(async () => {
		await tui?.stop();
		await containerd?.stop();
	});

	test('S asks first, with Cancel as the default', async () => {
		await choosePod('obedient');
		await tui.press('2 S');
		await tui.until('Stop container');
		expect(tui.screen()).toMatch(/main in shop\/obedient/);
		expect(tui.screen()).toContain("SIGTERM (or the image's stop signal) to PID 1, then SIGKILL after 30 s");
		expect(tui.screen()).toContain('crictl stop -t 30');
		await tui.press('<enter>');
		await tui.until(() => !tui.screen().includes('Stop container'));
		expect((await containersOf('obedient'))[0]?.state).toBe('CONTAINER_RUNNING');
	});

	test('S and y stop a container, and the end is told as the runtime has it', async () => {
		await choosePod('obedient');
		await tui.press('2 S y');
		await tui.until(/main exited 0 after \d+\.\d s\./);
		const [container] = await containersOf('obedient');
		expect(await statusOf(container?.id)).toMatchObject({ state: 'CONTAINER_EXITED', exit_code: 0 });
	});

	test('a grace time can be shortened; what does not end by then is killed, and that is said', async () => {
		await choosePod('stubborn');
		await tui.press('2 S g');
		await tui.until('Grace time in seconds:');
		await tui.press('1 <enter>');
		await tui.until('1 s, as typed');
		await tui.press('y');
		await tui.until(/main did not end within 1 s: exited 137 \(SIGKILL\)/, 20_000);
		const [container] = await containersOf('stubborn');
		expect(await statusOf(container?.id)).toMatchObject({ exit_code: 137 });
	});

	test('K kills at once', async () => {
		await choosePod('killed');
		await tui.press('2 K');
		await tui.until('SIGKILL at once');
		await tui.press('<tab> <enter>');
		await tui.until(/main exited 137 \(SIGKILL\)/);
		const [container] = await containersOf('killed');
		expect(await statusOf(container?.id)).toMatchObject({ state: 'CONTAINER_EXITED', exit_code: 137 });
	});

	test('S on a pod stops its containers with their grace, then the sandbox', async () => {
		await choosePod('stopped');
		await tui.press('S');
		await tui.until('Stops 2 containers');
		await tui.press('y');
		await tui.until('pod shop/stopped stopped, network torn down');
		expect(await podState('stopped')).toBe('SANDBOX_NOTREADY');
		for (const { id } of await containersOf('stopped')) {
			expect(await statusOf(id)).toMatchObject({ state: 'CONTAINER_EXITED', exit_code: 0 });
		}
	});

	test('D on a pod removes it with everything in it', async () => {
		await choosePod('removed');
		await tui.press('D y');
		await tui.until('pod shop/removed removed');
		expect(await podState('removed')).toBeUndefined();
		expect(await containersOf('removed')).toEqual([]);
	});

	test('marked containers go together, with one truthful sum', async () => {
		await choosePod('marked');
		await tui.press('2 * D');
		await tui.until('Remove 3 containers');
		await tui.press('y');
		await tui.until('3 removed.', 20_000);
		expect(await containersOf('marked')).toEqual([]);
		expect(await podState('marked')).toBe('SANDBOX_READY');
	});

	test('what vanished while the dialog was open is not touched', async () => {
		const pod = pods.get('marked');
		if (!pod) throw new Error('no pod');
		const id = await createContainer(containerd, pod, {
			name: 'brief',
			image: sampleImages.busybox,
			script: 'true',
		});
		await choosePod('marked');
		await tui.press('2');
		await tui.until(/Created +brief/);
		// The removed ones, that the cursor was on, stay until it leaves them.
		await tui.press('g');
		await tui.until(/▸ .*brief/);
		await tui.press('D');
		await tui.until('Remove container');
		await containerd.cri.runtime('RemoveContainer', { container_id: id });
		await tui.until('brief is gone already: nothing to do.');
		await tui.press('y');
		await tui.press('n');
		await tui.until(() => !tui.screen().includes('Remove container'));
	});

	test('D refuses an image in use, and removes one that is not', async () => {
		await choose('3 Images', 'busybox');
		await tui.press('D');
		await tui.until(/busybox:1\.35 is in use by \w+ in shop\//);
		await choose('3 Images', 'spare');
		await tui.press('D');
		await tui.until('Frees up to');
		await tui.press('y');
		await tui.until(/spare:5\.0 removed/);
		const { image } = await containerd.cri.image<{ image: unknown }>('ImageStatus', {
			image: { image: sampleImages.spare },
		});
		expect(image).toBeNull();
	});

	test('X prunes what is left over and nothing else', async () => {
		const pod = pods.get('leftover');
		await containerd.cri.runtime('StopPodSandbox', { pod_sandbox_id: pod?.id });
		await containerd.cri.image('PullImage', { image: { image: sampleImages.spare } });
		const before = (await containersOf('stubborn')).length;
		await tui.press('<ctrl+r>');
		await choose('3 Images', 'spare');
		await choosePod('leftover');
		await tui.until(/▸ .*(Stopped|NotReady|Error)/);
		await tui.press('X');
		await tui.until('Prune this node');
		// Images stay this time.
		await tui.press('3');
		await tui.until(/\[ \] 3/);
		await tui.press('y');
		await tui.until(/(^|\s)\d+ removed\./mu, 20_000);
		expect(await podState('leftover')).toBeUndefined();
		expect(await podState('stopped')).toBeUndefined();
		expect((await containersOf('stubborn')).length).toBe(before);
		const { image } = await containerd.cri.image<{ image: unknown }>('ImageStatus', {
			image: { image: sampleImages.spare },
		});
		expect(image).not.toBeNull();
	});

	test('every change is in the trail', () => {
		const lines = readFileSync(join(tui.home, '.local/state/criscope/audit.log'), 'utf8')
			.trimEnd()
			.split('\n');
		const verbs = lines.map((line) => JSON.parse(line).verb);
		expect(new Set(verbs)).toEqual(new Set(['stop', 'kill', 'remove', 'prune']));
	});

	test('--read-only refuses every one of them, and says why', async () => {
		await using locked = startTui({
			args: ['--runtime-endpoint', containerd.endpoint, '--read-only'],
			columns: 100,
			rows: 30,
		});
		await locked.until('marked');
		for (const key of ['S', 'K', 'D', 'X', 'P']) {
			await locked.press(key);
			await locked.until('Read-only: criscope was started with --read-only.');
			expect(locked.screen()).not.toContain('[ Cancel ]');
			await locked.press('<esc>');
			await locked.until(() => !locked.screen().includes('Read-only: criscope was'));
		}
	});
});
