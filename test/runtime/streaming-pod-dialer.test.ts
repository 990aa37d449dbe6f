/** Needs root: makes a network namespace and listens in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { openPortForwarder } from '../../src/cri/streaming/port-forward.ts';
import { createPodDialer } from '../../src/runtime/streaming/pod-dialer.ts';
import { createStreamingServer } from '../../src/runtime/streaming/streaming-server.ts';
import { createProcessBackend } from '../fakes/streaming-backend.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An echo server on 7001 (IPv4) and 7002 (IPv6) in a network namespace of its own. */
const podProgram = `
const net = require('node:net');
const serve = (port, host) => new Promise((resolve) =>
	net.createServer({ allowHalfOpen: true }, (socket) => { socket.on('error', () => {}); socket.write('pod '); socket.pipe(socket); }).listen(port, host, resolve));
Promise.all([serve(7001, '127.0.0.1'), serve(7002, '::1')]).then(() => console.log('ready'));
process.stdin.resume().on('end', () => process.exit());
`;

async function startPod(): Promise<{ readonly netnsPath: string; readonly process: ChildProcess }> {
	const script = 'ip link set lo up && exec "$0" -e "$1"';
	const pod = spawn('unshare', ['-n', 'sh', '-c', script, process.execPath, podProgram], {
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	cleanups.push(async () => {
		const ended = once(pod, 'exit');
		pod.stdin.end();
		await ended;
	});
	await once(pod.stdout, 'data');
	return { netnsPath: `/proc/${pod.pid}/ns/net`, process: pod };
}

function makeDialer() {
	const dialer = createPodDialer();
	cleanups.push(() => dialer[Symbol.asyncDispose]());
	return dialer;
}

const ownNetwork = () =>
	readdirSync('/proc/self/task').map((task) => readlinkSync(`/proc/self/task/${task}/ns/net`));
const descriptors = () => readdirSync('/proc/self/fd').length;

test('both families are reached inside the pod, and no thread of ours stays there', async () => {
	const { netnsPath } = await startPod();
	const dialer = makeDialer();
	for (const port of [7001, 7002]) {
		const socket = await dialer.connect(netnsPath, port);
		socket.end('hello');
		expect(await text(socket)).toBe('pod hello');
	}
	await expect(dialer.connect(undefined, 7001)).rejects.toThrow('nothing listens on 127.0.0.1');
	expect(new Set(ownNetwork()).size).toBe(1);
});

test('a port where nothing listens, a pod that is gone, and a call that is cancelled', async () => {
	const { netnsPath } = await startPod();
	const dialer = makeDialer();
	await expect(dialer.connect(netnsPath, 7003)).rejects.toThrow(
		'cannot connect to port "7003" of the pod: nothing listens on 127.0.0.1, nothing listens on ::1',
	);
	await expect(dialer.connect('/proc/1/ns/nothing', 7001)).rejects.toThrow('ENOENT');
	await expect(dialer.connect('/etc/hostname', 7001)).rejects.toThrow('setns');
	const abort = new AbortController();
	const cancelled = dialer.connect(netnsPath, 7001, { signal: abort.signal });
	abort.abort(new Error('no more'));
	await expect(cancelled).rejects.toThrow('no more');
	// The thread serves on after each of them.
	const socket = await dialer.connect(netnsPath, 7001);
	socket.end();
	expect(await text(socket)).toBe('pod ');
});

test('2,000 connections, every third one cancelled, leave no descriptor', { timeout: 60_000 }, async () => {
	const { netnsPath } = await startPod();
	const dialer = makeDialer();
	const one = async (index: number) => {
		const abort = new AbortController();
		const connecting = dialer.connect(netnsPath, index % 4 === 0 ? 7003 : 7001, { signal: abort.signal });
		if (index % 3 === 0) setImmediate(() => abort.abort(new Error('no more')));
		const socket = await connecting.catch(() => undefined);
		socket?.on('error', () => {});
		socket?.destroy();
	};
	await one(1);
	const before = descriptors();
	for (let round = 0; round < 100; round++) {
		await Promise.all(Array.from({ length: 20 }, (_, index) => one(round * 20 + index)));
	}
	await expect.poll(() => descriptors() - before).toBeLessThanOrEqual(2);
});

test('a port-forward reaches into the pod', async () => {
	const { netnsPath } = await startPod();
	const dialer = makeDialer();
	const server = await createStreamingServer({
		backend: createProcessBackend({
			connectPort: (_id, port, options) => dialer.connect(netnsPath, port, options),
		}),
		log: () => {},
	});
	cleanups.push(() => server[Symbol.asyncDispose]());
	const forwarder = await openPortForwarder({ url: server.portForwardUrl({ podSandboxId: 'x', ports: [] }) });
	const connection = await forwarder.connect(7001);
	connection.end('through');
	expect(await text(connection)).toBe('pod through');
	forwarder.close();
});
