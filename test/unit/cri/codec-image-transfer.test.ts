import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WireMessage } from '../../../src/cri/codec-fields.ts';
import { authToWire, imageToWire, mapAuth, mapImage } from '../../../src/cri/codec-image.ts';
import {
	imageDescriptionToWire,
	mapImageDescription,
	mapPullTransfer,
	mapPushTransfer,
	mapSavePart,
	mapTransferEvent,
	pullTransferToWire,
	pushTransferToWire,
	savePartToWire,
	transferEventToWire,
} from '../../../src/cri/codec-image-transfer.ts';
import { imageId } from '../../../src/cri/ids.ts';
import type { LayerState, TransferEvent } from '../../../src/cri/image-transfer.ts';
import { loadWireMethods } from '../../../src/cri/transport/wire.ts';

const methods = loadWireMethods(['ImageService', 'ImageTransferService']);

function through(rpc: string, which: 'request' | 'response', message: WireMessage): WireMessage {
	const method = methods.get(rpc);
	if (method === undefined) return expect.unreachable(rpc);
	return which === 'request'
		? method.requestDeserialize(method.requestSerialize(message))
		: method.responseDeserialize(method.responseSerialize(message));
}

const size = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme' });
const nanos = fc.option(fc.bigInt(1n, 2n ** 63n - 1n), { nil: undefined });
const states: readonly LayerState[] = ['waiting', 'present', 'transferring', 'verified', 'done', 'mounted'];
const layer = fc.record({
	index: fc.nat(),
	digest: text,
	state: fc.constantFrom(...states),
	transferredBytes: size,
	totalBytes: size,
	unpackedBytes: size,
	source: text,
});
const event: fc.Arbitrary<TransferEvent> = fc.oneof(
	fc.record({
		kind: fc.constant('resolved' as const),
		reference: text,
		manifestDigest: text,
		source: text,
		platform: text,
		imageId: text,
		layers: fc.array(layer, { maxLength: 3 }),
	}),
	fc.record({ kind: fc.constant('layer' as const), layer }),
	fc.record({ kind: fc.constant('note' as const), text }),
	fc.record({
		kind: fc.constant('completed' as const),
		imageId: text,
		manifestDigest: text,
		names: fc.array(text, { maxLength: 3 }),
		upToDate: fc.boolean(),
	}),
);

test('every event of a transfer comes out as it went in', () => {
	fc.assert(
		fc.property(event, (sent) => {
			const wire = through('ImageTransferService/PullImage', 'response', transferEventToWire(sent));
			expect(mapTransferEvent(wire)).toEqual(sent);
			const part = through(
				'ImageTransferService/SaveImages',
				'response',
				savePartToWire({ kind: 'event', event: sent }),
			);
			expect(mapSavePart(part)).toEqual({ kind: 'event', event: sent });
		}),
	);
});

test('an event that this version has no word for is left out', () => {
	expect(mapTransferEvent({})).toBeUndefined();
	expect(mapSavePart({})).toBeUndefined();
	expect(mapTransferEvent({ layer: { state: 17 } })).toMatchObject({ layer: { state: 'transferring' } });
});

test('a piece of an archive keeps its bytes, and an empty one is a piece too', () => {
	for (const bytes of [Buffer.from([0, 1, 254, 255]), Buffer.alloc(0)]) {
		const wire = through(
			'ImageTransferService/SaveImages',
			'response',
			savePartToWire({ kind: 'chunk', bytes }),
		);
		const part = mapSavePart(wire);
		expect(part?.kind === 'chunk' && Buffer.from(part.bytes)).toEqual(bytes);
	}
});

test('the description of an image comes out as it went in', () => {
	const description = fc.record({
		imageId: text,
		manifestDigest: text,
		mediaType: text,
		platform: text,
		createdAtNanos: nanos,
		names: fc.array(text, { maxLength: 2 }),
		layers: fc.array(
			fc.record({
				diffId: text,
				layerId: text,
				compressedDigest: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
				compressedBytes: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
				uncompressedBytes: size,
				sharedWith: fc.array(text, { maxLength: 2 }),
			}),
			{ maxLength: 2 },
		),
		history: fc.array(
			fc.record({ createdAtNanos: nanos, createdBy: text, comment: text, emptyLayer: fc.boolean() }),
			{ maxLength: 2 },
		),
		uniqueBytes: size,
		containerIds: fc.array(text, { maxLength: 2 }),
		damages: fc.array(text, { maxLength: 2 }),
	});
	fc.assert(
		fc.property(description, (sent) => {
			const wire = through('ImageTransferService/DescribeImage', 'response', imageDescriptionToWire(sent));
			expect(mapImageDescription(wire)).toEqual(sent);
		}),
	);
});

test('requests keep what was said and leave out what was not', () => {
	const auth = { username: 'me', password: 'pass' };
	const pull = through('ImageTransferService/PullImage', 'request', pullTransferToWire({ image: 'a', auth }));
	expect(mapPullTransfer(pull)).toEqual({ image: 'a', auth, platform: undefined });
	const push = { image: 'a', destination: 'b', auth: undefined, format: 'oci', compression: 'zstd' } as const;
	const wire = through('ImageTransferService/PushImage', 'request', pushTransferToWire(push));
	expect(mapPushTransfer(wire)).toEqual(push);
	expect(mapAuth(authToWire({ registryToken: 't', username: undefined }) ?? {})).toEqual({
		registryToken: 't',
	});
});

test('an image of the CRI comes out as it went in', () => {
	const image = {
		id: imageId('ab'.repeat(32)),
		repoTags: ['docker.io/library/x:1'],
		repoDigests: [],
		sizeBytes: 2n ** 60n + 1n,
		username: '',
		pinned: true,
	};
	for (const uid of [undefined, 0n, 65_534n]) {
		for (const spec of [
			undefined,
			{ image: 'x', userSpecifiedImage: '', runtimeHandler: '', annotations: { a: 'b' } },
		]) {
			const wire = through('ListImages', 'response', { images: [imageToWire({ ...image, uid, spec })] });
			expect(mapImage((wire['images'] as WireMessage[])[0] ?? {})).toEqual({ ...image, uid, spec });
		}
	}
});
