/** ImageService as RPCs of a server: each is its request's mapping, its method and its answer's message. */

import { mapOptional, readFlag, readMessage, readText, type WireMessage } from '../codec-fields.ts';
import {
	imageFsInfoToWire,
	imageStatusToWire,
	imageToWire,
	mapAuth,
	mapImageFilter,
	mapImageSpec,
} from '../codec-image.ts';
import type { Image } from '../model.ts';
import type { ImageService } from '../ports.ts';
import type { PodSandboxConfig } from '../sandbox-config.ts';
import { noSubject, type ServedRpcs } from './served-rpc.ts';

/** Images in one message of the streamed list, far below the message limit. Source: cri-o 1.36, streamChunkSize. */
const imagesInChunk = 3000;

function subject(request: WireMessage): string {
	return readText(readMessage(request['image'])['image']);
}

/** @returns the RPCs of an implementation. */
export function imageRpcs(images: ImageService): ServedRpcs {
	return {
		ListImages: {
			kind: 'unary',
			subject: ({ filter }) => mapImageFilter(filter)?.image ?? '',
			changes: false,
			answer: async ({ filter }, { signal }) => {
				const listed = await images.listImages(mapImageFilter(filter), { signal });
				return { images: listed.map(imageToWire) };
			},
		},
		StreamImages: {
			kind: 'stream',
			subject: ({ filter }) => mapImageFilter(filter)?.image ?? '',
			changes: false,
			answer: async function* ({ filter }, { signal }) {
				let chunk: Image[] = [];
				for await (const image of images.streamImages(mapImageFilter(filter), { signal })) {
					chunk.push(image);
					if (chunk.length < imagesInChunk) continue;
					yield { images: chunk.map(imageToWire) };
					chunk = [];
				}
				if (chunk.length > 0) yield { images: chunk.map(imageToWire) };
			},
		},
		ImageStatus: {
			kind: 'unary',
			subject,
			changes: false,
			answer: async (request, { signal }) => {
				const verbose = readFlag(request['verbose']);
				return imageStatusToWire(await images.imageStatus(subject(request), { verbose }, { signal }));
			},
		},
		PullImage: {
			kind: 'unary',
			subject,
			changes: true,
			answer: async (request, { signal }) => {
				const sandboxConfig = mapOptional(request['sandboxConfig'], (config) => config);
				const imageRef = await images.pullImage(
					{
						image: subject(request),
						auth: mapOptional(request['auth'], mapAuth),
						spec: mapImageSpec(request['image']),
						// The model keeps this message in the shape of the protocol.
						sandboxConfig: sandboxConfig as PodSandboxConfig | undefined,
					},
					{ signal },
				);
				return { imageRef };
			},
			result: ({ imageRef }) => readText(imageRef),
		},
		RemoveImage: {
			kind: 'unary',
			subject,
			changes: true,
			answer: async (request, { signal }) => {
				await images.removeImage(subject(request), { signal });
				return {};
			},
		},
		ImageFsInfo: {
			kind: 'unary',
			subject: noSubject,
			changes: false,
			answer: async (_request, { signal }) => imageFsInfoToWire(await images.imageFsInfo({ signal })),
		},
	};
}
