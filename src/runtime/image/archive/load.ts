/** Loads the images of an archive into the store. */

import { InvalidArgumentError } from '../../../cri/errors.ts';
import { formatImageReference, parseImageReference } from '../../../cri/image-reference.ts';
import type { WaitOptions } from '../../storage/model.ts';
import { digestHex } from '../digest.ts';
import { explainTransferError } from '../explain-errors.ts';
import { importLayers, type LayerToImport } from '../import-layers.ts';
import { formatPlatform, hostPlatform } from '../platform.ts';
import type { TransferLog } from '../transfer-log.ts';
import { imageTools, type TransferTools, waitingLayers } from '../transfer-tools.ts';
import { type ArchiveFiles, readArchiveFiles } from './archive-files.ts';
import type { ArchiveImage } from './archive-image.ts';
import { decompressArchive } from './decompress.ts';
import { readDockerArchive } from './docker-archive.ts';
import { isOciArchive, readOciArchive } from './oci-archive.ts';

/**
 * Loads an archive, and tells the log. Images come one after the other; one that fails leaves nothing of itself, those
 * before it stay.
 * @param request.name for the only image of an archive that names none
 * @throws the classes of errors.ts, `cannot load images: …`; the reason of the signal
 */
export async function loadImages(
	request: { readonly name?: string | undefined },
	archive: AsyncIterable<Uint8Array>,
	tools: TransferTools,
	log: TransferLog,
	{ signal }: WaitOptions = {},
): Promise<void> {
	try {
		const { store, archiveLimits, registries } = tools;
		const tar = await decompressArchive(archive);
		await using files = await readArchiveFiles(tar, store, archiveLimits, {
			signal,
		});
		await registries.admitArchive(isOciArchive(files) ? 'oci-archive' : 'docker-archive', { signal });
		const images = withName(await readImages(files), request.name);
		for (const image of images) await loadImage(image, tools, log, { signal });
	} catch (error) {
		signal?.throwIfAborted();
		throw explainTransferError('cannot load images', error);
	}
}

async function readImages(files: ArchiveFiles): Promise<readonly ArchiveImage[]> {
	if (isOciArchive(files)) return await readOciArchive(files, hostPlatform());
	if (files.has('manifest.json')) return await readDockerArchive(files);
	throw new InvalidArgumentError(
		files.has('repositories')
			? 'it is of a Docker older than 1.10; save it again with a newer one'
			: 'it is neither a docker-archive (manifest.json) nor an oci-archive (oci-layout, index.json)',
	);
}

/** Gives the caller's name to an only image without one. */
function withName(images: readonly ArchiveImage[], name: string | undefined): readonly ArchiveImage[] {
	if (images.length === 0) throw new InvalidArgumentError('there is no image in it');
	const [only] = images;
	if (!name || images.length > 1 || only === undefined || only.names.length > 0) return images;
	return [{ ...only, names: [formatImageReference(parseImageReference(name))] }];
}

async function loadImage(
	image: ArchiveImage,
	tools: TransferTools,
	log: TransferLog,
	{ signal }: WaitOptions,
): Promise<void> {
	const { store } = tools;
	const imageId = digestHex(image.configDigest);
	// Right at once where the layers are plain tars, as they nearly always are.
	const expected = image.manifest(new Map(image.layers.map(({ diffId, file }) => [diffId, file.sizeBytes])));
	log.resolved({
		kind: 'resolved',
		reference: image.names[0] ?? '',
		manifestDigest: expected.digest,
		source: '',
		platform: formatPlatform(image.config),
		imageId,
		layers: waitingLayers(image.layers.map(({ digest, file }) => ({ digest, sizeBytes: file.sizeBytes }))),
	});
	const layers = image.layers.map(
		({ diffId, digest, blob, file }, index): LayerToImport => ({
			diffId,
			digest,
			blob,
			attempts: 1,
			async open() {
				const opened = await file.file();
				log.layer(index, { transferredBytes: file.sizeBytes });
				return { content: opened, arrived: Promise.resolve(), [Symbol.asyncDispose]: async () => undefined };
			},
		}),
	);
	const { topLayer, imported, sizes } = await importLayers(layers, imageTools(tools, log), { signal });
	const manifest = image.manifest(sizes);
	const before = await store.findImage(imageId, { signal });
	await store.commitImage(
		{
			manifest: manifest.bytes,
			manifestDigest: manifest.digest,
			index: image.index,
			config: image.configBytes,
			configDigest: image.configDigest,
			topLayer,
			names: image.names,
			createdAtNanos: image.config.createdAtNanos,
		},
		{ signal },
	);
	log.completed({
		kind: 'completed',
		imageId,
		manifestDigest: manifest.digest,
		names: image.names,
		upToDate:
			imported === 0 && before?.id === imageId && image.names.every((name) => before.names.includes(name)),
	});
}
