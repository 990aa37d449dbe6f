/** The streaming server against bytes written by hand, with no code of our client's in between. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { constants, createDeflate } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { ContainerId } from '../../src/cri/ids.ts';
import { spdyDictionary } from '../../src/cri/streaming/spdy/dictionary.ts';
import {
	createStreamingServer,
	type StreamingLimits,
	type StreamingServer,
} from '../../src/runtime/streaming/streaming-server.ts';
import { createProcessBackend } from '../fakes/streaming-backend.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(limits: Partial<StreamingLimits> = {}) {
	const backend = createProcessBackend();
	const server = await createStreamingServer({ backend, log: () => {}, limits });
	cleanups.push(() => server[Symbol.asyncDispose]());
	return { server, backend };
}

const all = { tty: false, stdin: true, stdout: true, stderr: true };

function execUrl(server: StreamingServer, command: readonly string[], flags: Partial<typeof all> = {}): URL {
	return new URL(server.execUrl({ containerId: 'c0ffee' as ContainerId, command, ...all, ...flags }));
}

async function ask(url: URL, method: string, headers: http.OutgoingHttpHeaders = {}) {
	const request = http.request(url, { method, headers, agent: false });
	request.end();
	const [response] = (await Promise.race([once(request, 'response'), once(request, 'upgrade')])) as [
		http.IncomingMessage,
	];
	if (response.statusCode === 101) request.destroy();
	return {
		status: response.statusCode,
		headers: response.headers,
		body: response.statusCode === 101 ? '' : await text(response),
	};
}

const spdy = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1' };

test('requests that are no stream are answered with a status that says why', async () => {
	const { server } = await start();
	const url = () => execUrl(server, ['true']);
	expect(await ask(url(), 'PUT')).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
	expect((await ask(url(), 'GET')).status).toBe(400);
	expect((await ask(url(), 'POST', { Connection: 'Upgrade', Upgrade: 'h2c' })).status).toBe(400);
	expect(await ask(url(), 'POST', spdy)).toMatchObject({
		status: 400,
		body: expect.stringContaining('X-Stream-Protocol-Version'),
	});
	expect(await ask(url(), 'POST', { ...spdy, 'X-Stream-Protocol-Version': 'v9' })).toMatchObject({
		status: 403,
		headers: { 'x-accepted-stream-protocol-versions': expect.stringContaining('v4.channel.k8s.io') },
	});
	expect(
		(await ask(url(), 'GET', { ...spdy, Host: 'evil.example', Origin: 'http://evil.example' })).status,
	).toBe(403);
	for (const path of [
		'/',
		'/exec',
		'/exec/',
		'/exec/..%2f',
		'/metrics',
		`/${'x'.repeat(5000)}`,
		'/exec/AAAAAAAA',
	]) {
		expect((await ask(new URL(path, server.baseUrl), 'GET', spdy)).status).toBe(404);
		expect((await ask(new URL(path, server.baseUrl), 'GET')).status).toBe(404);
	}
});

test('a token serves one kind of stream, once, in its time', async () => {
	const { server } = await start();
	const good = { ...spdy, 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' };
	const url = execUrl(server, ['true']);
	expect((await ask(url, 'POST', good)).status).toBe(101);
	expect((await ask(url, 'POST', good)).status).toBe(404);
	const other = execUrl(server, ['true']);
	other.pathname = other.pathname.replace('exec', 'attach');
	expect((await ask(other, 'POST', good)).status).toBe(404);
	// A time that is over however slow this machine is, and one that is not: what is in time would be late on a bad day.
	const { server: hasty } = await start({ tokenTtlMs: 1, maxTokens: 1 });
	const late = execUrl(hasty, ['true']);
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect((await ask(late, 'POST', good)).status).toBe(404);
	expect(() => execUrl(hasty, ['true'])).not.toThrow();
	const { server: small } = await start({ maxTokens: 3 });
	for (let count = 0; count < 3; count++) execUrl(small, ['true']);
	expect(() => execUrl(small, ['true'])).toThrow('cannot prepare a stream');
});

test('headers in any case, repeated, and in lists are understood', async () => {
	const { server } = await start();
	expect(
		await ask(execUrl(server, ['true']), 'GET', {
			connection: 'keep-alive, UPGRADE',
			upgrade: 'spdy/3.1',
			'x-stream-protocol-version': ['v9, v3.channel.k8s.io', 'v4.channel.k8s.io'],
		}),
	).toMatchObject({
		status: 101,
		headers: { 'x-stream-protocol-version': 'v3.channel.k8s.io', upgrade: 'SPDY/3.1' },
	});
});

const word = (value: number) =>
	Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);

/** A SPDY client made of bytes: a real deflater, frames by hand. */
async function openByHand(url: URL, protocol: string) {
	const socket = net.connect(Number(url.port), '127.0.0.1');
	cleanups.push(() => socket.destroy());
	socket.on('error', () => {});
	const chunks: Buffer[] = [];
	socket.on('data', (bytes: Buffer) => chunks.push(bytes));
	socket.write(
		`POST ${url.pathname} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\nContent-Length: 0\r\n\r\n`,
	);
	const deflate = createDeflate({ dictionary: spdyDictionary });
	const compressed: Buffer[] = [];
	deflate.on('data', (bytes: Buffer) => compressed.push(bytes));
	const control = (type: number, payload: Buffer, flags = 0) =>
		socket.write(
			Buffer.concat([Buffer.from([0x80, 3, 0, type, flags]), word(payload.length).subarray(1), payload]),
		);
	const data = (id: number, content: string, flags = 0) =>
		socket.write(
			Buffer.concat([word(id), Buffer.from([flags]), word(content.length).subarray(1), Buffer.from(content)]),
		);
	const open = async (id: number, type: string) => {
		const pair = [word(1), word(10), Buffer.from('streamtype'), word(type.length), Buffer.from(type)];
		deflate.write(Buffer.concat(pair));
		await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
		control(1, Buffer.concat([word(id), word(0), Buffer.from([0, 0]), ...compressed.splice(0)]));
	};
	const received = () => {
		const bytes = Buffer.concat(chunks);
		return bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
	};
	return {
		socket,
		control,
		data,
		open,
		received,
		closed: new Promise<void>((resolve) => socket.once('close', () => resolve())),
	};
}

