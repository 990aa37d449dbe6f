import { readdirSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { InvalidArgumentError, NotFoundError, UnavailableError } from '../../../../src/cri/errors.ts';
import type { TransferEvent } from '../../../../src/cri/image-transfer.ts';
import { RegistryError } from '../../../../src/runtime/image/model.ts';
import { createImageTransfers } from '../../../../src/runtime/image/transfers.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { buildVariedImage, mixedBytes, randomBytes } from '../../../helpers/varied-images.ts';
import {
	brokenBody,
	type FakeRepository,
	fakeRegistries,
	fakeRepository,
	fakeStore,
	fakeUnpacker,
	put,
} from './fake-parts.ts';

const fetchLimits = { maxIdleTries: 3, maxBreaks: 10, stallMs: 60_000, retryMs: 0 };
const image = buildVariedImage({
	layers: [mixedBytes(30_000, 1), mixedBytes(20_000, 2), mixedBytes(100, 3)],
});

function setUp(sources: readonly FakeRepository[], options: { readonly parentsFirst?: boolean } = {}) {
	const store = fakeStore(tempDir(), options);
	const transfers = createImageTransfers({
		store,
		registries: fakeRegistries(...sources),
		unpacker: fakeUnpacker(),
		fetchLimits,
	});
	return { store, transfers };
}

async function collect(events: AsyncIterable<TransferEvent>): Promise<TransferEvent[]> {
	const all: TransferEvent[] = [];
	for await (const event of events) all.push(event);
	return all;
}

const notes = (events: readonly TransferEvent[]) =>
	events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));

const reference = 'registry.example/shop/app:1';

describe('pull', () => {
	test('brings an image in and tells of every layer', async () => {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const { store, transfers } = setUp([source]);
		const events = await collect(transfers.pull({ image: reference }));
		expect(events[0]).toMatchObject({
			kind: 'resolved',
			reference,
			imageId: image.imageId,
			manifestDigest: image.manifestDigest,
			layers: [{ state: 'waiting' }, { state: 'waiting' }, { state: 'waiting' }],
		});
		expect(events.at(-1)).toMatchObject({ kind: 'completed', names: [reference], upToDate: false });
		const last = new Map(
			events.flatMap((e) => (e.kind === 'layer' ? [[e.layer.index, e.layer] as const] : [])),
		);
		for (const layer of last.values()) {
			expect(layer).toMatchObject({
				state: 'done',
				transferredBytes: layer.totalBytes,
				source: 'registry.example',
			});
		}
		expect([...last.keys()].sort()).toEqual([0, 1, 2]);
		expect(store.commits).toEqual([[0, 1, 2].map((n) => store.layerIdOf(image.diffIds.slice(0, n + 1)))]);
		expect(store.images.get(image.imageId)).toMatchObject({
			names: [reference],
			digest: image.manifestDigest,
		});
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});

	test('fetches nothing but the manifest when all is there', async () => {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const { transfers } = setUp([source]);
		await collect(transfers.pull({ image: reference }));
		source.asked.length = 0;
		const events = await collect(transfers.pull({ image: reference }));
		expect(source.asked).toEqual(['manifest 1']);
		expect(events.at(-1)).toMatchObject({ upToDate: true });
		const other = await collect(transfers.pull({ image: 'registry.example/shop/other:1' }));
		expect(other.at(-1)).toMatchObject({ upToDate: false, names: ['registry.example/shop/other:1'] });
	});

	test('a damaged layer is fetched again, and only that', async () => {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const { store, transfers } = setUp([source]);
		await collect(transfers.pull({ image: reference }));
		store.damaged.add(store.layerIdOf(image.diffIds.slice(0, 2)));
		source.asked.length = 0;
		const events = await collect(transfers.pull({ image: reference }));
		expect(source.asked).toEqual(['manifest 1', `blob ${image.blobs[2]?.digest} 0`]);
		expect(notes(events).join()).toContain('its file "link" is empty');
		expect(store.damaged.size).toBe(0);
	});

	test('an image for one platform only is refused where another is asked for, and leaves nothing', async () => {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const { store, transfers } = setUp([source]);
		const pulled = collect(transfers.pull({ image: reference, platform: 'linux/s390x' }));
		await expect(pulled).rejects.toThrow(NotFoundError);
		await expect(pulled).rejects.toThrow('no match for platform linux/s390x; there is linux/');
		expect(store.images.size).toBe(0);
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});

	test('by digest it is known by the digest alone', async () => {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const { store, transfers } = setUp([source]);
		await collect(transfers.pull({ image: `registry.example/shop/app:9@${image.manifestDigest}` }));
		expect(store.images.get(image.imageId)?.names).toEqual([
			`registry.example/shop/app@${image.manifestDigest}`,
		]);
	});

	test('where layers are copies each is committed before the next is staged', async () => {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const { store, transfers } = setUp([source], { parentsFirst: true });
		await collect(transfers.pull({ image: reference }));
		expect(store.commits.map((batch) => batch.length)).toEqual([1, 1, 1]);
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});
});

