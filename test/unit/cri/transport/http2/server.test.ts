import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAbort } from '../../../../../src/cri/errors.ts';
import { imageId } from '../../../../../src/cri/ids.ts';
import {
	clientPreface,
	errorCodes,
	frame,
	frameFlags,
	frameTypes,
	resetFrame,
	settingIds,
	settingsFrame,
	windowUpdateFrame,
} from '../../../../../src/cri/transport/http2/frames.ts';
import { encodeHeaders } from '../../../../../src/cri/transport/http2/hpack-encoder.ts';
import type { HeaderField } from '../../../../../src/cri/transport/http2/hpack-table.ts';
import { served } from '../served.ts';
import { call, callFields, headers, message, rawClient } from './raw-client.ts';

const version = 'RuntimeService/Version';
const status = 'RuntimeService/Status';
const ping = (flags = 0, bytes = 8) => frame(frameTypes.ping, flags, 0, Buffer.alloc(bytes, 7));
const none = Buffer.alloc(0);

/** A server with one long image list, and somebody who talks to it. */
async function talking(images = 2000) {
	const stopped: unknown[] = [];
	const started = Promise.withResolvers<void>();
	const all = await served({
		listImages: async () =>
			Array.from({ length: images }, (_, index) => ({
				id: imageId(String(index).padStart(64, '0')),
				repoTags: [],
				repoDigests: [],
				sizeBytes: 1n,
				uid: undefined,
				username: '',
				pinned: false,
				spec: undefined,
			})),
		pullImage: (_request, options) =>
			new Promise((_resolve, reject) => {
				started.resolve();
				options?.signal?.addEventListener('abort', () => {
					stopped.push(options.signal?.reason);
					reject(options.signal?.reason);
				});
			}),
	});
	return { ...all, stopped, started: started.promise, raw: await rawClient(all.socketPath) };
}

