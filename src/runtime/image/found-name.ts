/** Which of its names an image was found by. */
import { formatImageReference, isShortName, parseImageReference } from '../../cri/image-reference.ts';
import type { StoredImage } from '../storage/model.ts';
import type { Registries } from './registry.ts';

/**
 * The name in full that a name, perhaps a short one, has found the image by: what an alias says, Docker's, one that was built
 * here, one of a search registry. Undefined where it was found by its id or a digest.
 */
export async function foundName(
	text: string,
	image: StoredImage,
	registries: Pick<Registries, 'aliasOf'>,
): Promise<string | undefined> {
	const tags = image.names.filter((name) => !name.includes('@'));
	if (tags.includes(text)) return text;
	if (image.id.startsWith(text.replace(/^sha256:/, ''))) return undefined;
	const reference = parseImageReference(text);
	if (reference.digest !== undefined) return undefined;
	const full = formatImageReference(reference);
	if (!isShortName(text)) return tags.find((name) => name === full);
	const end = full.replace(/^docker\.io\/(?:library\/)?/, '/');
	const wanted = [await registries.aliasOf(text), full, `localhost${end}`];
	return (
		wanted.find((name) => name !== undefined && tags.includes(name)) ??
		tags.find((name) => name.endsWith(end))
	);
}
