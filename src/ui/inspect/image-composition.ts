/** What an image is made of, from whichever source told it: the second service, or the verbose answer of the CRI. */
import type { HistoryEntry, ImageDescription } from '../../cri/image-transfer.ts';
import type { ImageStatus } from '../../cri/model.ts';
import { listAt, objectAt, textAt, textsAt, verboseObject } from './field.ts';
import { nanosOf } from './image-summary.ts';

/** One layer; what nobody told is undefined. */
export type ComposedLayer = {
	readonly diffId: string;
	/** The store's own id of it. */
	readonly layerId: string | undefined;
	readonly compressedDigest: string | undefined;
	readonly compressedBytes: number | undefined;
	readonly uncompressedBytes: number | undefined;
	/** Ids of other images that have it; undefined where that is not known. */
	readonly sharedWith: readonly string[] | undefined;
};

/** Layers and history. */
export type Composition = {
	/** From the base up. */
	readonly layers: readonly ComposedLayer[];
	/** Oldest first. */
	readonly history: readonly HistoryEntry[];
	readonly platform: string | undefined;
	readonly createdAtNanos: bigint | undefined;
};

/** What the second service told. */
export function compositionOf(description: ImageDescription): Composition {
	const { layers, history, platform, createdAtNanos } = description;
	return { layers, history, platform: platform || undefined, createdAtNanos };
}

/**
 * What a verbose ImageStatus tells: diff ids and history of the image's configuration, no sizes. Empty where the runtime
 * puts no configuration into it.
 * Source: containerd internal/cri (imageInfo.imageSpec), cri-o server/image_status.go.
 */
export function compositionOfStatus(status: ImageStatus | undefined): Composition {
	const spec = objectAt(verboseObject(status?.info), 'imageSpec');
	const platform = [textAt(spec, 'os'), textAt(spec, 'architecture'), textAt(spec, 'variant')];
	return {
		layers: textsAt(objectAt(spec, 'rootfs'), 'diff_ids').map((diffId) => ({
			diffId,
			layerId: undefined,
			compressedDigest: undefined,
			compressedBytes: undefined,
			uncompressedBytes: undefined,
			sharedWith: undefined,
		})),
		history: listAt(spec, 'history').map((item): HistoryEntry => {
			const step = objectAt(item);
			return {
				createdAtNanos: nanosOf(textAt(step, 'created')),
				createdBy: textAt(step, 'created_by') ?? '',
				comment: textAt(step, 'comment') ?? '',
				emptyLayer: step?.['empty_layer'] === true,
			};
		}),
		platform: platform.filter(Boolean).join('/') || undefined,
		createdAtNanos: nanosOf(textAt(spec, 'created')),
	};
}

/**
 * The layer that each step of the history made, by its position; undefined for a step that made none. None where the two
 * do not match: some builders squash layers and keep the history.
 */
export function layersOfSteps({ layers, history }: Composition): readonly (number | undefined)[] {
	const made = history.filter(({ emptyLayer }) => !emptyLayer).length;
	if (made !== layers.length) return history.map(() => undefined);
	let next = 0;
	return history.map(({ emptyLayer }) => (emptyLayer ? undefined : next++));
}
