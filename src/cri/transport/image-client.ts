/** ImageService over a connection: each method is its request, its RPC and its answer's mapping. */
import { readText } from '../codec-fields.ts';
import { authToWire, imageFilterToWire, mapImage, mapImageFsInfo, mapImageStatus } from '../codec-image.ts';
import { imageId } from '../ids.ts';
import type { ImageService } from '../ports.ts';
import type { Connection } from './connection.ts';
import { createList } from './list-call.ts';
import { messageToWire } from './message-to-wire.ts';

/** @returns ImageService as the runtime at the other end of the connection answers it. */
export function createImageClient(connection: Connection): ImageService {
	const { unary } = connection;
	const list = createList(connection, imageList);
	return {
		listImages: (filter, options) => list.all({ filter: imageFilterToWire(filter) ?? null }, options),
		imageStatus: async (image, { verbose }, options) => {
			const request = { image: { image }, verbose };
			const answer = await unary('imageStatus', request, { ...options, object: image });
			return { ...mapImageStatus(answer), ...(verbose && { raw: answer }) };
		},
		pullImage: async ({ image, auth, spec, sandboxConfig }, options) => {
			const request = {
				image: { ...spec, image },
				auth: authToWire(auth) ?? null,
				sandboxConfig: sandboxConfig ? messageToWire(sandboxConfig) : null,
			};
			const answer = await unary('pullImage', request, { ...options, object: image });
			return imageId(readText(answer['imageRef']));
		},
		removeImage: async (image, options) => {
			await unary('removeImage', { image: { image } }, { ...options, object: image });
		},
		imageFsInfo: async (options) => mapImageFsInfo(await unary('imageFsInfo', {}, options)),
		streamImages: (filter, options) => list.stream({ filter: imageFilterToWire(filter) ?? null }, options),
	};
}

const imageList = {
	unary: 'listImages',
	stream: 'streamImages',
	unaryField: 'images',
	streamField: 'images',
	map: mapImage,
	remembered: true,
} as const;
