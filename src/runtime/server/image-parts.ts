/** What the RPCs of images work with, and how they find and name an image. */
import { InvalidArgumentError, NotFoundError } from '../../cri/errors.ts';
import type { ImageTransfers } from '../image/images.ts';
import type { Registries } from '../image/registry.ts';
import type { Log } from '../log.ts';
import type { Store, StoredImage, WaitOptions } from '../storage/model.ts';
import type { ImageSummaries } from './image-summaries.ts';

/** The image half of the runtime, as its RPCs see it. */
export type ImageParts = {
	readonly store: Store;
	readonly transfers: ImageTransfers;
	readonly summaries: ImageSummaries;
	/** What registries.conf says that a short name stands for. */
	readonly aliasOf: Registries['aliasOf'];
	readonly log: Log;
	/** Nanoseconds since 1970. */
	readonly now: () => bigint;
};

/** @throws InvalidArgumentError where a request names no image, which is a mistake and never a question. */
export function demandImage(image: string, doing: string): string {
	if (image.trim() === '') throw new InvalidArgumentError(`cannot ${doing}: no image is given`);
	return image;
}

/** @throws NotFoundError where the store has no such image; InvalidArgumentError where several may be meant */
export async function findOrThrow(
	{ store }: Pick<ImageParts, 'store'>,
	image: string,
	doing: string,
	options?: WaitOptions,
): Promise<StoredImage> {
	const found = await store.findImage(demandImage(image, doing), options);
	if (found === undefined) throw new NotFoundError(`cannot ${doing} "${image}": there is no such image`);
	return found;
}
