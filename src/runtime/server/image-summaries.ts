/** What the CRI says of images, from the store's records and their configs. */
import { FailedPreconditionError } from '../../cri/errors.ts';
import { imageId } from '../../cri/ids.ts';
import type { Image, ImageSpec } from '../../cri/model.ts';
import { parseConfig } from '../image/config.ts';
import { asObject, asStringMap, type JsonObject, parseJsonObject } from '../image/json-fields.ts';
import type { ImageConfig } from '../image/model.ts';
import { summarizeImage } from '../image/summary.ts';
import type { Damage, Store, StoredImage, WaitOptions } from '../storage/model.ts';

/** An image as ImageStatus tells of it. */
export type ImageDetails = { readonly image: Image; readonly config: JsonObject };

/** Reads images of one store; configs, which never change, are read once. */
export type ImageSummaries = {
	/** Those of the images that can be used. */
	list(images: readonly StoredImage[], options?: WaitOptions): Promise<readonly Image[]>;
	/** @throws FailedPreconditionError and what reading throws, where the image is damaged */
	details(image: StoredImage, options?: WaitOptions): Promise<ImageDetails>;
};

/** @param onUnusable told of an image that is left out of a list */
export function createImageSummaries(
	store: Store,
	onUnusable: (image: StoredImage, error: unknown) => void,
): ImageSummaries {
	/** By image id. What is gone from the store goes from here with the next list. */
	const configs = new Map<string, Promise<ImageConfig>>();

	const configOf = (image: StoredImage): Promise<ImageConfig> => {
		const known = configs.get(image.id);
		if (known !== undefined) return known;
		// Without the caller's signal: others may wait for the same file, which is small.
		const reading = store.readBigData(image, `sha256:${image.id}`).then(parseConfig);
		configs.set(image.id, reading);
		// What could not be read may be repaired the next time.
		reading.catch(() => configs.delete(image.id));
		return reading;
	};

	return {
		async list(images, options) {
			const layers = new Map((await store.listLayers(options)).map((layer) => [layer.id, layer]));
			const listed: Image[] = [];
			for (const image of images) {
				options?.signal?.throwIfAborted();
				try {
					listed.push(toImage(summarizeImage(image, layers, await configOf(image)), undefined));
				} catch (error) {
					onUnusable(image, error);
				}
			}
			if (images.length > 1) forgetOthers(configs, new Set(images.map(({ id }) => id)));
			return listed;
		},
		async details(image, options) {
			await demandWhole(store, image, options);
			const layers = new Map((await store.listLayers(options)).map((layer) => [layer.id, layer]));
			const config = await configOf(image);
			const annotations = await annotationsOf(store, image, options);
			const spec = { image: '', userSpecifiedImage: '', runtimeHandler: '', annotations };
			return { image: toImage(summarizeImage(image, layers, config), spec), config: config.raw };
		},
	};
}

function toImage(summary: ReturnType<typeof summarizeImage>, spec: ImageSpec | undefined): Image {
	// Nothing is pinned here: that is for the image that every pod needs.
	return { ...summary, id: imageId(summary.id), pinned: false, spec };
}

function forgetOthers(configs: Map<string, unknown>, present: ReadonlySet<string>): void {
	for (const id of configs.keys()) if (!present.has(id)) configs.delete(id);
}

/** An image whose layers are not all there must not be said to be. @throws FailedPreconditionError */
async function demandWhole(
	store: Store,
	image: StoredImage,
	options: WaitOptions | undefined,
): Promise<void> {
	if (image.layer === undefined) return;
	const damages: Damage[] = [];
	const whole = await store.presentLayers([image.layer], {
		...options,
		onDamage: (damage) => damages.push(damage),
	});
	if (whole.has(image.layer)) return;
	const cause =
		damages.map(({ id, cause }) => `layer ${id}: ${cause}`).join('; ') || 'its layers are not there';
	throw new FailedPreconditionError(`image ${image.id} is damaged: ${cause}`);
}

/** Annotations of the manifest. Source: cri-o 1.36 server/image_status.go, `Spec`. */
async function annotationsOf(
	store: Store,
	image: StoredImage,
	options: WaitOptions | undefined,
): Promise<Readonly<Record<string, string>>> {
	const manifest = parseJsonObject(await store.readBigData(image, 'manifest', options));
	return asStringMap(asObject(manifest['annotations']));
}
