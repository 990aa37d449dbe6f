/** An oci-archive: an OCI layout in a tar. Source: OCI image-spec v1.1 image-layout.md. */

import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Digest, Store, StoredLayer, WaitOptions } from '../../storage/model.ts';
import { openCompressedLayer } from '../compress-layer.ts';
import { digestHex } from '../digest.ts';
import { mediaTypes } from '../media-types.ts';
import { rewriteManifest, type SentLayer } from '../push-manifest.ts';
import type { ArchivePart, ImageToSave } from './save.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.ts';

/**
 * Writes blobs, each once, then index.json. A layer is compressed into a file first, since a tar's header tells the size;
 * the next one is compressed while one is written.
 * @throws FailedPreconditionError where a layer is damaged; errors of the disk
 */
export async function* ociArchiveParts(
	images: readonly ImageToSave[],
	store: Store,
	{ signal }: WaitOptions = {},
): AsyncGenerator<ArchivePart> {
	const written = new Set<Digest>();
	const packed = new Map<Digest, SentLayer>();
	const index: unknown[] = [];
	for (const image of images) {
		yield* layerParts(image, packed, store, signal);
		const sent = image.layers.flatMap((layer) => packed.get(layer.diffDigest ?? '') ?? []);
		const manifest = rewriteManifest({ bytes: image.manifestBytes, manifest: image.manifest }, sent, 'oci');
		const blobs = [
			{ digest: image.manifest.config.digest, bytes: image.configBytes },
			{ digest: manifest.digest, bytes: manifest.bytes },
		];
		for (const { digest, bytes } of blobs) {
			if (written.has(digest)) continue;
			written.add(digest);
			yield* fileParts(blobName(digest), bytes);
		}
		const descriptor = {
			mediaType: mediaTypes.oci.manifest,
			digest: manifest.digest,
			size: manifest.bytes.length,
		};
		if (image.tags.length === 0) index.push(descriptor);
		for (const tag of image.tags) {
			index.push({ ...descriptor, annotations: { 'org.opencontainers.image.ref.name': tag } });
		}
	}
	yield* fileParts('index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: index })));
	yield* fileParts('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
	yield { bytes: tarEnd() };
}

function blobName(digest: Digest): string {
	return `blobs/sha256/${digestHex(digest)}`;
}

function* fileParts(name: string, bytes: Buffer): Generator<ArchivePart> {
	yield { bytes: tarHeader({ kind: 'file', name, sizeBytes: bytes.length }) };
	yield { bytes };
	yield { bytes: tarPadding(bytes.length) };
}

type PackedLayer = SentLayer & { readonly path: string };

async function* layerParts(
	image: ImageToSave,
	packed: Map<Digest, SentLayer>,
	store: Store,
	signal: AbortSignal | undefined,
): AsyncGenerator<ArchivePart> {
	await using files = new AsyncDisposableStack();
	const abort = new AbortController();
	const work = AbortSignal.any([abort.signal, ...(signal ? [signal] : [])]);
	let next: Promise<PackedLayer> | undefined;
	// Whoever leaves early stops the compression under way before its file is taken away.
	files.defer(async () => {
		abort.abort();
		await next?.catch(() => undefined);
	});
	const order = image.layers.map((layer, index) => ({ layer, index }));
	const missing = order.filter(({ layer, index }) => {
		const { diffDigest } = layer;
		const before = order.findIndex((other) => other.layer.diffDigest === diffDigest);
		return !packed.has(diffDigest ?? '') && before === index;
	});
	const begin = (place: number) => {
		const layer = missing[place]?.layer;
		next = layer === undefined ? undefined : packLayer(layer, store, files, work);
		next?.catch(() => undefined);
	};
	begin(0);
	for (const [place, { layer, index }] of missing.entries()) {
		yield { image, index, layer: { state: 'transferring' } };
		const ready = await next;
		if (ready === undefined) return;
		begin(place + 1);
		yield { bytes: tarHeader({ kind: 'file', name: blobName(ready.digest), sizeBytes: ready.sizeBytes }) };
		for await (const chunk of createReadStream(ready.path, { highWaterMark: 256 * 1024, signal: work })) {
			yield { bytes: chunk as Buffer };
		}
		yield { bytes: tarPadding(ready.sizeBytes) };
		await rm(ready.path, { force: true });
		packed.set(layer.diffDigest ?? '', ready);
		const totalBytes = ready.sizeBytes;
		const { digest } = ready;
		yield { image, index, layer: { state: 'done', digest, totalBytes, transferredBytes: totalBytes } };
	}
}

async function packLayer(
	layer: StoredLayer,
	store: Store,
	files: AsyncDisposableStack,
	signal: AbortSignal,
): Promise<PackedLayer> {
	const path = store.stagingPath(`save-${randomBytes(8).toString('hex')}`);
	files.defer(() => rm(path, { force: true }));
	const { body, digest, sizeBytes } = await openCompressedLayer(layer, 'gzip', store, { signal });
	await pipeline(body, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal });
	return { digest: digest(), sizeBytes: sizeBytes(), compression: 'gzip', path };
}
