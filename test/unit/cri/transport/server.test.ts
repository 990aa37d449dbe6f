import { describe, expect, test } from 'vitest';
import {
	DeadlineError,
	errorMessage,
	FailedPreconditionError,
	InvalidArgumentError,
	isAbort,
	NotFoundError,
	ResourceExhaustedError,
	UnavailableError,
	UnimplementedError,
} from '../../../../src/cri/errors.ts';
import { imageId } from '../../../../src/cri/ids.ts';
import type { SavePart, TransferEvent } from '../../../../src/cri/image-transfer.ts';
import type { Image } from '../../../../src/cri/model.ts';
import { readTimeoutMs } from '../../../../src/cri/transport/http2/call-headers.ts';
import { statusOf } from '../../../../src/cri/transport/server-status.ts';
import { served } from './served.ts';

function image(index: number, tags: readonly string[] = []): Image {
	return {
		id: imageId(String(index).padStart(64, '0')),
		repoTags: tags,
		repoDigests: [],
		sizeBytes: 1n,
		uid: undefined,
		username: '',
		pinned: false,
		spec: undefined,
	};
}

const completed: TransferEvent = {
	kind: 'completed',
	imageId: 'id',
	manifestDigest: 'sha256:x',
	names: ['a'],
	upToDate: false,
};

describe('what the ports answer', () => {
	test('comes to the client as it was given', async () => {
		const { client, ended } = await served({
			listImages: async (filter) => (filter?.image ? [image(7, [filter.image])] : [image(1), image(2)]),
			imageStatus: async (name, { verbose }) => ({
				image: name === 'gone' ? undefined : image(1, [name]),
				info: verbose ? { info: '{}' } : {},
			}),
			pullImage: async (request) => {
				expect(request.auth).toEqual({ username: 'u', password: 'p' });
				expect(request.sandboxConfig?.metadata.name).toBe('pod');
				return imageId('f'.repeat(64));
			},
			removeImage: async () => undefined,
		});
		expect(await client.images.listImages()).toEqual([image(1), image(2)]);
		expect(await client.images.listImages({ image: 'x' })).toEqual([image(7, ['x'])]);
		expect((await client.images.imageStatus('gone', { verbose: false })).image).toBeUndefined();
		expect(await client.images.imageStatus('there', { verbose: true })).toMatchObject({
			image: image(1, ['there']),
			info: { info: '{}' },
		});
		const sandboxConfig = { metadata: { name: 'pod', uid: 'u', namespace: 'n', attempt: 0 } };
		const auth = { username: 'u', password: 'p' };
		expect(await client.images.pullImage({ image: 'x', auth, sandboxConfig })).toBe('f'.repeat(64));
		await client.images.removeImage('x');
		expect(await client.runtime.version()).toMatchObject({ runtimeName: 'test', runtimeVersion: '1.2.3' });
		expect(await client.runtime.status({ verbose: true })).toMatchObject({
			conditions: [{ type: 'RuntimeReady', status: false, reason: 'r', message: 'm' }],
			runtimeHandlers: [{ name: 'runc', recursiveReadOnlyMounts: true, userNamespaces: false }],
			supplementalGroupsPolicy: true,
			info: { config: '{}' },
		});
		expect(await client.runtime.runtimeConfig()).toEqual({ cgroupDriver: 'cgroupfs' });
		expect(ended).toContainEqual({ rpc: 'PullImage', subject: 'x', outcome: `ok ${'f'.repeat(64)}` });
		expect(JSON.stringify(ended)).not.toContain('"p"');
	});

	test('is cut into chunks where the list is long, each image once', async () => {
		const images = Array.from({ length: 7001 }, (_, index) => image(index));
		const { client } = await served({
			streamImages: async function* () {
				yield* images;
			},
		});
		expect(await Array.fromAsync(client.images.streamImages())).toEqual(images);
	});
});

