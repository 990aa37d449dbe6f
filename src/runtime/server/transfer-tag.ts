import { InvalidArgumentError } from '../../cri/errors.ts';
import { formatImageReference, parseImageReference } from '../../cri/image-reference.ts';
import type { ImageTransferService } from '../../cri/image-transfer.ts';
import { findOrThrow, type ImageParts } from './image-parts.ts';

/**
 * RPC TagImage. A name without a registry is one of this machine, as Podman and Buildah write it.
 * @throws NotFoundError, InvalidArgumentError for what cannot be a name
 */
export function createTagImage(parts: ImageParts): ImageTransferService['tagImage'] {
	return async ({ image, tag }, options) => {
		const name = nameToGive(tag, image);
		const found = await findOrThrow(parts, image, 'tag image', options);
		await parts.store.addNames(found.id, [name], options);
	};
}

function nameToGive(tag: string, image: string): string {
	const refuse = (cause: string): never => {
		throw new InvalidArgumentError(`cannot tag image "${image}": ${cause}`);
	};
	const reference = parseImageReference(tag);
	if (reference.digest !== undefined) return refuse(`"${tag}" has a digest, which an image cannot be given`);
	const first = tag.trim().split('/')[0] ?? '';
	const isShort = !tag.includes('/') || !(/[.:A-Z]/.test(first) || first === 'localhost');
	if (!isShort) return formatImageReference(reference);
	const repository = reference.repository.replace(/^library\//, '');
	return formatImageReference({ ...reference, domain: 'localhost', repository });
}
