/** Saves images of the store into one archive, as fast as its reader takes it. */

import { InvalidArgumentError } from '../../../cri/errors.ts';
import type { ArchiveFormat, LayerProgress, SavePart, TransferEvent } from '../../../cri/image-transfer.ts';
import type { WaitOptions } from '../../storage/model.ts';
import { explainTransferError } from '../explain-errors.ts';
import { foundName } from '../found-name.ts';
import { formatPlatform } from '../platform.ts';
import { type LoadedImage, readStoredImage } from '../stored-image.ts';
import { type TransferTools, waitingLayers } from '../transfer-tools.ts';
import { dockerArchiveParts } from './save-docker.ts';
import { ociArchiveParts } from './save-oci.ts';

/** An image to be saved, and the tags it goes by in the archive. */
export type ImageToSave = LoadedImage & { readonly tags: readonly string[] };

/** A piece of the archive, or how far a layer of one of the images is. */
export type ArchivePart =
	| { readonly bytes: Uint8Array }
	| { readonly image: ImageToSave; readonly index: number; readonly layer: Partial<LayerProgress> };

const pieceBytes = 256 * 1024;
const eventIntervalMs = 100;

/**
 * Saves images; pieces of the archive and events come in turn, and after the last piece one `completed` for each image.
 * Nothing is read ahead of who takes it, but for layers that must be compressed before their size is known.
 * @throws the classes of errors.ts, `cannot save images: …`; the reason of the signal
 */
export async function* saveImages(
	request: { readonly images: readonly string[]; readonly format: ArchiveFormat },
	tools: Pick<TransferTools, 'store' | 'registries'>,
	{ signal }: WaitOptions = {},
): AsyncGenerator<SavePart> {
	const { store } = tools;
	try {
		const images = await readImages(request.images, tools, { signal });
		for (const image of images) yield { kind: 'event', event: resolvedEvent(image) };
		const parts =
			request.format === 'docker-archive'
				? dockerArchiveParts(images, store, { signal })
				: ociArchiveParts(images, store, { signal });
		yield* inPieces(parts, signal);
		for (const image of images) yield { kind: 'event', event: completedEvent(image) };
	} catch (error) {
		signal?.throwIfAborted();
		throw explainTransferError('cannot save images', error);
	}
}

/** Reads what is to be saved; one image by several names goes in once, with all of them. */
async function readImages(
	references: readonly string[],
	{ store, registries }: Pick<TransferTools, 'store' | 'registries'>,
	{ signal }: WaitOptions,
): Promise<readonly ImageToSave[]> {
	if (references.length === 0) throw new InvalidArgumentError('no image is named');
	const images = new Map<string, ImageToSave>();
	for (const reference of references) {
		const loaded = await readStoredImage(reference, store, { signal });
		const tag = await foundName(reference, loaded.image, registries);
		const before = images.get(loaded.image.id);
		const tags = [...new Set([...(before?.tags ?? []), ...(tag === undefined ? [] : [tag])])];
		images.set(loaded.image.id, { ...loaded, tags });
	}
	return [...images.values()];
}

function resolvedEvent(image: ImageToSave): TransferEvent {
	return {
		kind: 'resolved',
		reference: image.tags[0] ?? image.image.id,
		manifestDigest: image.manifestDigest,
		source: '',
		platform: formatPlatform(image.config),
		imageId: image.image.id,
		layers: waitingLayers(layersOf(image)),
	};
}

function layersOf({ layers }: ImageToSave) {
	return layers.map((layer) => ({ digest: layer.diffDigest ?? '', sizeBytes: layer.diffSizeBytes ?? 0 }));
}

function completedEvent(image: ImageToSave): TransferEvent {
	return {
		kind: 'completed',
		imageId: image.image.id,
		manifestDigest: image.manifestDigest,
		names: image.tags,
		upToDate: false,
	};
}

/** Gathers bytes into pieces of a good size for a message, and tells of layers about ten times a second. */
async function* inPieces(
	parts: AsyncIterable<ArchivePart>,
	signal: AbortSignal | undefined,
): AsyncGenerator<SavePart> {
	let gathered: Uint8Array[] = [];
	let gatheredBytes = 0;
	let toldAtMs = 0;
	const states = new Map<string, LayerProgress>();
	const piece = (): SavePart => {
		const bytes = gathered.length === 1 && gathered[0] ? gathered[0] : Buffer.concat(gathered);
		gathered = [];
		gatheredBytes = 0;
		return { kind: 'chunk', bytes };
	};
	for await (const part of parts) {
		signal?.throwIfAborted();
		if ('bytes' in part) {
			gathered.push(part.bytes);
			gatheredBytes += part.bytes.length;
			if (gatheredBytes >= pieceBytes) yield piece();
			continue;
		}
		const key = `${part.image.image.id} ${part.index}`;
		const before = states.get(key) ?? waitingLayers(layersOf(part.image))[part.index];
		if (before === undefined) continue;
		const layer = { ...before, ...part.layer };
		states.set(key, layer);
		const nowMs = performance.now();
		if (layer.state === before.state && nowMs - toldAtMs < eventIntervalMs) continue;
		toldAtMs = nowMs;
		yield { kind: 'event', event: { kind: 'layer', layer } };
	}
	if (gatheredBytes > 0) yield piece();
}