describe('bad sources', () => {
	test('a mirror that fails is passed over, and the note says why', async () => {
		const mirror = fakeRepository('mirror.example', { isMirror: true });
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const { transfers } = setUp([mirror, source]);
		const events = await collect(transfers.pull({ image: reference }));
		expect(notes(events)).toEqual([
			'mirror.example: mirror.example: manifest unknown; trying registry.example',
		]);
	});

	test('a mirror that dies within a blob is taken over where it stopped', async () => {
		const mirror = fakeRepository('mirror.example', { isMirror: true });
		const source = fakeRepository('registry.example');
		put(mirror, '1', image);
		put(source, '1', image);
		const layer = image.blobs[1];
		if (layer === undefined) throw new Error('no layer');
		let times = 0;
		mirror.onBlob = (digest, offset) => {
			if (digest !== layer.digest) return undefined;
			times += 1;
			if (times > 1) throw new RegistryError('unreachable', 'mirror.example: connection refused');
			return { body: brokenBody(layer.bytes.subarray(offset, 5000)), offset, totalBytes: layer.bytes.length };
		};
		const { store, transfers } = setUp([mirror, source]);
		const events = await collect(transfers.pull({ image: reference }));
		expect(source.asked).toEqual([`blob ${layer.digest} 5000`]);
		expect(notes(events).join()).toMatch(/broke after 5000 of .* goes on from registry.example/);
		expect(store.images.has(image.imageId)).toBe(true);
	});

	test('a body that breaks is resumed, also where the server begins anew', async () => {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const layer = image.blobs[1];
		if (layer === undefined) throw new Error('no layer');
		let times = 0;
		source.onBlob = (digest, offset) => {
			if (digest !== layer.digest || offset > 9000) return undefined;
			times += 1;
			const body = brokenBody(layer.bytes.subarray(times === 3 ? 0 : offset, offset + 3000));
			return { body, offset: times === 3 ? 0 : offset, totalBytes: undefined };
		};
		const { store, transfers } = setUp([source]);
		await collect(transfers.pull({ image: reference }));
		expect(store.images.has(image.imageId)).toBe(true);
		expect(times).toBeGreaterThan(2);
	});

	test('wrong bytes are fetched anew from the next source, into a file of their own', async () => {
		const mirror = fakeRepository('mirror.example', { isMirror: true });
		const source = fakeRepository('registry.example');
		put(mirror, '1', image);
		put(source, '1', image);
		const layer = image.blobs[2];
		if (layer === undefined) throw new Error('no layer');
		mirror.blobs.set(layer.digest, randomBytes(layer.bytes.length, 9));
		const { store, transfers } = setUp([mirror, source]);
		const events = await collect(transfers.pull({ image: reference }));
		expect(source.asked).toEqual([`blob ${layer.digest} 0`]);
		expect(notes(events).join()).toContain('has the digest');
		expect(store.images.has(image.imageId)).toBe(true);
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});

	test.each([
		['other bytes', (bytes: Buffer) => randomBytes(bytes.length, 9), /has the digest sha256/],
		['more bytes', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(10)]), /instead of/],
		['fewer bytes', (bytes: Buffer) => bytes.subarray(1), /instead of/],
	])('%s from the only source are refused by name, and nothing stays', async (_, spoil, message) => {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const layer = image.blobs[1];
		if (layer === undefined) throw new Error('no layer');
		source.blobs.set(layer.digest, spoil(layer.bytes));
		const { store, transfers } = setUp([source]);
		const error = await collect(transfers.pull({ image: reference })).catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(InvalidArgumentError);
		expect(String(error)).toMatch(message);
		expect(String(error)).toContain(layer.digest);
		expect(store.layers.size + store.images.size).toBe(0);
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});

	test('a body without a length that never ends is stopped at once', async () => {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const layer = image.blobs[1];
		let sent = 0;
		source.onBlob = (digest) => {
			if (digest !== layer?.digest) return undefined;
			const endless = (function* () {
				while (true) {
					sent += 10_000;
					yield Buffer.alloc(10_000);
				}
			})();
			const { Readable } = process.getBuiltinModule('node:stream');
			return { body: Readable.from(endless, { objectMode: false }), offset: 0, totalBytes: undefined };
		};
		const { transfers } = setUp([source]);
		await expect(collect(transfers.pull({ image: reference }))).rejects.toThrow(/has more bytes instead of/);
		expect(sent).toBeLessThan(1_000_000);
	});

	test('a layer that unpacks to something else is refused, and is no reason to ask again', async () => {
		const lying = buildVariedImage({ layers: [mixedBytes(5000, 4)] });
		const config = JSON.parse(lying.blobs[0]?.bytes.toString() ?? '');
		config.rootfs.diff_ids = [image.diffIds[0]];
		const bytes = Buffer.from(JSON.stringify(config));
		const { sha256 } = await import('./fake-parts.ts');
		const manifest = JSON.parse(lying.manifest.toString());
		manifest.config = { ...manifest.config, digest: sha256(bytes), size: bytes.length };
		const source = fakeRepository('registry.example');
		put(source, '1', {
			...lying,
			manifest: Buffer.from(JSON.stringify(manifest)),
			blobs: [{ digest: sha256(bytes), bytes }, ...lying.blobs.slice(1)],
		});
		const { store, transfers } = setUp([source, source]);
		const pulled = collect(transfers.pull({ image: reference }));
		await expect(pulled).rejects.toThrow(`unpacks to ${lying.diffIds[0]} instead of ${image.diffIds[0]}`);
		await expect(pulled).rejects.toBeInstanceOf(InvalidArgumentError);
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});

	test('errors keep their words and get their class', async () => {
		const source = fakeRepository('registry.example');
		const { transfers } = setUp([source]);
		const pull = () => collect(transfers.pull({ image: reference }));
		await expect(pull()).rejects.toBeInstanceOf(NotFoundError);
		await expect(pull()).rejects.toThrow(
			`cannot pull image "${reference}": registry.example: manifest unknown`,
		);
		source.onManifest = () => {
			throw new RegistryError('unreachable', 'registry.example: connection refused');
		};
		await expect(pull()).rejects.toBeInstanceOf(UnavailableError);
	});
});

