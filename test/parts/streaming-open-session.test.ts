import { afterEach, describe, expect, test } from 'vitest';
import { isAbort } from '../../src/cri/errors.ts';
import { openStreamingSession } from '../../src/cri/streaming/open-session.ts';
import type { StreamingSessionOptions, StreamingTransport } from '../../src/cri/streaming/session.ts';
import {
	type FakeProcess,
	type StreamingServer,
	type StreamingServerOptions,
	startStreamingServer,
} from '../fakes/streaming-server.ts';
import { testCertificate } from '../fakes/tls-certificate.ts';

const servers: StreamingServer[] = [];
afterEach(async () => {
	for (const server of servers.splice(0)) await server.close();
});

async function open(faults: StreamingServerOptions, asked: Partial<StreamingSessionOptions> = {}) {
	const server = await startStreamingServer(faults);
	servers.push(server);
	let stdout = '';
	let stderr = '';
	const opening = openStreamingSession({
		url: server.url,
		tty: faults.tty ?? false,
		stdin: faults.stdin ?? false,
		stdout: true,
		stderr: faults.stderr ?? false,
		onStdout: (bytes) => {
			stdout += Buffer.from(bytes).toString('latin1');
		},
		onStderr: (bytes) => {
			stderr += Buffer.from(bytes).toString('latin1');
		},
		...asked,
	});
	return { server, opening, stdout: () => stdout, stderr: () => stderr };
}

const cat = (command: FakeProcess) => {
	command.onStdin = (bytes) => command.stdout(bytes);
	command.onStdinEnd = () => command.exit(0);
};
const greet = (command: FakeProcess) => {
	command.stdout('out');
	command.stderr('err');
	command.exit(7);
};

describe.each<StreamingTransport>(['websocket', 'spdy'])('over %s', (transport) => {
	test('output, standard error and the exit code arrive, also byte by byte', async () => {
		for (const splitsBytes of [false, true]) {
			const run = await open({ run: greet, stderr: true, splitsBytes }, { transport });
			const session = await run.opening;
			expect(await session.exited).toEqual({ kind: 'exited', exitCode: 7 });
			expect([run.stdout(), run.stderr()]).toEqual(['out', 'err']);
			expect([session.transport, session.protocol]).toEqual([transport, 'v4.channel.k8s.io']);
		}
	});

	test('early output is never lost', async () => {
		for (let round = 0; round < 100; round++) {
			const run = await open({ run: greet, stderr: true }, { transport });
			const session = await run.opening;
			await session.exited;
			expect([run.stdout(), run.stderr()]).toEqual(['out', 'err']);
			await servers.pop()?.close();
		}
	});

	test('a megabyte of stdin comes back whole, with drains', async () => {
		const sent = Buffer.alloc(1 << 20, 'abcdefghijk');
		let drained = () => {};
		let command: FakeProcess | undefined;
		const run = await open(
			{
				run: (started) => {
					command = started;
					cat(started);
				},
				stdin: true,
			},
			{ transport, onDrain: () => drained() },
		);
		const session = await run.opening;
		for (let offset = 0; offset < sent.length; offset += 100_000) {
			const { promise, resolve } = Promise.withResolvers<void>();
			drained = resolve;
			if (!session.write(sent.subarray(offset, offset + 100_000))) await promise;
		}
		await expect.poll(() => run.stdout().length).toBe(sent.length);
		expect(run.stdout()).toBe(sent.toString('latin1'));
		command?.exit(0);
		expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
	});

	test('the size is told at the start and at each change, within what the server can read', async () => {
		const sizes: string[] = [];
		const run = await open(
			{
				tty: true,
				run: (command) => {
					command.onResize = (json) => {
						sizes.push(...json.trim().split('\n'));
						if (sizes.length === 3) command.exit(0);
					};
				},
			},
			{ transport, size: { columns: 80, rows: 24 } },
		);
		const session = await run.opening;
		session.resize({ columns: 100_000, rows: 0 });
		session.resize({ columns: 132, rows: 50 });
		await session.exited;
		expect(sizes).toEqual([
			'{"Width":80,"Height":24}',
			'{"Width":65535,"Height":1}',
			'{"Width":132,"Height":50}',
		]);
	});

	test('a connection that dies says so, and keeps what came before', async () => {
		const run = await open(
			{
				run: (command) => {
					command.stdout('half a li');
					setTimeout(command.die, 20);
				},
			},
			{ transport },
		);
		const session = await run.opening;
		expect(await session.exited).toMatchObject({ kind: 'disconnected' });
		expect(run.stdout()).toBe('half a li');
		expect(session.write(Buffer.from('x'))).toBe(true);
	});

	test('a report that is no JSON is given in its own words', async () => {
		const run = await open(
			{
				run: (command) => {
					command.report('{"status": out of ');
					command.report('paper');
					command.end();
				},
			},
			{ transport },
		);
		expect(await (await run.opening).exited).toEqual({
			kind: 'failed',
			message: '{"status": out of paper',
		});
	});

	test('output after the report still arrives', async () => {
		const run = await open(
			{
				run: (command) => {
					command.report('{"status":"Success"}');
					setTimeout(() => {
						command.stdout('late');
						command.end();
					}, 20);
				},
			},
			{ transport },
		);
		expect(await (await run.opening).exited).toEqual({ kind: 'exited', exitCode: 0 });
		expect(run.stdout()).toBe('late');
	});

	test('a server that never answers meets the deadline', async () => {
		const run = await open({ neverAnswers: true }, { transport, connectTimeoutMs: 20 });
		await expect(run.opening).rejects.toMatchObject({ code: 'deadlineExceeded', timeoutMs: 20 });
		await expect.poll(run.server.connectionCount).toBe(0);
	});

	test('a signal ends the try and the session, and closes the socket', async () => {
		const early = new AbortController();
		const never = await open({ neverAnswers: true }, { transport, signal: early.signal });
		early.abort();
		await expect(never.opening).rejects.toSatisfy(isAbort);
		await expect.poll(never.server.connectionCount).toBe(0);

		const late = new AbortController();
		const run = await open({ run: cat, stdin: true }, { transport, signal: late.signal });
		const session = await run.opening;
		late.abort();
		expect(await session.exited).toEqual({ kind: 'disconnected', message: 'cancelled' });
		await expect.poll(run.server.connectionCount).toBe(0);
	});

	test('closing ends a session, also a paused one', async () => {
		const run = await open({ run: cat, stdin: true }, { transport });
		const session = await run.opening;
		session.pause();
		session.write(Buffer.from('unread'));
		session.close();
		expect(await session.exited).toEqual({ kind: 'disconnected', message: 'closed by this side' });
		await expect.poll(run.server.connectionCount).toBe(0);
	});

	test('a paused session holds the output back, and loses none', async () => {
		const total = 8 << 20;
		const run = await open(
			{
				run: (command) => {
					for (let sent = 0; sent < total; sent += 1 << 16) command.stdout(Buffer.alloc(1 << 16, 'x'));
					command.exit(0);
				},
			},
			{ transport },
		);
		const session = await run.opening;
		session.pause();
		const before = run.stdout().length;
		await new Promise((resolve) => setImmediate(resolve));
		await new Promise((resolve) => setImmediate(resolve));
		expect(run.stdout().length - before).toBeLessThan(1 << 20);
		session.resume();
		expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
		expect(run.stdout().length).toBe(total);
	});

	test('https is verified unless told otherwise', async () => {
		const faults = { run: greet, stderr: true, tls: true };
		const refused = await open(faults, { transport });
		await expect(refused.opening).rejects.toThrow(/self.signed certificate/);
		for (const trust of [{ ca: testCertificate }, { insecureSkipTlsVerify: true }]) {
			const run = await open(faults, { transport, ...trust });
			expect(await (await run.opening).exited).toEqual({ kind: 'exited', exitCode: 7 });
			expect([run.stdout(), run.stderr()]).toEqual(['out', 'err']);
		}
	});

	test('a used token is not found, and nobody listening is unavailable', async () => {
		const run = await open({ run: greet }, { transport });
		const url = await run.server.url();
		const again = () =>
			openStreamingSession({
				url,
				tty: false,
				stdin: false,
				stdout: true,
				stderr: false,
				onStdout: () => {},
				transport,
			});
		await (await again()).exited;
		await expect(again()).rejects.toMatchObject({ code: 'notFound' });
		await servers.pop()?.close();
		await expect(again()).rejects.toMatchObject({ code: 'unavailable' });
	});
});

