/** The streaming server as an independent client sees it: crictl, whose URLs come from a fake CRI server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import type { ContainerId } from '../../src/cri/ids.ts';
import { createStreamingServer } from '../../src/runtime/streaming/streaming-server.ts';
import { startFakeCriServer } from '../fakes/cri-server.ts';
import { createProcessBackend } from '../fakes/streaming-backend.ts';

/** Where a real crictl may lie; these tests are an extra. */
const crictl = ['/usr/local/bin/crictl', '/usr/bin/crictl', '/tmp/tools/crictl'].find((file) =>
	existsSync(file),
);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start() {
	const folder = mkdtempSync(path.join(tmpdir(), 'criscope-crictl-'));
	cleanups.push(() => rmSync(folder, { recursive: true }));
	const socketPath = path.join(folder, 'cri.sock');
	const cri = await startFakeCriServer({ socketPath, pods: 1, containers: 1 });
	cleanups.push(() => cri.stop());
	const server = await createStreamingServer({ backend: createProcessBackend(), log: () => {} });
	cleanups.push(() => server[Symbol.asyncDispose]());
	const launch = (args: readonly string[]) => {
		const child = spawn(crictl ?? '', ['-r', `unix://${socketPath}`, ...args], { stdio: 'pipe' });
		cleanups.push(() => child.kill('SIGKILL'));
		return child;
	};
	const run = async (args: readonly string[], input = '') => {
		const child = launch(args);
		child.stdin.on('error', () => {});
		child.stdin.end(input);
		const ended = once(child, 'close');
		const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
		return { code: (await ended)[0] as number, stdout, stderr };
	};
	const [containerId = '', podId = ''] = await Promise.all(
		[
			['ps', '-aq'],
			['pods', '-q'],
		].map(async (args) => (await run(args)).stdout.trim()),
	);
	return { cri, server, launch, run, containerId: containerId as ContainerId, podId };
}

const missing = crictl === undefined ? ' [skipped, missing: crictl]' : '';

describe.skipIf(crictl === undefined).each(['spdy', 'websocket'])(`crictl over %s${missing}`, (transport) => {
	test('exec: outputs, exit codes, stdin to its end, megabytes', async () => {
		const { cri, server, run, containerId } = await start();
		const exec = async (command: readonly string[], input?: string) => {
			const stdin = input !== undefined;
			const streams = { tty: false, stdin, stdout: true, stderr: true };
			cri.answers.set('Exec', { url: server.execUrl({ containerId, command, ...streams }) });
			return run(
				['exec', '--transport', transport, ...(stdin ? ['-i'] : []), containerId, ...command],
				input,
			);
		};
		const failed = await exec(['sh', '-c', 'echo out; echo err >&2; exit 3']);
		expect(failed).toMatchObject({ code: 1, stdout: 'out\n' });
		expect(failed.stderr).toContain('err\n');
		expect(failed.stderr).toContain('exit code 3');
		expect(await exec(['true'])).toMatchObject({ code: 0, stdout: '' });
		expect(await exec(['sh', '-c', 'cat; echo done'], 'hello\n')).toMatchObject({
			code: 0,
			stdout: 'hello\ndone\n',
		});
		expect((await exec(['head', '-c', '5000000', '/dev/zero'])).stdout.length).toBe(5_000_000);
		expect((await exec(['/no/such/command'])).stderr).toContain('ENOENT');
	});

	test('attach', async () => {
		const { cri, server, run, containerId } = await start();
		const streams = { tty: false, stdin: true, stdout: true, stderr: true };
		cri.answers.set('Attach', { url: server.attachUrl({ containerId, ...streams }) });
		const args = ['attach', '--transport', transport, '-i', containerId];
		expect(await run(args, 'attached\n')).toMatchObject({ code: 0, stdout: 'attached\n' });
	});

	test('port-forward, one connection after the other', async () => {
		const { cri, server, launch, podId } = await start();
		const echo = net
			.createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket))
			.listen(0, '127.0.0.1');
		cleanups.push(() => echo.close());
		await once(echo, 'listening');
		const { port } = echo.address() as net.AddressInfo;
		cri.answers.set('PortForward', { url: server.portForwardUrl({ podSandboxId: podId, ports: [port] }) });
		const child = launch(['port-forward', '--transport', transport, podId, `:${port}`]);
		let said = '';
		child.stdout.on('data', (bytes) => {
			said += bytes;
		});
		await expect.poll(() => said, { timeout: 10_000 }).toMatch(/127\.0\.0\.1:\d+ ->/);
		const local = Number(/127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]);
		for (let round = 0; round < 3; round++) {
			const socket = net.connect({ port: local, host: '127.0.0.1', allowHalfOpen: true });
			socket.end('x'.repeat(200_000));
			expect((await text(socket)).length).toBe(200_000);
		}
	});
});
