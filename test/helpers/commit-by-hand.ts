import { execFileSync } from 'node:child_process';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { LayerToCommit, Store, StoredImage } from '../../src/runtime/storage/model.ts';
import type { VariedImage } from './varied-images.ts';

/**
 * Stages the layers of a gzip-compressed image with GNU tar in the unpacker's place. The tar-split files are empty, so
 * such an image runs and cannot be pushed.
 */
export async function stageByHand(store: Store, image: VariedImage): Promise<readonly LayerToCommit[]> {
	const layers: LayerToCommit[] = [];
	for (const [depth, diffId] of image.diffIds.entries()) {
		const blob = image.blobs[depth + 1];
		if (blob === undefined) throw new Error('an image has a blob for each layer');
		const tar = gunzipSync(blob.bytes);
		const parent = depth === 0 ? undefined : store.layerIdOf(image.diffIds.slice(0, depth));
		const staged = await store.stageLayer({ parent });
		const { mode } = statSync(staged.diffDir);
		execFileSync('tar', ['-x', '-p', '--numeric-owner', '-C', staged.diffDir], { input: tar });
		chmodSync(staged.diffDir, mode);
		writeFileSync(staged.tarSplitPath, gzipSync(''));
		const layer: LayerToCommit = {
			id: store.layerIdOf(image.diffIds.slice(0, depth + 1)),
			parent,
			staged,
			compressedDigest: blob.digest,
			compressedSizeBytes: blob.bytes.length,
			unpacked: {
				diffDigest: diffId,
				diffSizeBytes: tar.length,
				compression: 'gzip',
				uids: [0],
				gids: [0],
				rootEntrySeen: false,
				entries: 1,
			},
		};
		layers.push(layer);
		if (store.parentsFirst) await store.commitLayers([layer]);
	}
	return layers;
}

/** Stages and commits an image with its layers. */
export async function commitByHand(
	store: Store,
	image: VariedImage,
	names: readonly string[],
): Promise<StoredImage> {
	const layers = await stageByHand(store, image);
	await store.commitLayers(layers);
	for (const { staged } of layers) await staged[Symbol.asyncDispose]();
	return commitRecordByHand(store, image, names);
}

/** Commits the record of an image whose layers are there. */
export function commitRecordByHand(
	store: Store,
	image: VariedImage,
	names: readonly string[],
): Promise<StoredImage> {
	const [config] = image.blobs;
	if (config === undefined) throw new Error('an image has a config');
	return store.commitImage({
		manifest: image.manifest,
		manifestDigest: image.manifestDigest,
		config: config.bytes,
		configDigest: config.digest,
		topLayer: store.layerIdOf(image.diffIds),
		names,
		createdAtNanos: undefined,
	});
}
