import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { ContainerId } from '../../src/cri/ids.ts';
import { openStreamingSession } from '../../src/cri/streaming/open-session.ts';
import type { StreamingExit, StreamingSession } from '../../src/cri/streaming/session.ts';
import {
	createStreamingServer,
	type StreamingBackend,
	type StreamingLimits,
	type StreamingServer,
} from '../../src/runtime/streaming/streaming-server.ts';
import { createProcessBackend } from '../fakes/streaming-backend.ts';

const containerId = 'c0ffee' as ContainerId;
const servers: StreamingServer[] = [];
afterEach(async () => {
	for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function start(backend: StreamingBackend, limits: Partial<StreamingLimits> = {}) {
	const server = await createStreamingServer({ backend, log: () => {}, limits });
	servers.push(server);
	return server;
}

type Flags = { tty?: boolean; stdin?: boolean; stdout?: boolean; stderr?: boolean };
type Sizes = { size?: { columns: number; rows: number } };

/** Opens an exec of a command with our own client and collects what it says. */
async function open(
	server: StreamingServer,
	transport: 'spdy' | 'websocket',
	command: readonly string[],
	{ tty = false, stdin = true, stdout = true, stderr = !tty, size }: Flags & Sizes = {},
) {
	const out: Buffer[] = [];
	const err: Buffer[] = [];
	let drained = () => {};
	const session = await openStreamingSession({
		url: server.execUrl({ containerId, command, tty, stdin, stdout, stderr }),
		transport,
		tty,
		stdin,
		stdout,
		stderr,
		size,
		halfCloseStdin: stdin,
		onStdout: (bytes) => out.push(Buffer.from(bytes)),
		onStderr: (bytes) => err.push(Buffer.from(bytes)),
		onDrain: () => drained(),
	});
	return {
		session,
		stdout: () => Buffer.concat(out).toString(),
		stderr: () => Buffer.concat(err).toString(),
		drain: () =>
			new Promise<void>((resolve) => {
				drained = resolve;
			}),
	};
}

function fileDescriptors(): number {
	return readdirSync('/proc/self/fd').length;
}

describe.each(['spdy', 'websocket'] as const)('%s', (transport) => {
	test('both outputs and the exit code arrive', async () => {
		const server = await start(createProcessBackend());
		const { session, stdout, stderr } = await open(server, transport, [
			'sh',
			'-c',
			'echo out; echo err >&2; exit 3',
		]);
		expect(await session.exited).toEqual<StreamingExit>({ kind: 'exited', exitCode: 3 });
		expect([stdout(), stderr()]).toEqual(['out\n', 'err\n']);
		expect(session.protocol).toBe(transport === 'spdy' ? 'v4.channel.k8s.io' : 'v5.channel.k8s.io');
	});

	test('the end of stdin ends the command, whose last words arrive', async () => {
		const server = await start(createProcessBackend());
		const { session, stdout } = await open(server, transport, ['sh', '-c', 'cat; echo bye']);
		session.write(Buffer.from('hello '));
		await session.endStdin();
		expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
		expect(stdout()).toBe('hello bye\n');
	});

	test('sizes reach the terminal, the first one too', async () => {
		const server = await start(createProcessBackend());
		const { session, stdout } = await open(server, transport, ['tty'], {
			tty: true,
			size: { columns: 80, rows: 24 },
		});
		session.resize({ columns: 100, rows: 50 });
		await session.endStdin();
		expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
		// The listener may come after both: then the last one counts.
		expect(stdout().endsWith('100x50\n')).toBe(true);
	});

	test('a backend that fails is told as a failure, in its words', async () => {
		const backend = createProcessBackend({ exec: () => Promise.reject(new Error('no such container')) });
		const { session } = await open(await start(backend), transport, ['x']);
		expect(await session.exited).toEqual({ kind: 'failed', message: 'no such container' });
	});

	test('a megabyte written just before the end is not lost', async () => {
		const server = await start(createProcessBackend());
		for (let round = 0; round < 5; round++) {
			const { session, stdout } = await open(server, transport, ['head', '-c', '1000000', '/dev/zero']);
			expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
			expect(stdout().length).toBe(1_000_000);
		}
	});

	test('a client that goes away aborts the session', async () => {
		const backend = createProcessBackend();
		const { session, stdout } = await open(await start(backend), transport, [
			'sh',
			'-c',
			'echo up; exec cat',
		]);
		await expect.poll(stdout).toBe('up\n');
		session.close();
		await expect.poll(() => backend.children.size).toBe(0);
		expect(backend.aborted).toEqual(['Error: the client is gone']);
	});

	test('a client that goes away while it is held back aborts the session, too', {
		timeout: 40_000,
	}, async () => {
		const backend = createProcessBackend();
		const { session, stdout } = await open(await start(backend, { heartbeatMs: 300 }), transport, [
			'sh',
			'-c',
			'echo up; exec sleep 60',
		]);
		await expect.poll(stdout).toBe('up\n');
		for (let written = 0; written < 64; written++) session.write(Buffer.alloc(1 << 20));
		await new Promise((resolve) => setTimeout(resolve, 200));
		session.close();
		await expect.poll(() => backend.children.size, { timeout: 35_000 }).toBe(0);
	});

	test('100 MB up and down at once, in bounded memory, with a reader that pauses', async () => {
		const server = await start(createProcessBackend());
		const hash = createHash('sha256');
		let received = 0;
		let session: StreamingSession | undefined;
		let drained = () => {};
		session = await openStreamingSession({
			url: server.execUrl({
				containerId,
				command: ['cat'],
				tty: false,
				stdin: true,
				stdout: true,
				stderr: false,
			}),
			transport,
			tty: false,
			stdin: true,
			stdout: true,
			stderr: false,
			halfCloseStdin: true,
			onDrain: () => drained(),
			onStdout: (bytes) => {
				hash.update(bytes);
				received += bytes.length;
				if (received % 7 !== 0) return;
				session?.pause();
				setImmediate(() => session?.resume());
			},
		});
		const sent = createHash('sha256');
		const before = process.memoryUsage().rss;
		let peak = 0;
		const piece = Buffer.alloc(64 * 1024);
		for (let index = 0; index < 1600; index++) {
			piece.fill(index % 251);
			const copy = Buffer.from(piece);
			sent.update(copy);
			const wait = new Promise<void>((resolve) => {
				drained = resolve;
			});
			if (!session.write(copy)) await wait;
			if (index % 50 === 0) peak = Math.max(peak, process.memoryUsage().rss);
		}
		await session.endStdin();
		expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
		expect(received).toBe(1600 * 64 * 1024);
		expect(hash.digest('hex')).toBe(sent.digest('hex'));
		// Both ends live in this process; without back-pressure it would be all of the 100 MB, twice.
		expect(peak - before).toBeLessThan(80 << 20);
	});

	test('a thousand sessions leave nothing behind', async () => {
		const backend = createProcessBackend();
		const server = await start(backend, { lingerMs: 1000 });
		const once = async () => {
			const session = await openStreamingSession({
				url: server.attachUrl({ containerId, tty: false, stdin: true, stdout: true, stderr: false }),
				transport,
				tty: false,
				stdin: true,
				stdout: true,
				stderr: false,
				halfCloseStdin: true,
				onStdout: () => {},
			});
			await session.endStdin();
			expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
		};
		await once();
		const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
		const [fds, timersBefore] = [fileDescriptors(), timers()];
		for (let round = 0; round < 100; round++) await Promise.all(Array.from({ length: 10 }, once));
		await expect.poll(() => fileDescriptors() - fds).toBeLessThanOrEqual(2);
		await expect.poll(() => timers() - timersBefore).toBeLessThanOrEqual(2);
	});

	test('disposing ends a session that runs', async () => {
		const backend = createProcessBackend();
		const server = await start(backend);
		const { session, stdout } = await open(server, transport, ['sh', '-c', 'echo up; exec cat']);
		await expect.poll(stdout).toBe('up\n');
		await server[Symbol.asyncDispose]();
		expect(await session.exited).toMatchObject({ kind: 'disconnected' });
		expect(backend.children.size).toBe(0);
	});

	test('a session on which nothing moves is ended', async () => {
		const backend = createProcessBackend();
		const { session } = await open(await start(backend, { idleTimeoutMs: 200 }), transport, ['cat']);
		expect(await session.exited).toMatchObject({ kind: 'disconnected' });
	});
});
