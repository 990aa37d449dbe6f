import { errorMessage } from '../../cri/errors.ts';
import type { ImageService } from '../../cri/ports.ts';
import { asObject, asStringMap, type JsonObject } from '../image/json-fields.ts';
import { demandImage, type ImageParts } from './image-parts.ts';

/**
 * RPC ImageStatus. An image that is not there is an answer without image, and so is one that is damaged: a kubelet then
 * pulls it again, which repairs it.
 * Source: cri-o 1.36 server/image_status.go; kubelet image_manager.go, EnsureImageExists.
 */
export function createImageStatus({ store, summaries, log }: ImageParts): ImageService['imageStatus'] {
	return async (reference, { verbose }, options) => {
		const found = await store.findImage(demandImage(reference, 'read image status'), options);
		if (found === undefined) return { image: undefined, info: {} };
		try {
			const { image, config } = await summaries.details(found, options);
			return { image, info: verbose ? verboseInfo(config) : {} };
		} catch (error) {
			if (options?.signal?.aborted) throw error;
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
function verboseInfo(config: JsonObject): Readonly<Record<string, string>> {
	const imageSpec = Object.fromEntries(
		ociFields.filter((field) => config[field] !== undefined).map((field) => [field, config[field]]),
	);
	const labels = asStringMap(asObject(config['config'])?.['Labels']);
	return {
		info: JSON.stringify({ ...(Object.keys(labels).length > 0 && { labels }), imageSpec }),
	};
}
