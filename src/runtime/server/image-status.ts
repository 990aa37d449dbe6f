import { errorMessage, isAbort } from '../../cri/errors.ts';
import type { ImageService } from '../../cri/ports.ts';
import type { StoredImage, WaitOptions } from '../storage/model.ts';
import { demandImage, type ImageParts } from './image-parts.ts';

/**
 * RPC ImageStatus. An image that is not there is an answer without image, and so is one that is damaged: a kubelet then
 * pulls it again, which repairs it.
 * Source: cri-o 1.36 server/image_status.go; kubelet image_manager.go, EnsureImageExists.
 */
export function createImageStatus(parts: ImageParts): ImageService['imageStatus'] {
	const { store, summarize, log } = parts;
	return async (reference, { verbose }, options) => {
		const found = await store.findImage(demandImage(reference, 'read image status'), options);
		if (found === undefined) return { image: undefined, info: {} };
		try {
			const image = await summarize(found, options);
			return { image, info: verbose ? await verboseInfo(parts, found, options) : {} };
		} catch (error) {
			options?.signal?.throwIfAborted();
			if (isAbort(error)) throw error;
			log('warn', 'damaged image counts as absent', { image: found.id, error: errorMessage(error) });
			return { image: undefined, info: {} };
		}
	};
}

/** What the OCI defines of a config; Docker's own additions are left out, as CRI-O does. Source: image-spec v1.1 config.md */
const ociFields = [
	'created',
	'author',
	'architecture',
	'variant',
	'os',
	'os.version',
	'os.features',
	'config',
	'rootfs',
	'history',
];

/** The JSON under the key "info", as CRI-O's clients expect it. Source: cri-o 1.36, createImageInfo. */
async function verboseInfo(
	{ store }: ImageParts,
	image: StoredImage,
	options: WaitOptions | undefined,
): Promise<Readonly<Record<string, string>>> {
	const bytes = await store.readBigData(image, `sha256:${image.id}`, options);
	const config = JSON.parse(bytes.toString()) as Readonly<Record<string, unknown>>;
	const imageSpec = Object.fromEntries(
		ociFields.filter((field) => config[field] !== undefined).map((field) => [field, config[field]]),
	);
	const inner = config['config'];
	const labels =
		typeof inner === 'object' && inner !== null && 'Labels' in inner
			? (inner.Labels ?? undefined)
			: undefined;
	return { info: JSON.stringify({ labels, imageSpec }) };
}
