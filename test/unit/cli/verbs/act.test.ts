/** The rules of arguments of the verbs that act on containers and pods, and what they ask of a runtime. */
import { describe, expect, test, vi } from 'vitest';
import { containerId, podSandboxId } from '../../../../src/cri/ids.ts';
import type { Container, ContainerStatus, PodSandbox, PodSandboxStatus } from '../../../../src/cri/model.ts';
import { run } from '../verb-host.ts';

const web = {
	id: containerId('aaaa1111'),
	podSandboxId: podSandboxId('bbbb2222'),
	metadata: { name: 'web', attempt: 0 },
	state: 'running',
	image: { image: 'web:1' },
	labels: {},
	createdAtNanos: 1n,
} as unknown as Container;
const pod = {
	id: podSandboxId('bbbb2222'),
	metadata: { name: 'shop', namespace: 'default', uid: 'u', attempt: 0 },
	state: 'ready',
	createdAtNanos: 1n,
} as unknown as PodSandbox;

function runtime(over: object = {}) {
	return {
		listContainers: async () => [web],
		listPodSandbox: async () => [pod],
		containerStatus: async () => ({ ...web, logPath: '' }) as unknown as ContainerStatus,
		podSandboxStatus: async () => ({ ...pod }) as unknown as PodSandboxStatus,
		stopContainer: vi.fn(async () => undefined),
		removeContainer: vi.fn(async () => undefined),
		stopPodSandbox: vi.fn(async () => undefined),
		removePodSandbox: vi.fn(async () => undefined),
		...over,
	};
}

describe('words that do not go together are refused before anything is asked', () => {
	test.each([
		[['stop'], 'stop needs a CONTAINER or --all'],
		[['stop', '-a', 'web'], 'not both'],
		[['rm'], 'rm needs a CONTAINER or --all'],
		[['rm', '-a', 'web'], 'not both'],
		[['rmp'], 'rmp needs a POD or --all'],
		[['stopp'], 'stopp needs POD'],
		[['exec'], 'exec needs'],
		[['exec', 'web'], 'exec needs a CONTAINER and a COMMAND'],
		[['exec', '-s', '-i', 'web', 'sh'], '--sync goes without -i and -t'],
		[['exec', '-t', 'web', 'sh'], '-t needs -i'],
		[['exec', '-it', 'web', 'sh'], '-t needs a terminal'],
		[['exec', '-r', 'carrier-pigeon', 'web', 'sh'], 'knows no "carrier-pigeon"'],
		[['exec', '--tls-ca', 'ca.pem', 'web', 'sh'], '--tls-cert and --tls-key go together'],
		[['attach'], 'attach needs CONTAINER'],
		[['attach', '-t', 'web'], '-t needs -i'],
		[['attach', '--detach-keys', 'f1', 'web'], 'knows no key "f1"'],
		[['logs'], 'logs needs CONTAINER'],
		[['logs', '--tail', '1', '-s', 'stdout', 'web'], 'not both'],
		[['logs', '-s', 'both', 'web'], 'knows no "both"'],
		[['logs', '--since', 'tomorrow', 'web'], 'not "tomorrow"'],
		[['logs', '--tail', 'x', 'web'], 'whole number'],
		[['port-forward', 'shop'], 'port-forward needs POD'],
		[['port-forward', 'shop', 'http'], '"http" is not a port'],
		[['port-forward', '-r', 'websocket', 'shop', '80'], 'port-forward goes by spdy'],
		[['checkpoint', 'web'], 'checkpoint needs --export'],
	])('%j', async (args, message) => {
		const connect = vi.fn();
		await expect(run(args, { connect })).rejects.toThrow(message);
		expect(connect).not.toHaveBeenCalled();
	});
});

describe('stop', () => {
	test('names, seconds, and what was written', async () => {
		const asked = runtime();
		const ran = await run(['stop', '-t', '7', 'web', 'aaaa'], { services: { runtime: asked } });
		expect(ran).toMatchObject({ exitCode: 0, stdout: 'web\naaaa\n', stderr: '' });
		expect(asked.stopContainer).toHaveBeenCalledTimes(2);
		expect(asked.stopContainer).toHaveBeenCalledWith('aaaa1111', 7, expect.anything());
	});

	test('--all where nothing runs says so', async () => {
		const asked = runtime({ listContainers: async () => [] });
		const ran = await run(['stop', '-a'], { services: { runtime: asked } });
		expect(ran).toMatchObject({ exitCode: 0, stdout: 'No running containers found.\n' });
	});
});

describe('rm and rmp', () => {
	test('what runs is left alone without --force', async () => {
		const asked = runtime();
		const ran = await run(['rm', 'web'], { services: { runtime: asked } });
		expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
		expect(ran.stderr).toContain('it is running; criscope stop stops it, --force does both');
		expect(asked.removeContainer).not.toHaveBeenCalled();
		expect((await run(['rmp', 'shop'], { services: { runtime: asked } })).exitCode).toBe(1);
		expect(asked.removePodSandbox).not.toHaveBeenCalled();
	});

	test('--force stops first, and one failure is not the end', async () => {
		const asked = runtime({
			stopPodSandbox: vi.fn(async () => {
				throw new Error('cannot stop pod "shop": busy');
			}),
		});
		const services = { runtime: asked };
		expect(await run(['rm', '-f', 'web', 'none'], { services })).toMatchObject({
			exitCode: 1,
			stdout: 'web\nweb\n',
			stderr: expect.stringContaining('cannot find container "none"'),
		});
		expect(asked.stopContainer).toHaveBeenCalledWith('aaaa1111', 0, expect.anything());
		expect(await run(['rmp', '-f', 'default/shop'], { services })).toMatchObject({
			exitCode: 1,
			stdout: '',
			stderr: 'criscope: cannot stop pod "shop": busy\n',
		});
	});

	test('--all where there is nothing', async () => {
		const services = { runtime: runtime({ listContainers: async () => [], listPodSandbox: async () => [] }) };
		expect(await run(['rm', '-a'], { services })).toMatchObject({
			exitCode: 0,
			stderr: 'No containers to remove\n',
		});
		expect(await run(['rmp', '-a'], { services })).toMatchObject({
			exitCode: 0,
			stderr: 'No pods to remove\n',
		});
	});
});

describe('exec -s', () => {
	test('streams apart, the code of the command, its seconds', async () => {
		const execSync = vi.fn(async () => ({
			stdout: Buffer.from('out'),
			stderr: Buffer.from('err'),
			exitCode: 3,
		}));
		const services = { runtime: runtime({ execSync }) };
		const ran = await run(['exec', '-s', '--timeout', '5', 'web', 'ls', '-l'], { services });
		expect(ran).toMatchObject({ exitCode: 3, stdout: 'out', stderr: 'err' });
		const request = { containerId: 'aaaa1111', command: ['ls', '-l'], timeoutSeconds: 5 };
		expect(execSync).toHaveBeenCalledWith(request, expect.anything());
		expect(await run(['exec', '-s', '-e', 'web', 'ls'], { services })).toMatchObject({ exitCode: 0 });
	});
});

describe('logs', () => {
	test('a container without a log, and one on another machine, in a sentence', async () => {
		const services = { runtime: runtime() };
		await expect(run(['logs', 'web'], { services })).rejects.toThrow(
			'cannot show the log of container "web": its pod has no log directory',
		);
	});
});
