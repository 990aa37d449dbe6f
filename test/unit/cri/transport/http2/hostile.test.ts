import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { imageId } from '../../../../../src/cri/ids.ts';
import {
	errorCodes,
	frame,
	frameTypes,
	resetFrame,
	windowUpdateFrame,
} from '../../../../../src/cri/transport/http2/frames.ts';
import type { HeaderField } from '../../../../../src/cri/transport/http2/hpack-table.ts';
import { createTurns } from '../../../../../src/cri/transport/http2/limits.ts';
import { served } from '../served.ts';
import { call, callFields, headers, message, rawClient } from './raw-client.ts';

const version = 'RuntimeService/Version';

function transferFields(rpc: string): readonly HeaderField[] {
	return callFields('').map((field) =>
		field[0] === ':path' ? [':path', `/criscope.v1.ImageTransferService/${rpc}`] : field,
	);
}

test('a caller that goes while its upload is worked on leaves no rejection behind', async () => {
	const unhandled: unknown[] = [];
	const note = (error: unknown) => void unhandled.push(error);
	process.on('unhandledRejection', note);
	onTestFinished(() => void process.off('unhandledRejection', note));
	const working = Promise.withResolvers<void>();
	const worked = Promise.withResolvers<void>();
	const { socketPath, ended } = await served(
		{},
		{
			loadImages: async function* (_request, archive, options) {
				for await (const _piece of archive) {
					options?.signal?.addEventListener('abort', () => worked.resolve());
					working.resolve();
					await worked.promise;
				}
				yield { kind: 'note', text: 'never' };
			},
		},
	);
	const raw = await rawClient(socketPath);
	raw.send(
		headers(1, transferFields('LoadImages')),
		message(1, Buffer.from([10, 0]), 0, false),
		message(1, Buffer.from([18, 1, 7]), 0, false),
	);
	await working.promise;
	raw.socket.destroy();
	await expect.poll(() => ended, { timeout: 10_000 }).toMatchObject([{ outcome: 'cancelled' }]);
	await new Promise((resolve) => setImmediate(resolve));
	expect(unhandled).toEqual([]);
});

test('a handler hears why its requests cannot be had', async () => {
	const { socketPath, ended } = await served(
		{},
		{
			loadImages: async function* (_request, archive) {
				for await (const _piece of archive) yield { kind: 'note', text: 'a piece' };
			},
		},
		{ maxReceiveMessageBytes: 1000 },
	);
	const raw = await rawClient(socketPath);
	raw.send(
		headers(1, transferFields('LoadImages')),
		message(1, Buffer.from([10, 0]), 0, false),
		message(1, Buffer.alloc(1001), 0, false),
	);
	expect(await raw.status(1)).toBe('8');
	await expect.poll(() => ended, { timeout: 10_000 }).toMatchObject([{ outcome: 'resourceExhausted' }]);
});

test('long answers take turns', async () => {
	const image = (index: number) => ({
		id: imageId(String(index).padStart(64, '0')),
		repoTags: [],
		repoDigests: [],
		sizeBytes: 1n,
		uid: undefined,
		username: '',
		pinned: false,
		spec: undefined,
	});
	const images = Array.from({ length: 30_000 }, (_, index) => image(index));
	const { socketPath } = await served({ listImages: async () => images });
	const raw = await rawClient(socketPath);
	raw.send(
		...[1, 3, 5, 7].map((id) => call(id, 'ImageService/ListImages')),
		...[1, 3, 5, 7, 0].map((id) => windowUpdateFrame(id, 2 ** 30)),
	);
	await raw.status(1);
	expect(raw.body(7).length).toBeGreaterThan(raw.body(1).length / 2);
	expect(await raw.status(7)).toBe('0');
});

test('a time that is none is told, and no call is begun for it', async () => {
	const { socketPath, ended } = await served({});
	const raw = await rawClient(socketPath);
	raw.send(headers(1, callFields(version, ['grpc-timeout', 'soon'])), message(1));
	expect(await raw.status(1)).toBe('13');
	const last = raw.came.find(({ fields }) => fields['grpc-message'] !== undefined);
	expect(last?.fields['grpc-message']).toBe('Invalid grpc-timeout value "soon"');
	expect(ended).toEqual([]);
});

test('a refused call whose client has said all is not reset on top', async () => {
	const { socketPath } = await served({});
	const raw = await rawClient(socketPath);
	raw.send(headers(1, callFields('RuntimeService/Nothing'), true));
	expect(await raw.status(1)).toBe('12');
	raw.send(headers(3, callFields('RuntimeService/Nothing')), frame(frameTypes.ping, 0, 0, Buffer.alloc(8)));
	await raw.until(({ type }) => type === frameTypes.ping);
	const resets = raw.came.filter(({ type }) => type === frameTypes.reset);
	expect(resets.map(({ stream, payload }) => [stream, payload.readUInt32BE(0)])).toEqual([
		[3, errorCodes.none],
	]);
});

test('packed requests are unpacked one after the other, and those of callers that went are not', async () => {
	const turns = createTurns();
	const order: string[] = [];
	const first = Promise.withResolvers<void>();
	const work = (name: string, until?: Promise<void>) => async () => {
		order.push(`${name} begins`);
		await until;
		order.push(`${name} ends`);
		if (name === 'one') throw new Error('damaged');
		return name;
	};
	const one = turns(work('one', first.promise));
	const two = turns(work('two'));
	first.resolve();
	await expect(one).rejects.toThrow('damaged');
	expect(await two).toBe('two');
	expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);

	const { socketPath, ended } = await served({});
	const raw = await rawClient(socketPath);
	const ids = Array.from({ length: 50 }, (_, index) => 2 * index + 1);
	const packed = callFields(version, ['grpc-encoding', 'gzip']);
	const bytes = gzipSync(Buffer.from([10, 1, 120]));
	raw.send(
		...ids.flatMap((id) => [headers(id, packed), message(id, bytes, 1)]),
		...ids.slice(1, 40).map((id) => resetFrame(id, errorCodes.cancel)),
		call(101, version),
	);
	for (const id of [1, ...ids.slice(40), 101]) expect(await raw.status(id)).toBe('0');
	expect(ended).toHaveLength(12);
});
