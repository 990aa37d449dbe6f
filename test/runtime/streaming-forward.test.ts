import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { openPortForwarder } from '../../src/cri/streaming/port-forward.ts';
import { createSpdyConnection } from '../../src/cri/streaming/spdy/connection.ts';
import { upgradeToSpdy } from '../../src/cri/streaming/spdy-upgrade.ts';
import { createStreamingServer, type StreamingLimits } from '../../src/runtime/streaming/streaming-server.ts';
import { createProcessBackend, type ProcessBackend } from '../fakes/streaming-backend.ts';

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server in the "pod" that does `serve` with each connection. @returns its port */
async function listen(serve: (socket: net.Socket) => void): Promise<number> {
	const sockets = new Set<net.Socket>();
	const server = net.createServer({ allowHalfOpen: true }, (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => {});
		serve(socket);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	cleanups.push(() => {
		server.close();
		for (const socket of sockets) socket.destroy();
	});
	return (server.address() as net.AddressInfo).port;
}

const echo = (socket: net.Socket) => void socket.pipe(socket);

async function start(
	limits: Partial<StreamingLimits> = {},
	backend: ProcessBackend = createProcessBackend(),
) {
	const server = await createStreamingServer({ backend, log: () => {}, limits });
	cleanups.push(() => server[Symbol.asyncDispose]());
	const url = (ports: readonly number[] = []) => server.portForwardUrl({ podSandboxId: 'cafe', ports });
	return { backend, server, url };
}

async function forward(limits?: Partial<StreamingLimits>) {
	const { backend, url, server } = await start(limits);
	const forwarder = await openPortForwarder({ url: url() });
	cleanups.push(() => forwarder.close());
	return { backend, forwarder, server };
}

const descriptors = () => readdirSync('/proc/self/fd').length;

test('fifty connections at once each get their own bytes back, after their own half-close', async () => {
	const port = await listen(echo);
	const { forwarder, backend } = await forward();
	const answers = await Promise.all(
		Array.from({ length: 50 }, async (_, index) => {
			const connection = await forwarder.connect(port);
			connection.end(`message ${index} `.repeat(5000));
			return text(connection);
		}),
	);
	answers.forEach((answer, index) => {
		expect(answer).toBe(`message ${index} `.repeat(5000));
	});
	await expect.poll(() => backend.sockets.size).toBe(0);
});

test("the port's half-close leaves the client's half open", async () => {
	const received: Promise<string>[] = [];
	const port = await listen((socket) => {
		socket.end('greeting');
		received.push(text(socket));
	});
	const { forwarder } = await forward();
	const connection = await forwarder.connect(port);
	// Reading it to the end by iteration would destroy the other half, too.
	const [[greeting]] = await Promise.all([once(connection, 'data'), once(connection, 'end')]);
	expect(String(greeting)).toBe('greeting');
	connection.end('late answer');
	expect(await received[0]).toBe('late answer');
});

test('a port where nothing listens is the error of that connection alone', async () => {
	const port = await listen(echo);
	const { forwarder } = await forward();
	const free = net.createServer().listen(0, '127.0.0.1');
	await once(free, 'listening');
	const closedPort = (free.address() as net.AddressInfo).port;
	free.close();
	const bad = await forwarder.connect(closedPort);
	const [error] = await once(bad, 'error').catch((caught: unknown) => [caught]);
	expect(String(error)).toContain('nothing listens on 127.0.0.1');
	const good = await forwarder.connect(port);
	good.end('still here');
	expect(await text(good)).toBe('still here');
});

test('a connection that the port resets is no clean end', async () => {
	const port = await listen((socket) => socket.on('data', () => socket.resetAndDestroy()));
	const { forwarder } = await forward();
	const connection = await forwarder.connect(port);
	connection.write('x');
	await expect(text(connection)).rejects.toThrow('reset');
});

test('100 MB each way pass in bounded memory, beside a connection that nobody reads', async () => {
	const port = await listen(echo);
	const { forwarder } = await forward();
	const before = process.memoryUsage().rss;
	let peak = 0;
	const connection = await forwarder.connect(port);
	let received = 0;
	connection.on('data', (bytes: Buffer) => {
		received += bytes.length;
	});
	for (let index = 0; index < 1600; index++) {
		if (!connection.write(Buffer.alloc(64 * 1024, index))) await once(connection, 'drain');
		if (index % 50 === 0) peak = Math.max(peak, process.memoryUsage().rss);
	}
	connection.end();
	await once(connection, 'end');
	expect(received).toBe(1600 * 64 * 1024);
	expect(peak - before).toBeLessThan(120 << 20);
});

test('2,000 connections, some broken off, leave no descriptor and no timer', {
	timeout: 120_000,
}, async () => {
	const port = await listen(echo);
	const { forwarder, backend } = await forward();
	const one = async (index: number) => {
		const connection = await forwarder.connect(port);
		connection.on('error', () => {});
		if (index % 5 === 0) {
			connection.write('half a requ');
			connection.destroy();
		} else if (index % 7 === 0) connection.destroy();
		else {
			connection.end('x');
			expect(await text(connection)).toBe('x');
		}
	};
	await one(1);
	await expect.poll(() => backend.sockets.size).toBe(0);
	const before = descriptors();
	for (let round = 0; round < 100; round++) {
		await Promise.all(Array.from({ length: 20 }, (_, index) => one(round * 20 + index)));
	}
	await expect.poll(() => backend.sockets.size).toBe(0);
	await expect.poll(() => descriptors() - before).toBeLessThanOrEqual(2);
});

test('300 port-forwards, each cut with connections open, leave nothing', { timeout: 120_000 }, async () => {
	const port = await listen(echo);
	const { backend, url } = await start();
	const before = descriptors();
	for (let round = 0; round < 300; round++) {
		const forwarder = await openPortForwarder({ url: url() });
		const connections = await Promise.all([forwarder.connect(port), forwarder.connect(port)]);
		for (const connection of connections) connection.on('error', () => {}).write('hello');
		if (round % 2 === 0) await once(connections[0], 'data');
		forwarder.close();
		await forwarder.closed;
	}
	await expect.poll(() => backend.sockets.size).toBe(0);
	await expect.poll(() => descriptors() - before).toBeLessThanOrEqual(2);
});

test('disposing of the server closes what is open to the pod', async () => {
	const port = await listen(echo);
	const { forwarder, backend, server } = await forward();
	const connection = await forwarder.connect(port);
	connection.on('error', () => {});
	connection.write('x');
	await once(connection, 'data');
	await server[Symbol.asyncDispose]();
	expect(backend.sockets.size).toBe(0);
	expect(await forwarder.closed).toBeDefined();
});

test('clients without request ids, streams that lack their other half, and bad ports', async () => {
	const port = await listen(echo);
	const { url } = await start({ streamCreationTimeoutMs: 300 });
	const upgraded = await upgradeToSpdy(new URL(url()), ['portforward.k8s.io'], { url: '' });
	const connection = createSpdyConnection({ ...upgraded, onDrain: () => {}, onClose: () => {} });
	cleanups.push(() => connection.destroy());
	connection.start();
	const open = (headers: Record<string, string>) => {
		let said = '';
		const { promise, resolve } = Promise.withResolvers<string>();
		const stream = connection.openStream(headers, {
			onData: (bytes) => {
				said += bytes;
			},
			onEnd: (how) => resolve(`${how}: ${said}`),
		});
		return { stream, ended: promise };
	};
	open({ streamtype: 'error', port: String(port) });
	const data = open({ streamtype: 'data', port: String(port) });
	data.stream.write(Buffer.from('old client'));
	data.stream.end();
	expect(await data.ended).toBe('finished: old client');

	for (const headers of [
		{ streamtype: 'data', port: '0' },
		{ streamtype: 'data', port: '65536' },
		{ streamtype: 'data', port: 'x' },
		{ streamtype: 'data' },
		{ streamtype: 'other', port: '80' },
	] as const) {
		expect(await open(headers as Record<string, string>).ended).toBe('reset: ');
	}
	const lonely = open({ streamtype: 'error', port: '80', requestid: '7' });
	expect(await lonely.ended).toContain('finished: the other stream');
	const lonelyData = open({ streamtype: 'data', port: '80', requestid: '8' });
	expect(await lonelyData.ended).toBe('reset: ');
	const twice = open({ streamtype: 'data', port: '80', requestid: '9' });
	expect(await open({ streamtype: 'data', port: '80', requestid: '9' }).ended).toBe('reset: ');
	expect(await twice.ended).toBe('reset: ');
});

test.each(['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', undefined])('WebSocket %s', async (protocol) => {
	const port = await listen((socket) => socket.once('data', (bytes) => socket.end(`got ${bytes}`)));
	const { url } = await start();
	const base64 = protocol?.includes('base64') === true;
	const socket = new WebSocket(`${url()}?port=${port}&port=1`, protocol === undefined ? [] : [protocol]);
	const messages: Buffer[] = [];
	socket.on('message', (message: Buffer) => {
		const bytes = base64
			? Buffer.concat([
					Buffer.of((message[0] ?? 0) - 48),
					Buffer.from(message.toString('latin1', 1), 'base64'),
				])
			: message;
		messages.push(bytes);
	});
	await once(socket, 'open');
	expect(socket.protocol).toBe(protocol ?? '');
	socket.send(base64 ? `0${Buffer.from('hello').toString('base64')}` : Buffer.from('\0hello'));
	const [code] = await once(socket, 'close');
	expect(code).toBe(1000);
	const low = [port & 0xff, port >> 8];
	expect(messages.slice(0, 4).map((message) => [...message])).toEqual([
		[0, ...low],
		[1, ...low],
		[2, 1, 0],
		[3, 1, 0],
	]);
	const rest = messages.slice(4).map((message) => `${message[0]} ${message.subarray(1)}`);
	expect(rest.sort()).toEqual([
		'0 got hello',
		expect.stringContaining('3 cannot connect to port "1" of the pod: nothing listens'),
	]);
});

test('SPDY within a WebSocket, as new clients of Kubernetes do it', async () => {
	const port = await listen(echo);
	const { url } = await start();
	// By hand, for our WebSocket library does not let a protocol have a slash in its name.
	const tunnel = await openTunnel(new URL(url()));
	const connection = createSpdyConnection({
		socket: tunnel,
		head: Buffer.alloc(0),
		onDrain: () => {},
		onClose: () => {},
	});
	connection.start();
	const headers = { port: String(port), requestid: '0' };
	const quiet = { onData: () => {}, onEnd: () => {} };
	connection.openStream({ ...headers, streamtype: 'error' }, quiet).end();
	const got: Buffer[] = [];
	const { promise: ended, resolve } = Promise.withResolvers<string>();
	const data = connection.openStream(
		{ ...headers, streamtype: 'data' },
		{ onData: (bytes) => got.push(Buffer.from(bytes)), onEnd: resolve },
	);
	data.write(Buffer.alloc(1_000_000, 'x'));
	data.end();
	expect(await ended).toBe('finished');
	expect(Buffer.concat(got).length).toBe(1_000_000);
	connection.destroy();
});

/** A stream of bytes in hand-made WebSocket frames. Source: RFC 6455 §5.2 */
async function openTunnel(url: URL): Promise<Duplex> {
	const request = http.request(url, {
		headers: {
			Connection: 'Upgrade',
			Upgrade: 'websocket',
			'Sec-WebSocket-Version': '13',
			'Sec-WebSocket-Key': Buffer.alloc(16, 7).toString('base64'),
			'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io',
		},
	});
	request.end();
	const [response, socket, head] = (await once(request, 'upgrade')) as [
		http.IncomingMessage,
		net.Socket,
		Buffer,
	];
	expect(response.headers['sec-websocket-protocol']).toBe('SPDY/3.1+portforward.k8s.io');
	const tunnel = new Duplex({
		read: () => {},
		write: (bytes: Buffer, _encoding, done) => {
			const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
			header.writeUInt32BE(bytes.length, 6);
			socket.write(Buffer.concat([header, bytes]), () => done());
		},
		destroy: (error, done) => {
			socket.destroy();
			done(error);
		},
	});
	let waiting = head;
	const take = (bytes: Buffer) => {
		waiting = Buffer.concat([waiting, bytes]);
		for (;;) {
			const short = (waiting[1] ?? 0) & 0x7f;
			const start = short === 127 ? 10 : short === 126 ? 4 : 2;
			if (waiting.length < start) return;
			const length =
				short === 127 ? waiting.readUInt32BE(6) : short === 126 ? waiting.readUInt16BE(2) : short;
			if (waiting.length < start + length) return;
			tunnel.push(waiting.subarray(start, start + length));
			waiting = waiting.subarray(start + length);
		}
	};
	socket.on('data', take);
	return tunnel;
}

test('a WebSocket without a port, or with a bad one, is refused', async () => {
	const { url } = await start();
	for (const query of ['', '?port=', '?port=0', '?port=80,x', `?port=${'1,'.repeat(200)}1`]) {
		const socket = new WebSocket(`${url()}${query}`, ['v4.channel.k8s.io']);
		const [error] = (await once(socket, 'error').catch((caught: unknown) => [caught])) as [Error];
		expect(error.message).toContain('400');
	}
});