describe('callers', () => {
	/** A source whose layers come when the test says so. */
	function heldSource() {
		const source = fakeRepository('registry.example');
		put(source, '1', image);
		const { promise, resolve } = Promise.withResolvers<void>();
		source.onBlob = (digest) => {
			const bytes = source.blobs.get(digest) ?? Buffer.alloc(0);
			if (digest === image.blobs[0]?.digest) return undefined;
			const { Readable } = process.getBuiltinModule('node:stream');
			// Like a socket it ends as soon as it is destroyed, whatever it waits for.
			const body = new Readable({ read: () => undefined });
			void promise.then(() => {
				for (const part of [bytes, null]) if (!body.destroyed) body.push(part);
			});
			return { body, offset: 0, totalBytes: bytes.length };
		};
		return { source, release: resolve };
	}

	test('equal pulls are one, and a late caller hears all', async () => {
		const { source, release } = heldSource();
		const { transfers } = setUp([source]);
		const first = transfers.pull({ image: reference })[Symbol.asyncIterator]();
		await first.next();
		const second = collect(transfers.pull({ image: reference }));
		release();
		const events = await second;
		expect(events[0]).toMatchObject({ kind: 'resolved' });
		expect(events.at(-1)).toMatchObject({ kind: 'completed' });
		expect(source.asked.filter((line) => line === 'manifest 1')).toHaveLength(1);
		await first.return?.();
	});

	test('the pull goes on when one of two callers leaves, and ends cleanly with the last', async () => {
		const { source } = heldSource();
		const { store, transfers } = setUp([source]);
		const leaving = new AbortController();
		const first = collect(transfers.pull({ image: reference }, { signal: leaving.signal }));
		const second = transfers.pull({ image: reference })[Symbol.asyncIterator]();
		await second.next();
		leaving.abort(new DOMException('too late', 'TimeoutError'));
		await expect(first).rejects.toThrow('too late');
		// What was resolved is told before the first blob's file is there.
		await vi.waitFor(() => expect(readdirSync(store.stagingDir).length).toBeGreaterThan(0));
		await second.return?.();
		expect(readdirSync(store.stagingDir)).toEqual([]);
		expect(store.layers.size).toBe(0);
	});

	test('after the last caller left a new one begins anew', async () => {
		const { source, release } = heldSource();
		const { transfers } = setUp([source]);
		const first = transfers.pull({ image: reference })[Symbol.asyncIterator]();
		await first.next();
		await first.return?.();
		release();
		const events = await collect(transfers.pull({ image: reference }));
		expect(events.at(-1)).toMatchObject({ kind: 'completed' });
	});

	test('two images that share layers fetch them once', async () => {
		const { source, release } = heldSource();
		const base = [mixedBytes(30_000, 1), mixedBytes(20_000, 2), mixedBytes(100, 3)];
		const bigger = buildVariedImage({ layers: [...base, mixedBytes(700, 8)] });
		put(source, '2', bigger);
		const { store, transfers } = setUp([source]);
		const both = [collect(transfers.pull({ image: reference }))];
		await Promise.resolve();
		both.push(collect(transfers.pull({ image: 'registry.example/shop/app:2' })));
		setTimeout(release, 50);
		await Promise.all(both);
		const blobs = source.asked.filter((line) => line.startsWith('blob'));
		expect(new Set(blobs).size).toBe(blobs.length);
		expect(store.layers.size).toBe(4);
	});

	test('disposing of the transfers ends what is under way', async () => {
		const { source } = heldSource();
		const { store, transfers } = setUp([source]);
		const pulled = collect(transfers.pull({ image: reference })).catch((error: unknown) => error);
		await new Promise((resolve) => setImmediate(resolve));
		await transfers[Symbol.asyncDispose]();
		expect(await pulled).toBeInstanceOf(Error);
		expect(readdirSync(store.stagingDir)).toEqual([]);
	});
});
