import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { embeddedSocketPath } from '../../../src/cri/endpoint-address.ts';
import { chooseEndpoint, type EndpointRequest, findSockets } from '../../../src/cri/endpoints.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { asOrdinaryUser } from './unprivileged.ts';

const containerd = '/run/containerd/containerd.sock';
const crio = '/var/run/crio/crio.sock';

/** A file of the test's own root folder, readable by everyone. */
function place(root: string, path: string): string {
	const file = join(root, path);
	mkdirSync(dirname(file), { recursive: true });
	chmodSync(root, 0o755);
	return file;
}

/** A socket which somebody listens on, until the test ends. */
async function listen(root: string, path: string): Promise<string> {
	const file = place(root, path);
	const server = createServer((socket) => socket.destroy());
	await new Promise<void>((resolve) => server.listen(file, resolve));
	onTestFinished(() => void server.close());
	return file;
}

/** A socket left behind by a process that was killed: Node removes its own, so the server is another's. */
async function abandon(root: string, path: string): Promise<string> {
	const file = place(root, path);
	const { spawnSync } = await import('node:child_process');
	const script = `require('net').createServer().listen(${JSON.stringify(file)}, () => process.kill(process.pid, 'SIGKILL'))`;
	spawnSync(process.execPath, ['-e', script]);
	return file;
}

function choose(root: string, request: Partial<EndpointRequest> = {}) {
	return chooseEndpoint({ env: {}, root, ...request });
}

describe('who names one', () => {
	const file = 'runtime-endpoint: unix:///file\nimage-endpoint: unix:///file-images\ntimeout: 3\n';

	test('flag before variable before file', async () => {
		const root = tempDir();
		writeFileSync(place(root, 'etc/crictl.yaml'), file);
		const env = { CONTAINER_RUNTIME_ENDPOINT: 'unix:///env', IMAGE_SERVICE_ENDPOINT: '/env-images' };
		const flags = { runtimeEndpoint: 'tcp://flag:1', imageEndpoint: undefined };
		expect(await choose(root, { env, flags })).toMatchObject({
			kind: 'chosen',
			runtimeEndpoint: 'tcp://flag:1',
			imageEndpoint: 'unix:///env-images',
			origin: { kind: 'flag', name: '--runtime-endpoint' },
		});
		expect(await choose(root, { env })).toMatchObject({
			runtimeEndpoint: 'unix:///env',
			origin: { kind: 'environment', name: 'CONTAINER_RUNTIME_ENDPOINT' },
		});
		expect(await choose(root)).toEqual({
			kind: 'chosen',
			runtimeEndpoint: 'unix:///file',
			imageEndpoint: 'unix:///file-images',
			origin: { kind: 'file', name: join(root, 'etc/crictl.yaml') },
			others: [],
			timeoutMs: 3000,
		});
	});

	test('images come from the runtime where nobody says else', async () => {
		const choice = await choose(tempDir(), { flags: { runtimeEndpoint: '/run/x.sock' } });
		expect(choice).toMatchObject({
			runtimeEndpoint: 'unix:///run/x.sock',
			imageEndpoint: 'unix:///run/x.sock',
		});
	});

	test('another config file by variable and, before it, by flag', async () => {
		const root = tempDir();
		writeFileSync(place(root, 'a.yaml'), 'runtime-endpoint: unix:///a');
		writeFileSync(place(root, 'b.yaml'), 'runtime-endpoint: unix:///b');
		const env = { CRI_CONFIG_FILE: join(root, 'a.yaml') };
		expect(await choose(root, { env })).toMatchObject({ runtimeEndpoint: 'unix:///a' });
		const flags = { configPath: join(root, 'b.yaml') };
		expect(await choose(root, { env, flags })).toMatchObject({ runtimeEndpoint: 'unix:///b' });
		const missing = choose(root, { flags: { configPath: '/nowhere.yaml' } });
		await expect(missing).rejects.toThrow('cannot read crictl config "/nowhere.yaml": no such file');
	});

	test('a bad one says where it came from', async () => {
		const bad = choose(tempDir(), { env: { CONTAINER_RUNTIME_ENDPOINT: 'http://x' } });
		await expect(bad).rejects.toThrow(
			'cannot use endpoint "http://x": the scheme "http" is not known, only unix and tcp are (from variable CONTAINER_RUNTIME_ENDPOINT)',
		);
	});
});