describe('a connection', () => {
	test('begins with settings, which are acknowledged, and answers pings', async () => {
		const { raw } = await talking();
		raw.send(ping());
		const answer = await raw.until(({ type }) => type === frameTypes.ping);
		expect(answer).toMatchObject({ flags: frameFlags.ack, payload: Buffer.alloc(8, 7) });
		expect(raw.came[0]).toMatchObject({ type: frameTypes.settings, flags: 0 });
		expect(raw.came).toContainEqual(
			expect.objectContaining({ type: frameTypes.settings, flags: frameFlags.ack }),
		);
	});

	test('takes a call byte by byte, with padding, priority and continued fields', async () => {
		const { raw } = await talking();
		const block = encodeHeaders(callFields(version));
		const priority = Buffer.concat([Buffer.from([3]), Buffer.from([0, 0, 0, 0, 15]), block.subarray(0, 10)]);
		const bytes = Buffer.concat([
			frame(frameTypes.priority, 0, 1, Buffer.alloc(5)),
			frame(
				frameTypes.headers,
				frameFlags.padded | frameFlags.priority,
				1,
				Buffer.concat([priority, Buffer.alloc(3)]),
			),
			frame(frameTypes.continuation, 0, 1, block.subarray(10, 11)),
			frame(frameTypes.continuation, frameFlags.endHeaders, 1, block.subarray(11)),
			frame(77, 0xff, 1, Buffer.from('nobody knows it')),
			frame(
				frameTypes.data,
				frameFlags.padded | frameFlags.endStream,
				1,
				Buffer.from([2, 0, 0, 0, 0, 0, 9, 9]),
			),
		]);
		for (const byte of bytes) raw.send(Buffer.from([byte]));
		expect(await raw.status(1)).toBe('0');
		expect(raw.body(1).subarray(5).toString()).toContain('1.2.3');
	});

	const over = 2 ** 31 - 1;
	test.each<readonly [string, number, readonly Buffer[]]>([
		['a stream of an even number', errorCodes.protocol, [headers(2, callFields(version), true)]],
		['data of a stream that nobody opened', errorCodes.protocol, [message(5)]],
		['a reset of one', errorCodes.protocol, [resetFrame(5, 0)]],
		['a window of one', errorCodes.protocol, [windowUpdateFrame(5, 1)]],
		['data of the connection', errorCodes.protocol, [message(0)]],
		['settings of a stream', errorCodes.protocol, [frame(frameTypes.settings, 0, 1, none)]],
		['settings that are cut off', errorCodes.frameSize, [frame(frameTypes.settings, 0, 0, Buffer.alloc(5))]],
		[
			'an acknowledgement that talks',
			errorCodes.frameSize,
			[frame(frameTypes.settings, 1, 0, Buffer.alloc(6))],
		],
		['a push that is neither', errorCodes.protocol, [settingsFrame([[settingIds.enablePush, 2]])]],
		[
			'a window over the limit',
			errorCodes.flowControl,
			[settingsFrame([[settingIds.initialWindowSize, 2 ** 31]])],
		],
		['frames below the limit', errorCodes.protocol, [settingsFrame([[settingIds.maxFrameSize, 16_383]])]],
		['a ping of nine bytes', errorCodes.frameSize, [ping(0, 9)]],
		['a ping of a stream', errorCodes.protocol, [frame(frameTypes.ping, 0, 1, Buffer.alloc(8))]],
		['a window that does not grow', errorCodes.protocol, [windowUpdateFrame(0, 0)]],
		['a window that grows too far', errorCodes.flowControl, [windowUpdateFrame(0, over)]],
		[
			'a window of three bytes',
			errorCodes.frameSize,
			[frame(frameTypes.windowUpdate, 0, 0, Buffer.alloc(3))],
		],
		['a push', errorCodes.protocol, [frame(frameTypes.pushPromise, 0, 1, Buffer.alloc(4))]],
		['a frame that is too large', errorCodes.frameSize, [frame(frameTypes.data, 0, 1, Buffer.alloc(16_385))]],
		['a continuation of nothing', errorCodes.protocol, [frame(frameTypes.continuation, 4, 1, none)]],
		['fields that are not continued', errorCodes.protocol, [frame(frameTypes.headers, 0, 1, none), ping()]],
		[
			'fields that another stream continues',
			errorCodes.protocol,
			[frame(frameTypes.headers, 0, 1, none), frame(frameTypes.continuation, 4, 3, none)],
		],
		['fields that are none', errorCodes.compression, [frame(frameTypes.headers, 4, 1, Buffer.from([0x80]))]],
		[
			'a padding longer than its frame',
			errorCodes.protocol,
			[headers(1, callFields(version)), frame(frameTypes.data, frameFlags.padded, 1, Buffer.from([9, 1]))],
		],
		[
			'fields without end',
			errorCodes.enhanceYourCalm,
			[
				frame(frameTypes.headers, 0, 1, none),
				...Array.from({ length: 100 }, () => frame(frameTypes.continuation, 0, 1, none)),
			],
		],
		['pings without end', errorCodes.enhanceYourCalm, [...Array.from({ length: 60_000 }, () => ping(1))]],
	])('ends with %s', async (_what, code, frames) => {
		const { raw, client } = await talking();
		raw.send(...frames);
		expect(await raw.goodbye()).toBe(code);
		await raw.closed;
		expect(await client.runtime.version()).toMatchObject({ runtimeName: 'test' });
	});

	test.each([
		['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
		['nothing after its first words', Buffer.concat([Buffer.from(clientPreface), ping()])],
	])('ends with %s', async (_what, bytes) => {
		const { socketPath } = await talking();
		const raw = await rawClient(socketPath, false);
		raw.send(bytes);
		expect(await raw.goodbye()).toBe(errorCodes.protocol);
		await raw.closed;
	});

	test('that is over takes its calls along', async () => {
		const { raw, stopped, started, server } = await talking();
		raw.send(call(1, 'ImageService/PullImage', Buffer.from([10, 3, 10, 1, 120])));
		await started;
		// Who half-closes is gone as well.
		raw.socket.end();
		await raw.closed;
		await expect.poll(() => stopped, { timeout: 10_000 }).toHaveLength(1);
		expect(stopped.every(isAbort)).toBe(true);
		await expect.poll(() => server.connections(), { timeout: 10_000 }).toBe(1);
	});

	test('is told when the server stops, and what is under way is finished', async () => {
		const { raw, server, started } = await talking();
		raw.send(call(1, 'ImageService/PullImage', Buffer.from([10, 3, 10, 1, 120])));
		await started;
		const stopping = server.stop({ graceMs: 200 });
		expect(await raw.goodbye()).toBe(errorCodes.none);
		raw.send(call(3, version));
		expect(await raw.status(3)).toBe('14');
		expect(await raw.status(1)).toBe('14');
		await stopping;
		await raw.closed;
	});
});

describe('a call', () => {
	const bad = (name: string, value: string): readonly HeaderField[] => [
		...callFields(version),
		[name, value],
	];
	test.each<readonly [string, readonly HeaderField[]]>([
		['capitals in a name', bad('Accept', 'x')],
		['a field of one connection', bad('connection', 'close')],
		['another te', bad('te', 'gzip')],
		['a pseudo field at the end', bad(':path', '/x')],
		['an unknown pseudo field', [[':what', 'x'], ...callFields(version)]],
		['no path', callFields(version).filter(([name]) => name !== ':path')],
		['two methods', [[':method', 'POST'], ...callFields(version)]],
	])('is reset for %s, and the next is served', async (_what, fields) => {
		const { raw } = await talking();
		raw.send(headers(1, fields, true), call(3, version));
		expect(await raw.status(1)).toBe(`reset ${errorCodes.protocol}`);
		expect(await raw.status(3)).toBe('0');
	});

	test('of another kind is told so', async () => {
		const { raw } = await talking();
		const changed = (name: string, value: string) =>
			callFields(version).map((field): HeaderField => (field[0] === name ? [name, value] : field));
		raw.send(headers(1, changed(':method', 'GET'), true));
		raw.send(headers(3, changed('content-type', 'text/html'), true));
		raw.send(call(5, 'RuntimeService/Nothing'));
		expect((await raw.until(({ stream }) => stream === 1)).fields[':status']).toBe('405');
		expect((await raw.until(({ stream }) => stream === 3)).fields[':status']).toBe('415');
		expect(await raw.status(5)).toBe('12');
	});

	test('has one request, whole and not too large', async () => {
		const { socketPath } = await served({}, {}, { maxReceiveMessageBytes: 1000 });
		const raw = await rawClient(socketPath);
		const begin = (stream: number, ...more: readonly HeaderField[]) =>
			headers(stream, callFields(status, ...more));
		const verbose = Buffer.from([8, 1]);
		raw.send(headers(1, callFields(status), true));
		raw.send(begin(3), message(3, verbose, 0, false), message(3, verbose, 0, false));
		raw.send(begin(5), message(5, Buffer.alloc(1001), 0, false));
		raw.send(begin(7), frame(frameTypes.data, 1, 7, Buffer.from([0, 0, 0, 0, 9, 1])));
		raw.send(begin(9), message(9, Buffer.from([255, 255]), 0));
		raw.send(begin(11), frame(frameTypes.data, 1, 11, Buffer.from([9, 0, 0, 0, 0])));
		const statuses = await Promise.all([1, 3, 5, 7, 9, 11].map((id) => raw.status(id)));
		expect(statuses).toEqual(['12', '12', '8', '13', '3', '13']);
		// A client that goes on sending is told that nobody reads it.
		await raw.until(({ type, stream }) => type === frameTypes.reset && stream === 5);
	});

	test('may come in pieces, end with fields, and be compressed', async () => {
		const { socketPath } = await served({}, {}, { maxReceiveMessageBytes: 1000 });
		const raw = await rawClient(socketPath);
		const verbose = Buffer.from([8, 1]);
		raw.send(headers(1, callFields(status)), frame(frameTypes.data, 0, 1, Buffer.from([0, 0, 0, 0, 2, 8])));
		raw.send(frame(frameTypes.data, 0, 1, Buffer.from([1])), headers(1, [['x-trailer', 'y']], true));
		const packed = (stream: number, encoding: string, body: Buffer) =>
			raw.send(headers(stream, callFields(status, ['grpc-encoding', encoding])), message(stream, body, 1));
		packed(3, 'gzip', gzipSync(verbose));
		packed(5, 'snappy', verbose);
		packed(7, 'gzip', verbose);
		packed(9, 'identity', verbose);
		packed(11, 'gzip', gzipSync(Buffer.alloc(100_000)));
		const statuses = await Promise.all([1, 3, 5, 7, 9, 11].map((id) => raw.status(id)));
		expect(statuses).toEqual(['0', '0', '12', '13', '13', '8']);
		for (const id of [1, 3]) expect(raw.body(id).toString()).toContain('config');
		const refused = raw.came.find(({ stream, fields }) => stream === 5 && fields['grpc-status']);
		expect(refused?.fields['grpc-accept-encoding']).toContain('gzip');
	});

	test('that is reset tells its handler; one that is late is answered at once', async () => {
		const { raw, stopped, started } = await talking();
		const pull = Buffer.from([10, 3, 10, 1, 120]);
		raw.send(call(1, 'ImageService/PullImage', pull));
		await started;
		raw.send(resetFrame(1, errorCodes.cancel));
		await expect.poll(() => stopped, { timeout: 10_000 }).toHaveLength(1);
		const late = callFields('ImageService/PullImage', ['grpc-timeout', '30m']);
		raw.send(headers(3, late), message(3, pull));
		expect(await raw.status(3)).toBe('4');
		expect(stopped).toHaveLength(2);
	});

	test('is refused where there are a thousand, until one has ended', async () => {
		const { raw, stopped } = await talking();
		const pull = Buffer.from([10, 3, 10, 1, 120]);
		const ids = Array.from({ length: 1000 }, (_, index) => 2 * index + 1);
		raw.send(...ids.map((id) => call(id, 'ImageService/PullImage', pull)), call(2001, version));
		expect(await raw.status(2001)).toBe(`reset ${errorCodes.refused}`);
		raw.send(resetFrame(1, errorCodes.cancel));
		await expect.poll(() => stopped, { timeout: 10_000 }).toHaveLength(1);
		raw.send(call(2003, version));
		expect(await raw.status(2003)).toBe('0');
	});

	test('says more than one frame of status where there is much to say', async () => {
		const { socketPath } = await served({
			removeImage: async () => {
				throw new Error('\u{1f600}'.repeat(2000));
			},
		});
		const raw = await rawClient(socketPath);
		raw.send(call(1, 'ImageService/RemoveImage', Buffer.from([10, 3, 10, 1, 120])));
		await raw.until(({ type, flags }) => type === frameTypes.continuation && (flags & 4) !== 0);
	});
});

describe('windows', () => {
	test('of a stream and of the connection hold an answer back', async () => {
		const { raw } = await talking(4000);
		raw.send(settingsFrame([[settingIds.initialWindowSize, 10]]), call(1, 'ImageService/ListImages'));
		raw.send(ping());
		await raw.until(({ type }) => type === frameTypes.ping);
		expect(raw.body(1)).toHaveLength(10);
		// A setting counts for streams that are open already, and takes back what it gave.
		raw.send(settingsFrame([[settingIds.initialWindowSize, 30]]), windowUpdateFrame(1, 5));
		await expect.poll(() => raw.body(1).length).toBe(35);
		raw.send(settingsFrame([[settingIds.initialWindowSize, 0]]), windowUpdateFrame(1, 10));
		raw.send(call(3, version), windowUpdateFrame(3, 1000));
		expect(await raw.status(3)).toBe('0');
		expect(raw.body(1)).toHaveLength(35);
		// The stream may now send all, and the connection as much as it began with.
		raw.send(windowUpdateFrame(1, 10_000_000));
		await expect.poll(() => raw.body(1).length + raw.body(3).length).toBe(65_535);
		raw.send(windowUpdateFrame(0, 10_000_000));
		expect(await raw.status(1)).toBe('0');
		expect(raw.body(1).readUInt32BE(1)).toBe(raw.body(1).length - 5);
		const sizes = raw.came
			.filter(({ type }) => type === frameTypes.data)
			.map(({ payload }) => payload.length);
		expect(Math.max(...sizes)).toBeLessThanOrEqual(16_384);
	});

	test('of a stream that grow too far end it alone', async () => {
		const { raw } = await talking();
		raw.send(headers(1, callFields(version)), windowUpdateFrame(1, 2 ** 31 - 1));
		expect(await raw.status(1)).toBe(`reset ${errorCodes.flowControl}`);
		raw.send(headers(3, callFields(version)), windowUpdateFrame(3, 0));
		expect(await raw.status(3)).toBe(`reset ${errorCodes.protocol}`);
		raw.send(call(5, version));
		expect(await raw.status(5)).toBe('0');
	});

	test('of a server are kept to by a client, or its stream is ended', async () => {
		const { socketPath } = await served({}, { loadImages: () => forEver() });
		const raw = await rawClient(socketPath);
		const fields = callFields('x').map(
			(field): HeaderField =>
				field[0] === ':path' ? [':path', '/criscope.v1.ImageTransferService/LoadImages'] : field,
		);
		raw.send(headers(1, fields), message(1, Buffer.from([10, 0]), 0, false));
		for (let piece = 0; piece < 40; piece += 1) raw.send(message(1, Buffer.alloc(10_000), 0, false));
		expect(await raw.status(1)).toBe(`reset ${errorCodes.flowControl}`);
	});
});

async function* forEver(): AsyncGenerator<never> {
	await new Promise(() => undefined);
}

describe('whatever is sent', () => {
	const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
	const anyFrame = fc
		.tuple(
			fc.integer({ min: 0, max: 11 }),
			fc.integer({ min: 0, max: 255 }),
			fc.integer({ min: 0, max: 9 }),
			bytes,
		)
		.map((parts) => frame(...parts));
	const sensible = fc.oneof(
		fc.integer({ min: 0, max: 20 }).map((id) => headers(2 * id + 1, callFields(version))),
		fc.integer({ min: 0, max: 20 }).map((id) => message(2 * id + 1)),
		fc.integer({ min: 0, max: 20 }).map((id) => call(2 * id + 1, status)),
		fc.integer({ min: 0, max: 20 }).map((id) => resetFrame(2 * id + 1, 8)),
		fc.constant(ping()),
		fc.nat(100_000).map((size) => settingsFrame([[settingIds.initialWindowSize, size]])),
		fc.nat(70_000).map((size) => windowUpdateFrame(0, size + 1)),
		anyFrame,
		bytes,
	);

	test('the others are served', async () => {
		const { socketPath, client, server, ended } = await talking();
		await fc.assert(
			fc.asyncProperty(fc.array(sensible, { maxLength: 30 }), async (frames) => {
				const raw = await rawClient(socketPath);
				raw.send(...frames);
				raw.socket.end();
				await raw.closed;
			}),
			{ numRuns: 300 },
		);
		expect(await client.runtime.version()).toMatchObject({ runtimeName: 'test' });
		// Nothing of them is left, and none was a fault of ours.
		await expect.poll(() => server.connections(), { timeout: 10_000 }).toBe(2);
		expect(ended.filter(({ subject }) => subject === 'a connection')).toEqual([]);
	});

	test('a reset of every call costs the calls alone', async () => {
		const { raw, client } = await talking();
		for (let id = 1; id < 8000; id += 2) raw.send(call(id, version), resetFrame(id, 8));
		raw.send(call(8001, version));
		expect(await raw.status(8001)).toBe('0');
		expect(await client.runtime.version()).toMatchObject({ runtimeName: 'test' });
	});

	test('a client that asks and does not read is let go', async () => {
		const { raw, server } = await talking();
		await expect.poll(() => server.connections(), { timeout: 10_000 }).toBe(2);
		raw.socket.pause();
		const pings = Buffer.concat(Array.from({ length: 5000 }, () => ping()));
		const timer = setInterval(() => raw.send(pings), 20);
		try {
			await expect.poll(() => server.connections(), { timeout: 30_000 }).toBe(1);
		} finally {
			clearInterval(timer);
		}
	});
});

describe("Node's own HTTP/2", () => {
	test('asks, is told a long answer over its windows, and sends long requests', async () => {
		const pieces: number[] = [];
		const { socketPath } = await served(
			{},
			{
				saveImages: async function* () {
					for (let piece = 0; piece < 40; piece += 1) {
						yield { kind: 'chunk', bytes: Buffer.alloc(100_000, piece) };
					}
				},
				loadImages: async function* (_request, archive) {
					for await (const piece of archive) pieces.push(piece.length);
					yield { kind: 'note', text: 'done' };
				},
			},
		);
		const session = connect('http://localhost', { createConnection: () => connectSocket(socketPath) });
		onTestFinished(() => session.destroy());
		const ask = (rpc: string, bodies: readonly Buffer[]) => {
			const stream = session.request({
				':method': 'POST',
				':path': `/criscope.v1.ImageTransferService/${rpc}`,
				'content-type': 'application/grpc+proto',
				te: 'trailers',
			});
			const ended = Promise.withResolvers<{ readonly bytes: number; readonly status: unknown }>();
			let bytes = 0;
			let status: unknown;
			stream.on('data', (chunk: Buffer) => {
				bytes += chunk.length;
			});
			stream.on('trailers', (fields) => {
				status = fields['grpc-status'];
			});
			stream.on('error', ended.reject);
			stream.on('end', () => ended.resolve({ bytes, status }));
			for (const body of bodies) {
				const head = Buffer.from([0, 0, 0, 0, 0]);
				head.writeUInt32BE(body.length, 1);
				stream.write(Buffer.concat([head, body]));
			}
			stream.end();
			return ended.promise;
		};
		const save = Buffer.concat([Buffer.from([10, 1, 120, 18, 11]), Buffer.from('oci-archive')]);
		const saved = await ask('SaveImages', [save]);
		expect(saved.status).toBe('0');
		expect(saved.bytes).toBeGreaterThan(4_000_000);
		// Field 2, of 300,000 bytes.
		const chunk = Buffer.concat([Buffer.from([18, 0xe0, 0xa7, 0x12]), Buffer.alloc(300_000)]);
		const loaded = await ask('LoadImages', [
			Buffer.from([10, 0]),
			...Array.from({ length: 20 }, () => chunk),
		]);
		expect(loaded.status).toBe('0');
		expect(pieces).toEqual(Array.from({ length: 20 }, () => 300_000));
	});
});