/** Frames as words: `reply 1`, `data 5 "text"`, `fin 5`. */
function framesOf(bytes: Buffer): readonly string[] {
	const frames: string[] = [];
	let offset = 0;
	while (offset + 8 <= bytes.length) {
		const length = bytes.readUIntBE(offset + 5, 3);
		const payload = bytes.subarray(offset + 8, offset + 8 + length);
		const flags = bytes.readUInt8(offset + 4);
		if (bytes.readUInt8(offset) < 0x80) {
			const id = bytes.readUInt32BE(offset);
			if (length > 0) frames.push(`data ${id} ${payload}`);
			if (flags & 1) frames.push(`fin ${id}`);
		} else frames.push(`control ${bytes.readUInt16BE(offset + 2)} ${payload.readUInt32BE(0)}`);
		offset += 8 + length;
	}
	return frames;
}

test.each([
	[
		'v4.channel.k8s.io',
		'{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: exit status 4","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"4"}]}}',
	],
	['v3.channel.k8s.io', 'command terminated with non-zero exit code: exit status 4'],
	['v2.channel.k8s.io', 'command terminated with non-zero exit code: exit status 4'],
	['channel.k8s.io', 'command terminated with non-zero exit code: exit status 4'],
])(
	'%s: replies, echo of pings, data before status, every stream finished, goodbye',
	async (protocol, report) => {
		const { server } = await start();
		const client = await openByHand(execUrl(server, ['sh', '-c', 'cat; echo err >&2; exit 4']), protocol);
		await client.open(1, 'error');
		await client.open(3, 'stdin');
		await client.open(5, 'stdout');
		client.control(4, Buffer.concat([word(1), word(7), word(100)]));
		client.control(6, word(1));
		client.control(9, Buffer.concat([word(5), word(65_536)]));
		await client.open(7, 'nonsense');
		await client.open(9, 'stderr');
		client.data(3, 'hello');
		client.data(3, '', 1);
		await client.closed;
		const frames = framesOf(client.received());
		expect(frames.slice(0, 6)).toEqual([
			'control 2 1',
			'control 2 3',
			'control 2 5',
			'control 6 1',
			'control 3 7',
			'control 2 9',
		]);
		expect(frames.slice(6, 8).sort()).toEqual(['data 5 hello', 'data 9 err\n']);
		expect(frames.slice(8)).toEqual([`data 1 ${report}`, 'fin 1', 'fin 3', 'fin 5', 'fin 9', 'control 7 9']);
	},
);

