/** A docker-archive, in the order and with the names that Podman gives it. */
import { FailedPreconditionError } from '../../../cri/errors.ts';
import { parseImageReference } from '../../../cri/image-reference.ts';
import type { Digest, Store, StoredLayer, WaitOptions } from '../../storage/model.ts';
import { openCompressedLayer } from '../compress-layer.ts';
import { digestHex } from '../digest.ts';
import { goJson, legacyLayers } from './legacy-layers.ts';
import type { ArchivePart, ImageToSave } from './save.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.ts';

/**
 * Writes layers uncompressed, each once, then configs, and what leads to them.
 * @throws FailedPreconditionError where a layer is damaged
 */
export async function* dockerArchiveParts(
	images: readonly ImageToSave[],
	store: Store,
	{ signal }: WaitOptions = {},
): AsyncGenerator<ArchivePart> {
	const written = new Set<string>();
	const manifest: Record<string, unknown>[] = [];
	const repositories: Record<string, Record<string, string>> = {};
	for (const image of images) {
		for (const [index, layer] of image.layers.entries()) {
			const diffId = layer.diffDigest ?? '';
			if (!written.has(diffId)) yield* layerParts(image, index, layer, store, signal);
			else yield { image, index, layer: { state: 'present' } };
			written.add(diffId);
		}
		const configName = `${image.image.id}.json`;
		yield* fileParts(configName, image.configBytes);
		let topId = '';
		for (const { id, diffId, json } of legacyLayers(image.config)) {
			topId = id;
			if (written.has(id)) continue;
			written.add(id);
			yield {
				bytes: tarHeader({ kind: 'symlink', name: `${id}/layer.tar`, target: `../${layerName(diffId)}` }),
			};
			yield* fileParts(`${id}/VERSION`, Buffer.from('1.0'));
			yield* fileParts(`${id}/json`, json);
		}
		for (const tag of topId === '' ? [] : image.tags) {
			const reference = parseImageReference(tag);
			const repository = `${reference.domain}/${reference.repository}`;
			repositories[repository] = { ...repositories[repository], [reference.tag ?? 'latest']: topId };
		}
		manifest.push({
			Config: configName,
			RepoTags: image.tags,
			Layers: image.config.diffIds.map(layerName),
		});
	}
	yield* fileParts('manifest.json', Buffer.from(JSON.stringify(manifest)));
	const sorted = Object.entries(repositories).map(([name, tags]) => [name, JSON.parse(goJson(tags))]);
	yield* fileParts('repositories', Buffer.from(goJson(Object.fromEntries(sorted))));
	yield { bytes: tarEnd() };
}

function layerName(diffId: Digest): string {
	return `${digestHex(diffId)}.tar`;
}

function* fileParts(name: string, bytes: Buffer): Generator<ArchivePart> {
	yield { bytes: tarHeader({ kind: 'file', name, sizeBytes: bytes.length }) };
	yield { bytes };
	yield { bytes: tarPadding(bytes.length) };
}

async function* layerParts(
	image: ImageToSave,
	index: number,
	layer: StoredLayer,
	store: Store,
	signal: AbortSignal | undefined,
): AsyncGenerator<ArchivePart> {
	const { diffDigest, diffSizeBytes } = layer;
	if (diffDigest === undefined || diffSizeBytes === undefined) {
		throw new FailedPreconditionError(
			`layer ${layer.id} has no record of its size; remove its images and pull them anew`,
		);
	}
	const { body } = await openCompressedLayer(layer, 'none', store, { signal });
	yield { image, index, layer: { state: 'transferring' } };
	yield { bytes: tarHeader({ kind: 'file', name: layerName(diffDigest), sizeBytes: diffSizeBytes }) };
	let sentBytes = 0;
	for await (const chunk of body as AsyncIterable<Buffer>) {
		sentBytes += chunk.length;
		yield { bytes: chunk };
		yield { image, index, layer: { transferredBytes: sentBytes } };
	}
	if (sentBytes !== diffSizeBytes) {
		throw new FailedPreconditionError(
			`layer ${layer.id} in the store is damaged: it has ${sentBytes} bytes instead of ${diffSizeBytes}`,
		);
	}
	yield { bytes: tarPadding(diffSizeBytes) };
	yield { image, index, layer: { state: 'done', transferredBytes: sentBytes } };
}