describe('the choice of transport', () => {
	test('WebSocket refused: the URL is asked for again and SPDY used', async () => {
		const run = await open({ run: greet, webSocketProtocols: [], stderr: true });
		const session = await run.opening;
		expect(session.transport).toBe('spdy');
		expect(await session.exited).toEqual({ kind: 'exited', exitCode: 7 });
		expect([run.server.urlCount(), run.server.startCount()]).toEqual([2, 1]);
	});

	test('stdin is half-closed over SPDY where the server knows only v4, and the command starts once', async () => {
		const run = await open({ run: cat, stdin: true }, { halfCloseStdin: true });
		const session = await run.opening;
		expect(session.transport).toBe('spdy');
		session.write(Buffer.from('to the end'));
		await session.endStdin();
		expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
		expect(run.stdout()).toBe('to the end');
		expect(run.server.startCount()).toBe(1);
	});

	test('stdin is half-closed over WebSocket v5 where the server knows it', async () => {
		const run = await open(
			{ run: cat, stdin: true, webSocketProtocols: ['v4.channel.k8s.io', 'v5.channel.k8s.io'] },
			{ halfCloseStdin: true },
		);
		const session = await run.opening;
		expect(session.protocol).toBe('v5.channel.k8s.io');
		session.write(Buffer.from('to the end'));
		await session.endStdin();
		expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
		expect(run.stdout()).toBe('to the end');
	});

	test('a v4 WebSocket cannot half-close and says what to do', async () => {
		const run = await open({ run: cat, stdin: true });
		const session = await run.opening;
		await expect(session.endStdin()).rejects.toThrow('halfCloseStdin');
		session.close();
	});

	test('both refused: each reason is given', async () => {
		const run = await open({ webSocketProtocols: [], refusesSpdy: true });
		await expect(run.opening).rejects.toThrow(/no SPDY here.*by WebSocket.*unknown protocol/);
		await expect.poll(run.server.connectionCount).toBe(0);
	});

	test('what the URL function throws is passed on', async () => {
		const failing = open({}, { url: () => Promise.reject(new Error('container is gone')) });
		await expect(failing.then((run) => run.opening)).rejects.toThrow('container is gone');
	});
});