describe('who names none', () => {
	test('gets the first that is open, and is told of the others', async () => {
		const root = tempDir();
		await abandon(root, containerd);
		const first = await listen(root, crio);
		const second = await listen(root, '/run/criscope/criscope.sock');
		const choice = await choose(root);
		expect(choice).toMatchObject({
			kind: 'chosen',
			runtimeEndpoint: `unix://${first}`,
			imageEndpoint: `unix://${first}`,
			origin: { kind: 'found', name: 'CRI-O' },
			others: [{ name: 'criscope', endpoint: `unix://${second}` }],
		});
		expect((await findSockets({ root })).map(({ probe }) => probe.kind)).toEqual([
			'refused',
			'open',
			'missing',
			'missing',
			'missing',
			'open',
		]);
	});

	test('is told what was tried where there is none', async () => {
		const root = tempDir();
		writeFileSync(place(root, crio), 'a file');
		const choice = await choose(root);
		expect(choice.kind).toBe('none');
		expect(choice).toMatchObject({ message: expect.stringContaining(`${crio} (CRI-O: no socket)`) });
		expect(choice).toMatchObject({ message: expect.stringContaining('(k3s or RKE2)') });
		expect(choice).toMatchObject({
			message: expect.stringMatching(/^no container runtime found: name its socket/),
		});
	});

	test('can still name the images', async () => {
		const root = tempDir();
		await listen(root, containerd);
		const choice = await choose(root, { flags: { imageEndpoint: '/images.sock' } });
		expect(choice).toMatchObject({ imageEndpoint: 'unix:///images.sock' });
	});
});

describe('without permission', () => {
	/** A socket for root and perhaps a group, in a root folder with that group's name. */
	async function closed(gid: number, mode: number): Promise<{ root: string; path: string }> {
		const root = tempDir();
		writeFileSync(place(root, 'etc/group'), 'root:x:0:\nother:x:4241:\nruntimes:x:4242:someone\n');
		const path = await listen(root, containerd);
		if (process.geteuid?.() === 0) chownSync(path, 0, gid);
		chmodSync(path, mode);
		return { root, path };
	}

	test.runIf(process.geteuid?.() === 0)('the group of the socket is named', async () => {
		const { root, path } = await closed(4242, 0o660);
		const choice = await asOrdinaryUser(() => choose(root, { commandLine: 'criscope ps' }));
		expect(choice).toMatchObject({
			kind: 'denied',
			runtimeEndpoint: `unix://${path}`,
			message: `no permission to open ${path}: it is for group "runtimes" (sudo usermod -aG runtimes "$USER", then log in again), or run "sudo criscope ps"`,
		});
	});

	test.runIf(process.geteuid?.() === 0)('a group that may not write is no help', async () => {
		const { root, path } = await closed(4242, 0o640);
		const choice = await asOrdinaryUser(() => choose(root));
		expect(choice).toMatchObject({ message: `no permission to open ${path}: run "sudo criscope"` });
	});

	test('a named socket is told the same way', async () => {
		const { root, path } = await closed(0, 0o000);
		const choice = await asOrdinaryUser(() => choose(root, { flags: { runtimeEndpoint: path } }));
		expect(choice).toMatchObject({
			kind: 'denied',
			message: `no permission to open ${path}: run "sudo criscope"`,
		});
	});
});

describe('a runtime that is being restarted', () => {
	test('is waited for where its socket is left and nobody listens', async () => {
		const root = tempDir();
		const left = await abandon(root, containerd);
		const choosing = choose(root, { patienceMs: 60_000 });
		expect(await choose(root)).toMatchObject({ kind: 'none' });
		rmSync(left);
		await listen(root, containerd);
		expect(await choosing).toMatchObject({ kind: 'chosen', origin: { name: 'containerd' } });
	});

	test('is not waited for where nothing is left of one, nor the embedded one, which can be started', async () => {
		expect(await choose(tempDir(), { patienceMs: 3_600_000 })).toMatchObject({ kind: 'none' });
		const root = tempDir();
		await abandon(root, embeddedSocketPath);
		expect(await choose(root, { patienceMs: 3_600_000 })).toMatchObject({ kind: 'none' });
	});
});