describe('errors', () => {
	test.each([
		new NotFoundError('a'),
		new InvalidArgumentError('b'),
		new FailedPreconditionError('c'),
		new ResourceExhaustedError('d'),
		new UnimplementedError('e'),
	])('keep their class and words: $name', async (error) => {
		const { client } = await served({
			removeImage: async () => {
				throw error;
			},
		});
		const told = await client.images.removeImage('x').then(
			() => undefined,
			(reason: unknown) => reason,
		);
		expect(told).toBeInstanceOf(error.constructor);
		expect(errorMessage(told)).toContain(error.message);
	});

	test('of a stream come after what it yielded', async () => {
		const { client } = await served(
			{},
			{
				pullImage: async function* () {
					yield { kind: 'note', text: 'first' };
					throw new NotFoundError('no such tag');
				},
			},
		);
		const events: TransferEvent[] = [];
		const reading = (async () => {
			for await (const event of client.transfers.pullImage({ image: 'x' })) events.push(event);
		})();
		await expect(reading).rejects.toThrow(/no such tag/);
		expect(events).toEqual([{ kind: 'note', text: 'first' }]);
	});

	test('too long for a header are cut at a whole character, whatever they are made of', async () => {
		for (const text of ['x'.repeat(100_000), '\u{1f600}'.repeat(20_000), `${'é'.repeat(5000)}\ud800`]) {
			const { client } = await served({
				removeImage: async () => {
					throw new FailedPreconditionError(text);
				},
			});
			const error = await client.images.removeImage('x').catch((reason: unknown) => reason);
			expect(error).toBeInstanceOf(FailedPreconditionError);
			const said = errorMessage(error);
			expect(said).not.toContain('\ufffd');
			expect(said.endsWith('…')).toBe(true);
			expect(Buffer.byteLength(statusOf(new FailedPreconditionError(text)).details)).toBeLessThanOrEqual(
				8192,
			);
		}
	});

	test('an answer over the limit names it, and the list comes in chunks then', async () => {
		const images = Array.from({ length: 5000 }, (_, index) => image(index));
		const { client } = await served(
			{
				listImages: async () => images,
				streamImages: async function* () {
					yield* images;
				},
			},
			{},
			{ maxSendMessageBytes: 400_000 },
		);
		expect(await client.images.listImages()).toHaveLength(5000);
	});
});

describe('the end of a call', () => {
	test('comes to the handler when the caller gives up', async () => {
		const aborted = Promise.withResolvers<void>();
		const { client, ended } = await served({
			pullImage: (_request, options) =>
				new Promise((_resolve, reject) => {
					options?.signal?.addEventListener('abort', () => {
						aborted.resolve();
						reject(options.signal?.reason);
					});
				}),
		});
		const controller = new AbortController();
		const pulling = client.images.pullImage({ image: 'x' }, { signal: controller.signal });
		const failing = expect(pulling).rejects.toSatisfy(isAbort);
		await client.runtime.version();
		controller.abort();
		await failing;
		await aborted.promise;
		await expect
			.poll(() => ended.at(-1), { timeout: 10_000 })
			.toEqual({ rpc: 'PullImage', subject: 'x', outcome: 'cancelled' });
	});

	test('waits for a deadline that is further away than a timer reaches', async () => {
		const { client } = await served({ pullImage: async () => imageId('1'.repeat(64)) });
		const month = 31 * 24 * 3600 * 1000;
		expect(await client.images.pullImage({ image: 'x' }, { timeoutMs: month })).toBe('1'.repeat(64));
		expect(['2678400S', '99999999H'].map(readTimeoutMs)).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
		expect(['5S', '99999999m', '1500u', '2M'].map(readTimeoutMs)).toEqual([5000, 99_999_999, 1.5, 120_000]);
		expect(['x', '7d', '', 'S', '123456789S'].map(readTimeoutMs)).toEqual(Array(5).fill(undefined));
	});

	test('comes to the handler with the deadline', async () => {
		const { client, ended } = await served({
			pullImage: (_request, options) =>
				new Promise((_resolve, reject) =>
					options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
				),
		});
		// Connected, so that the deadline is not over before the server hears of the call.
		await client.runtime.version();
		await expect(client.images.pullImage({ image: 'x' }, { timeoutMs: 200 })).rejects.toBeInstanceOf(
			DeadlineError,
		);
		await expect.poll(() => ended.at(-1)?.rpc, { timeout: 10_000 }).toBe('PullImage');
		// Whichever comes first: the client hanging up, or the server's own clock.
		expect(['deadlineExceeded', 'cancelled']).toContain(ended.at(-1)?.outcome);
	});

	test('lets calls under way finish, and refuses new ones', async () => {
		const begun = Promise.withResolvers<void>();
		const finish = Promise.withResolvers<void>();
		const { server, client } = await served({
			pullImage: async () => {
				begun.resolve();
				await finish.promise;
				return imageId('a'.repeat(64));
			},
		});
		const pulling = client.images.pullImage({ image: 'x' });
		await begun.promise;
		const stopping = server.stop({ graceMs: 30_000 });
		await expect(client.runtime.version()).rejects.toBeInstanceOf(UnavailableError);
		finish.resolve();
		expect(await pulling).toBe('a'.repeat(64));
		await stopping;
	});

	test('cancels what does not finish in time', async () => {
		const begun = Promise.withResolvers<void>();
		const { server, client, ended } = await served({
			pullImage: (_request, options) => {
				begun.resolve();
				return new Promise((_resolve, reject) =>
					options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
				);
			},
		});
		const pulling = expect(client.images.pullImage({ image: 'x' })).rejects.toBeInstanceOf(UnavailableError);
		await begun.promise;
		await server.stop({ graceMs: 10 });
		await pulling;
		expect(ended.at(-1)?.outcome).toBe('unavailable');
	});
});