test('v1 and v2 terminals have no resize stream, and start without one', async () => {
	const { server } = await start();
	for (const protocol of ['v2.channel.k8s.io', 'channel.k8s.io']) {
		const client = await openByHand(execUrl(server, ['tty'], { tty: true, stderr: false }), protocol);
		await client.open(1, 'error');
		await client.open(3, 'stdin');
		await client.open(5, 'stdout');
		client.data(3, '', 1);
		await client.closed;
		expect(framesOf(client.received()).slice(3)).toEqual(['fin 1', 'fin 3', 'fin 5', 'control 7 5']);
	}
});

test('a client that does not open all its streams is let go, and nothing was started', async () => {
	const { server, backend } = await start({ streamCreationTimeoutMs: 200 });
	const client = await openByHand(execUrl(server, ['cat']), 'v4.channel.k8s.io');
	await client.open(1, 'error');
	await client.closed;
	expect(backend.children.size).toBe(0);
});

test('a client that goes on sending after the end still reads all of it', async () => {
	const { server } = await start();
	const client = await openByHand(
		execUrl(server, ['head', '-c', '3000000', '/dev/zero'], { stderr: false }),
		'v4.channel.k8s.io',
	);
	for (const [index, type] of ['error', 'stdin', 'stdout'].entries()) await client.open(index * 2 + 1, type);
	client.socket.pause();
	const timer = setInterval(() => client.data(3, 'x'.repeat(10_000)), 5);
	await new Promise((resolve) => setTimeout(resolve, 400));
	client.socket.resume();
	await expect.poll(() => framesOf(client.received()).at(-1)).toBe('control 7 5');
	clearInterval(timer);
	const bytes = framesOf(client.received()).filter((frame) => frame.startsWith('data 5 '));
	expect(bytes.reduce((sum, frame) => sum + frame.length - 7, 0)).toBe(3_000_000);
});

test('hostile bytes end their own connection and nothing else', { timeout: 120_000 }, async () => {
	const { server, backend } = await start();
	const before = readdirSync('/proc/self/fd').length;
	const hostile = async (bytes: Uint8Array) => {
		const client = await openByHand(execUrl(server, ['cat']), 'v4.channel.k8s.io');
		client.socket.write(bytes);
		client.socket.end();
		await client.closed;
	};
	const synStream = (payload: Buffer) =>
		Buffer.concat([Buffer.from([0x80, 3, 0, 1, 0]), word(payload.length).subarray(1), payload]);
	await hostile(Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0]));
	await hostile(Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]));
	await hostile(synStream(Buffer.alloc(3)));
	await hostile(synStream(Buffer.alloc(10)));
	await hostile(synStream(Buffer.concat([word(2), word(0), Buffer.alloc(2)])));
	await hostile(synStream(Buffer.concat([word(1), word(0), Buffer.alloc(2), Buffer.alloc(500, 0x78)])));
	await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), hostile), { numRuns: 60 });
	await fc.assert(
		fc.asyncProperty(
			fc.constantFrom(1, 2, 3, 4, 6, 7, 8, 9),
			fc.uint8Array({ maxLength: 60 }),
			(type, payload) =>
				hostile(
					Buffer.concat([Buffer.from([0x80, 3, 0, type, 0]), word(payload.length).subarray(1), payload]),
				),
		),
		{ numRuns: 60 },
	);
	await expect.poll(() => readdirSync('/proc/self/fd').length - before).toBeLessThanOrEqual(2);
	expect(backend.children.size).toBe(0);
	const plain = net.connect(Number(new URL(server.baseUrl).port), '127.0.0.1');
	plain.on('error', () => {});
	plain.resume();
	plain.end('\0\x01garbage\r\n\r\n');
	await once(plain, 'close');
});

test('who asks for echoes without reading them is cut off', async () => {
	const { server } = await start();
	const client = await openByHand(execUrl(server, ['cat']), 'v4.channel.k8s.io');
	client.socket.pause();
	const ping = Buffer.concat([Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4]), word(1)]);
	const flood = Buffer.concat(Array.from({ length: 5000 }, () => ping));
	const limitBytes = 64 << 20;
	let written = 0;
	for (; !client.socket.destroyed && written < limitBytes; written += flood.length) {
		const taken = new Promise((resolve) => client.socket.write(flood, resolve));
		await Promise.race([taken, client.closed]);
	}
	expect(written).toBeLessThan(limitBytes);
});

