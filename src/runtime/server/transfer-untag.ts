import { NotFoundError } from '../../cri/errors.ts';
import { formatImageReference, isShortName, parseImageReference } from '../../cri/image-reference.ts';
import type { ImageTransferService } from '../../cri/image-transfer.ts';
import type { StoredImage } from '../storage/model.ts';
import { findOrThrow, type ImageParts } from './image-parts.ts';

/**
 * RPC UntagImage. Without tags it takes them all, and the image stays, to be had by its id.
 * @throws NotFoundError for an image that is not there, or a name that it does not have
 */
export function createUntagImage(parts: ImageParts): ImageTransferService['untagImage'] {
	return async ({ image, tags }, options) => {
		const found = await findOrThrow(parts, image, 'untag image', options);
		const names =
			tags.length === 0
				? found.names
				: await Promise.all(tags.map(async (tag) => nameOf(found, tag, image, await parts.aliasOf(tag))));
		await parts.store.removeNames(found.id, names, options);
	};
}

/** The name that is meant, short or in full. @param alias what registries.conf says that it stands for */
function nameOf(image: StoredImage, tag: string, asked: string, alias: string | undefined): string {
	if (alias !== undefined && image.names.includes(alias)) return alias;
	if (image.names.includes(tag)) return tag;
	const reference = parseImageReference(tag);
	const inFull = formatImageReference(reference);
	const local = formatImageReference({
		...reference,
		domain: 'localhost',
		repository: reference.repository.replace(/^library\//, ''),
	});
	const name = [inFull, local].find((candidate) => image.names.includes(candidate));
	if (name !== undefined) return name;
	// Pulled through a search registry, it stands under that one; of several such names none is meant more than another.
	const [found, ...others] = isShortName(tag)
		? image.names.filter((full) => full.endsWith(endOf(local)))
		: [];
	if (found !== undefined && others.length === 0) return found;
	const names = image.names.length === 0 ? 'it has no name' : `its names are ${image.names.join(', ')}`;
	throw new NotFoundError(`cannot untag image "${asked}": it is not called "${tag}"; ${names}`);
}

/** All but the registry. */
function endOf(local: string): string {
	return local.replace(/^localhost/, '');
}
