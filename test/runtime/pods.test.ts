/** Pods on the real parts: namespaces, files, networks, idempotency, and what is left of them. */
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FailedPreconditionError, InvalidArgumentError, NotFoundError } from '../../src/cri/errors.ts';
import { eventually } from '../helpers/child-process.ts';
import { nothing, type PodRig, privatePids, startPodRig } from '../helpers/pod-rig.ts';
import { whatIsMissing } from '../helpers/requires.ts';

const missing = whatIsMissing('root', 'docker-registry', '/bin/busybox', 'conmon', 'runc');

describe.skipIf(missing)(`pods${missing ?? ''}`, () => {
	let rig: PodRig;
	beforeAll(async () => {
		rig = await startPodRig('pods');
	});
	afterAll(() => rig?.stop());
	const runtime = () => rig.serve.client().runtime;

	test('have an address, a name and a state, and leave nothing', async () => {
		const pod = await rig.pod({ hostname: 'my-pod' });
		const status = await runtime().podSandboxStatus(pod.id, { verbose: true });
		expect(status).toMatchObject({ id: pod.id, state: 'ready', metadata: pod.config.metadata });
		expect(status.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
		const container = await pod.run('hostname; cat /etc/hostname; ip -o -4 addr; sleep 1000');
		await eventually('the log', async () => (await pod.log(container)).includes('eth0'));
		expect(await pod.log(container)).toMatch(/^my-pod\nmy-pod\n/);
		expect(await pod.log(container)).toContain(status.ip);

		await runtime().stopPodSandbox(pod.id);
		await runtime().stopPodSandbox(pod.id);
		expect(await runtime().podSandboxStatus(pod.id, { verbose: false })).toMatchObject({
			state: 'notReady',
			ip: '',
		});
		expect(await pod.ended(container)).toMatchObject({ exitCode: 137 });
		await expect(pod.create('true')).rejects.toThrow(FailedPreconditionError);
		await runtime().removePodSandbox(pod.id);
		await runtime().removePodSandbox(pod.id);
		await expect(runtime().podSandboxStatus(pod.id, { verbose: false })).rejects.toThrow(NotFoundError);
		expect(await runtime().listContainers()).toEqual([]);
		expect(rig.leftovers()).toEqual(nothing);
	});

	test('are asked for twice and made once, also at the same moment', async () => {
		const config = {
			metadata: { name: `twice-${Date.now()}`, namespace: 'n', uid: 'u', attempt: 0 },
			linux: privatePids,
		};
		const ask = () => runtime().runPodSandbox({ config, runtimeHandler: '' });
		const ids = new Set(await Promise.all([ask(), ask(), ask()]));
		expect(ids.size).toBe(1);
		expect(await ask()).toBe([...ids][0]);
		const [id] = ids;
		if (id !== undefined) await runtime().removePodSandbox(id);
		const next = await ask();
		expect(ids.has(next)).toBe(false);
		await runtime().removePodSandbox(next);
	});

	test('a client that gives up does not lose its pod', async () => {
		const name = `gone-${Date.now()}`;
		const config = { metadata: { name, namespace: 'n', uid: 'u', attempt: 0 }, linux: privatePids };
		const gaveUp = runtime().runPodSandbox({ config, runtimeHandler: '' }, { timeoutMs: 30 });
		await gaveUp.catch(() => undefined);
		const id = await runtime().runPodSandbox({ config, runtimeHandler: '' });
		expect((await runtime().listPodSandbox()).filter(({ metadata }) => metadata.name === name)).toHaveLength(
			1,
		);
		await runtime().removePodSandbox(id);
	});

	test('share processes where they are asked to, and a process of ours reaps their orphans', async () => {
		const pod = await rig.pod({ linux: {} });
		const one = await pod.run('sleep 1000');
		const two = await pod.run('(sleep 0.1 &) ; sleep 1000');
		const seen = await pod.sh(one, 'ps -o pid,comm');
		expect(seen).toMatch(/ 1 pause/);
		expect(seen.match(/sleep/g)?.length).toBeGreaterThanOrEqual(2);
		await eventually(
			'the orphan to be reaped',
			async () => !(await pod.sh(two, 'ps -o comm,stat')).includes('Z'),
		);
		// Its holder gone, the pod is.
		const { info } = await runtime().podSandboxStatus(pod.id, { verbose: true });
		process.kill(Number((JSON.parse(info['info'] ?? '') as { pid: number }).pid), 'SIGKILL');
		await eventually('the pod to be not ready', async () => {
			return (await runtime().podSandboxStatus(pod.id, { verbose: false })).state === 'notReady';
		});
		await pod.ended(one);
		await pod.ended(two);
		await runtime().removePodSandbox(pod.id);
		expect(rig.leftovers()).toEqual(nothing);
	});

	test("use the host's namespaces where they are asked to", async () => {
		const options = { network: 'NODE', pid: 'NODE', ipc: 'NODE' };
		const pod = await rig.pod({ linux: { securityContext: { namespaceOptions: options } } });
		expect(await runtime().podSandboxStatus(pod.id, { verbose: false })).toMatchObject({ ip: '' });
		const container = await pod.run('sleep 1000');
		for (const kind of ['net', 'pid', 'ipc']) {
			const own = await pod.sh(container, `readlink /proc/self/ns/${kind}`);
			expect(own.trim(), kind).toBe(readlinkSync(`/proc/self/ns/${kind}`));
		}
		expect((await pod.sh(container, 'hostname')).trim()).toBe(hostname());
		await runtime().removePodSandbox(pod.id);
	});

	test('have the sysctls and the resolver that they ask for', async () => {
		const name = `dns-${Date.now()}`;
		const config = {
			metadata: { name, namespace: 'n', uid: 'u', attempt: 0 },
			dnsConfig: { servers: ['10.1.2.3'], searches: ['x.y'], options: ['ndots:3'] },
			linux: { ...privatePids, sysctls: { 'kernel.shm_rmid_forced': '1' } },
		};
		const id = await runtime().runPodSandbox({ config, runtimeHandler: '' });
		const container = await runtime().createContainer({
			podSandboxId: id,
			sandboxConfig: config,
			config: {
				metadata: { name: 'c', attempt: 0 },
				image: { image: rig.image },
				command: ['sleep', '1000'],
				linux: privatePids,
			},
		});
		await runtime().startContainer(container);
		const command = ['sh', '-c', 'cat /etc/resolv.conf /proc/sys/kernel/shm_rmid_forced'];
		const { stdout } = await runtime().execSync({ containerId: container, command, timeoutSeconds: 30 });
		expect(Buffer.from(stdout).toString()).toBe('search x.y\nnameserver 10.1.2.3\noptions ndots:3\n1\n');
		await runtime().removePodSandbox(id);
	});

	test.each([
		['an unknown handler', { runtimeHandler: 'nobody' }, NotFoundError, 'handler "nobody"'],
		[
			'a sysctl of the node',
			{ linux: { sysctls: { 'vm.swappiness': '1' } } },
			InvalidArgumentError,
			'vm.swappiness',
		],
		[
			'a user namespace',
			{ linux: { securityContext: { namespaceOptions: { usernsOptions: { mode: 'POD' } } } } },
			FailedPreconditionError,
			'user namespaces are not supported',
		],
	])(
		'are refused with %s',
		async (what, {
			runtimeHandler = '',
			linux,
		}: { runtimeHandler?: string; linux?: object }, kind, words) => {
			const metadata = { name: what, namespace: 'n', uid: 'u', attempt: 0 };
			const asked = runtime().runPodSandbox({ config: { metadata, linux: { ...linux } }, runtimeHandler });
			await expect(asked).rejects.toThrow(kind);
			await expect(asked).rejects.toThrow(words);
			expect(rig.leftovers()).toEqual(nothing);
		},
	);

	test('twenty at once, and nothing is left of them', async () => {
		const pods = await Promise.all(Array.from({ length: 20 }, () => rig.pod()));
		const ips = await Promise.all(
			pods.map(async ({ id }) => (await runtime().podSandboxStatus(id, { verbose: false })).ip),
		);
		expect(new Set(ips).size).toBe(20);
		await Promise.all(pods.map(({ id }) => runtime().removePodSandbox(id)));
		expect(rig.leftovers()).toEqual(nothing);
	});
});
