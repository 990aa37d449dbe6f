/** `criscope demo` on the embedded runtime: what one sees, and that nothing of it stays. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoPodState } from '../../src/cli/demo/demo-state.ts';
import { waitForOutput } from '../helpers/child-process.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { runCriscope } from '../helpers/run-criscope.ts';
import { type Serve, startServe } from '../helpers/serve.ts';

const missing = whatIsMissing('root', 'runc', 'conmon', 'iptables', '/usr/lib/cni/bridge', '/bin/busybox');

type Demo = { readonly pods: readonly DemoPodState[]; readonly images: readonly string[] };

describe.skipIf(missing)(`criscope demo${missing ?? ''}`, () => {
	let dir: string;
	let serve: Serve;
	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-demo-');
		serve = await startServe({ dir });
	});
	afterAll(async () => {
		await demo('--remove');
		await serve?.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	const demo = (...args: readonly string[]) => runCriscope(['demo', '-r', serve.endpoint, ...args]);

	/** Lines of the kernel and the host with one of these ids in them. */
	function traces(ids: readonly string[]): readonly string[] {
		const lines = [
			...readFileSync('/proc/self/mountinfo', 'utf8').split('\n'),
			...execFileSync('/usr/sbin/iptables-save', { encoding: 'utf8' }).split('\n'),
			...globSync('/sys/fs/cgroup/**/*criscope-*'),
			...globSync(`${dir}/run/**`).filter((file) => !file.endsWith('.lock')),
		];
		return lines.filter((line) => ids.some((id) => line.includes(id)));
	}

	test('shows each way a container can be, and leaves nothing', { timeout: 60_000 }, async () => {
		const client = serve.client();
		// Somebody else's pod in the same namespace, which must stay.
		const metadata = { name: 'web', namespace: 'demo', uid: `other-${process.pid}`, attempt: 0 };
		const other = await client.runtime.runPodSandbox({ config: { metadata }, runtimeHandler: '' });

		const started = await demo('-o', 'json');
		expect(started).toMatchObject({ exitCode: 0 });
		expect(started.stderr).toContain('Starting pod web\n');
		const { pods, images } = JSON.parse(started.stdout) as Demo;
		const rows = pods.flatMap(({ name, containers }) =>
			containers.map((one) => [name, one.attempt, one.state, one.exitCode, one.reason].join(' ').trim()),
		);
		expect(rows).toEqual([
			'web 0 running',
			'chatty-logger 0 running',
			'crash-loop 0 exited 1 Error',
			'crash-loop 1 exited 1 Error',
			'memory-hog 0 exited 137 OOMKilled',
			'finished-job 0 exited 0 Completed',
		]);
		const url = pods.find(({ name }) => name === 'web')?.url ?? '';
		await expect
			.poll(async () => (await fetch(url)).text(), { timeout: 10_000 })
			.toContain('<h1>It works</h1>');
		const containers = pods.flatMap((pod) => pod.containers.map(({ containerId }) => containerId));
		const logger = (await client.runtime.listContainers()).find(
			({ metadata: { name } }) => name === 'logger',
		);
		if (!logger) throw new Error('there is no container "logger"');
		const { logPath } = await client.runtime.containerStatus(logger.id, { verbose: false });
		const line = / stdout F (\{.*\})/.exec(readFileSync(logPath, 'utf8'))?.[1] ?? '';
		expect(JSON.parse(line)).toMatchObject({ level: 'info' });

		const again = await demo('-o', 'json');
		expect(again.stderr).toBe('The demo is there already\n');
		const second = JSON.parse(again.stdout) as Demo;
		expect(second.pods.map(({ podSandboxId }) => podSandboxId)).toEqual(
			pods.map(({ podSandboxId }) => podSandboxId),
		);

		const logs = readdirSync(path.dirname(path.dirname(path.dirname(logPath))));
		const removed = await demo('--remove', '-o', 'json');
		expect(removed).toMatchObject({ exitCode: 0, stderr: '' });
		expect((JSON.parse(removed.stdout) as Demo).images).toEqual(images);
		const ids = [...pods.map(({ podSandboxId }) => podSandboxId), ...containers];
		expect(traces(ids)).toEqual([]);
		expect((await client.runtime.listPodSandbox()).map(({ id }) => id)).toEqual([other]);
		expect(await client.runtime.listContainers()).toEqual([]);
		expect(await client.images.listImages()).toEqual([]);
		expect(logs.length).toBeGreaterThanOrEqual(pods.length);
		for (const name of logs.filter((one) => path.dirname(logPath).includes(one))) {
			expect(existsSync(path.join('/var/log/criscope-demo', name))).toBe(false);
		}
		expect(await demo('--remove')).toEqual({ exitCode: 0, stdout: '', stderr: 'No demo to remove\n' });
		await client.runtime.stopPodSandbox(other);
		await client.runtime.removePodSandbox(other);
	});

	test('Ctrl-C in the middle of a call undoes all of it', { timeout: 60_000 }, async () => {
		const client = serve.client();
		const program = path.resolve('dist/main.js');
		const child = spawn(path.resolve('node_modules/.bin/node'), [program, 'demo', '-r', serve.endpoint], {
			stdio: ['ignore', 'ignore', 'pipe'],
		});
		await waitForOutput(child, /(Starting pod chatty-logger)/);
		const closed = once(child, 'close');
		child.kill('SIGINT');
		expect(await closed).toEqual([130, null]);
		expect(await client.runtime.listPodSandbox()).toEqual([]);
		expect(await client.images.listImages()).toEqual([]);
	});

	test('a part of a demo is not taken for a whole one', { timeout: 60_000 }, async () => {
		const client = serve.client();
		expect((await demo()).stdout).toMatch(/^web answers at http:\/\/127\.0\.0\.1:\d+\/$/m);
		const [web] = (await client.runtime.listPodSandbox()).filter(({ metadata: { name } }) => name === 'web');
		if (!web) throw new Error('there is no pod "web"');
		await client.runtime.stopPodSandbox(web.id);
		const partial = await demo();
		expect(partial.exitCode).toBe(1);
		expect(partial.stderr).toBe(
			'criscope: cannot start the demo: a part of one is there already; criscope demo --remove takes it away\n',
		);
		expect((await demo('--remove')).exitCode).toBe(0);
		expect(await client.runtime.listPodSandbox()).toEqual([]);
	});
});