test('connections that say nothing take neither descriptors nor turns', async () => {
	const { server } = await start();
	const port = Number(new URL(server.baseUrl).port);
	const before = readdirSync('/proc/self/fd').length;
	const sockets = Array.from({ length: 400 }, () => net.connect(port, '127.0.0.1'));
	for (const socket of sockets) socket.on('error', () => {});
	cleanups.push(() => {
		for (const socket of sockets) socket.destroy();
	});
	// Both ends of each live in this process.
	await expect
		.poll(() => sockets.filter((socket) => socket.closed || socket.readyState !== 'open').length)
		.toBe(300);
	await expect.poll(() => readdirSync('/proc/self/fd').length - before).toBeLessThan(210);
	const good = { ...spdy, 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' };
	expect((await ask(execUrl(server, ['true']), 'POST', good)).status).toBe(101);
});

/** All messages of a WebSocket until it closes. */
async function converse(url: string, protocols: readonly string[], send: readonly (string | Buffer)[]) {
	const socket = new WebSocket(url, [...protocols]);
	const messages: { readonly bytes: Buffer; readonly binary: boolean }[] = [];
	socket.on('message', (bytes: Buffer, binary) => messages.push({ bytes, binary }));
	await once(socket, 'open');
	for (const message of send) socket.send(message);
	const [code] = await once(socket, 'close');
	return { code, protocol: socket.protocol, messages };
}

test.each([
	['v4.channel.k8s.io', false, '{"metadata":{},"status":"Success"}'],
	['channel.k8s.io', false, undefined],
	['', false, undefined],
	['v4.base64.channel.k8s.io', true, '{"metadata":{},"status":"Success"}'],
	['base64.channel.k8s.io', true, undefined],
] as const)('WebSocket %j', async (protocol, base64, report) => {
	const { server } = await start();
	const encode = (channel: number, bytes: string) =>
		base64
			? `${channel}${Buffer.from(bytes).toString('base64')}`
			: Buffer.from(`${String.fromCharCode(channel)}${bytes}`);
	// The query of old does not override what was asked for over the CRI.
	const url = `${execUrl(server, ['head', '-n', '1'])}?stdin=0&stdout=0&tty=1`;
	const {
		code,
		messages,
		protocol: chosen,
	} = await converse(url, protocol === '' ? [] : [protocol], [encode(0, 'hello\n')]);
	expect([code, chosen]).toEqual([1000, protocol]);
	expect(messages.every(({ binary }) => binary === !base64)).toBe(true);
	const expected = [
		encode(1, ''),
		encode(1, 'hello\n'),
		...(report === undefined ? [] : [encode(3, report)]),
	];
	expect(messages.map(({ bytes }) => bytes.toString())).toEqual(expected.map(String));
});

test('WebSocket: the empty message comes on the lowest channel that is written', async () => {
	const { server } = await start();
	const first = async (flags: Partial<typeof all>) =>
		(await converse(String(execUrl(server, ['true'], { stdin: false, ...flags })), ['v4.channel.k8s.io'], []))
			.messages[0]?.bytes;
	expect(await first({})).toEqual(Buffer.of(1));
	expect(await first({ stdout: false })).toEqual(Buffer.of(2));
	expect(await first({ stdout: false, stderr: false, stdin: true })).toEqual(Buffer.of(3));
});

test('WebSocket: pings are answered, nonsense is passed over, a broken frame gets a code', async () => {
	const { server, backend } = await start();
	const socket = new WebSocket(execUrl(server, ['cat']), ['v4.channel.k8s.io', 'v5.channel.k8s.io']);
	await once(socket, 'open');
	expect(socket.protocol).toBe('v4.channel.k8s.io');
	socket.ping('x');
	expect(String((await once(socket, 'pong'))[0])).toBe('x');
	for (const bytes of [[], [9, 9], [255, 0], [4], [200]]) socket.send(Buffer.from(bytes));
	const raw = (socket as unknown as { readonly _socket: net.Socket })._socket;
	raw.write(Buffer.from([0xff, 0x00]));
	const [code] = await once(socket, 'close');
	expect(code).toBe(1002);
	await expect.poll(() => backend.children.size).toBe(0);
});

test('WebSocket: unknown protocols are refused', async () => {
	const { server } = await start();
	const socket = new WebSocket(execUrl(server, ['true']), ['v9.channel.k8s.io']);
	const [error] = (await once(socket, 'error').catch((caught: unknown) => [caught])) as [Error];
	expect(error.message).toContain('403');
});