describe('streams', () => {
	test('of requests arrive in order and whole, in pieces below the message limit', async () => {
		const archive = Buffer.alloc(5 * 2 ** 20, 0).map((_, index) => index % 251);
		const got: Uint8Array[] = [];
		const { client } = await served(
			{},
			{
				loadImages: async function* ({ name }, pieces) {
					expect(name).toBe('called');
					for await (const piece of pieces) got.push(piece);
					yield completed;
				},
			},
		);
		const source = async function* () {
			yield archive.subarray(0, 3);
			yield archive.subarray(3);
		};
		expect(await Array.fromAsync(client.transfers.loadImages({ name: 'called' }, source()))).toEqual([
			completed,
		]);
		expect(Buffer.concat(got).equals(archive)).toBe(true);
		expect(Math.max(...got.map(({ length }) => length))).toBeLessThanOrEqual(2 ** 20);
	});

	test('of requests are read only as fast as they are taken', async () => {
		let produced = 0;
		const go = Promise.withResolvers<void>();
		const { client } = await served(
			{},
			{
				loadImages: async function* (_request, pieces) {
					await go.promise;
					let bytes = 0;
					for await (const piece of pieces) bytes += piece.length;
					yield { kind: 'note', text: String(bytes) };
				},
			},
		);
		const source = async function* () {
			for (; produced < 400; produced += 1) yield Buffer.alloc(256 * 1024);
		};
		const loading = Array.fromAsync(client.transfers.loadImages({}, source()));
		// Whatever was going to be taken too early has been by the time that other calls were answered.
		for (let round = 0; round < 20; round += 1) await client.runtime.version();
		expect(produced).toBeLessThan(100);
		go.resolve();
		expect(await loading).toEqual([{ kind: 'note', text: String(400 * 256 * 1024) }]);
	});

	test('an error of the archive ends the call on both sides', async () => {
		const received = Promise.withResolvers<void>();
		const { client, ended } = await served(
			{},
			{
				loadImages: async function* (_request, pieces) {
					for await (const _ of pieces) received.resolve();
					yield completed;
				},
			},
		);
		const source = async function* () {
			yield Buffer.from('a');
			await received.promise;
			throw new Error('the disk is gone');
		};
		await expect(Array.fromAsync(client.transfers.loadImages({}, source()))).rejects.toThrow(
			'the disk is gone',
		);
		await expect
			.poll(() => ended.at(-1), { timeout: 10_000 })
			.toEqual({ rpc: 'LoadImages', subject: '', outcome: 'cancelled' });
	});

	test('a server that refuses early is heard although the archive waits', async () => {
		const { client } = await served(
			{},
			{
				// biome-ignore lint/correctness/useYield: it refuses
				loadImages: async function* () {
					throw new InvalidArgumentError('this is no archive');
				},
			},
		);
		const source = async function* () {
			yield Buffer.from('a');
			await new Promise(() => undefined);
		};
		await expect(Array.fromAsync(client.transfers.loadImages({}, source()))).rejects.toThrow(
			'this is no archive',
		);
	});

	test('a client that does not read costs a few messages, and the others are served', async () => {
		let produced = 0;
		const left = Promise.withResolvers<void>();
		const { client } = await served(
			{},
			{
				saveImages: async function* (): AsyncGenerator<SavePart> {
					try {
						for (; produced < 10_000; produced += 1) yield { kind: 'chunk', bytes: Buffer.alloc(256 * 1024) };
					} finally {
						left.resolve();
					}
				},
			},
		);
		const controller = new AbortController();
		const parts = client.transfers.saveImages(
			{ images: ['x'], format: 'oci-archive' },
			{ signal: controller.signal },
		);
		const reader = parts[Symbol.asyncIterator]();
		expect((await reader.next()).value).toMatchObject({ kind: 'chunk' });
		// The client itself keeps a few. Then nothing more is made, however often others ask.
		for (let before = -1; before !== produced; ) {
			before = produced;
			for (let round = 0; round < 20; round += 1) await client.runtime.version();
		}
		expect(produced).toBeLessThan(200);
		controller.abort();
		await reader.next().catch(() => undefined);
		await left.promise;
	});

	test('on a runtime without the second service end with UnimplementedError, once and for all', async () => {
		const { client } = await served({}, {});
		await expect(client.transfers.tagImage({ image: 'a', tag: 'b' })).rejects.toBeInstanceOf(
			UnimplementedError,
		);
		await expect(client.transfers.tagImage({ image: 'a', tag: 'b' })).rejects.toThrow('does not offer');
	});
});
