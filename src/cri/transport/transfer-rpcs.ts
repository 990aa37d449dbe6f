/** ImageTransferService as RPCs of a server. */
import { readOptional, readText, readTexts, type WireMessage } from '../codec-fields.ts';
import {
	imageDescriptionToWire,
	mapPullTransfer,
	mapPushTransfer,
	savePartToWire,
	transferEventToWire,
} from '../codec-image-transfer.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { ArchiveFormat, ImageTransferService, TransferEvent } from '../image-transfer.ts';
import type { ServedRpcs } from './served-rpc.ts';

const archiveFormats = ['docker-archive', 'oci-archive'] as const satisfies readonly ArchiveFormat[];
const manifestFormats = ['oci', 'docker'] as const;
const compressions = ['gzip', 'zstd'] as const;

/** @returns the RPCs of an implementation. */
export function transferRpcs(transfers: ImageTransferService): ServedRpcs {
	const subject = (request: WireMessage) => readText(request['image']);
	return {
		PullImage: {
			kind: 'stream',
			subject,
			changes: true,
			answer: (request, call) => written(transfers.pullImage(mapPullTransfer(request), call)),
		},
		PushImage: {
			kind: 'stream',
			subject: (request) => `${subject(request)} ${readText(request['destination'])}`.trimEnd(),
			changes: true,
			answer: (request, call) => {
				const { format, compression, ...rest } = mapPushTransfer(request);
				const push = {
					...rest,
					format:
						format === undefined
							? undefined
							: oneOf(format, manifestFormats, 'cannot push image: the format'),
					compression:
						compression === undefined
							? undefined
							: oneOf(compression, compressions, 'cannot push image: the compression'),
				};
				return written(transfers.pushImage(push, call));
			},
		},
		LoadImages: {
			kind: 'exchange',
			changes: true,
			answer: async function* (requests, call) {
				const messages = requests[Symbol.asyncIterator]();
				const first = await messages.next();
				const options = first.done ? undefined : readOptional(first.value['options']);
				if (options === undefined) {
					throw new InvalidArgumentError('cannot load images: the first message must carry the options');
				}
				const name = readText(options['name']) || undefined;
				yield* written(transfers.loadImages({ name }, chunks(messages), call));
			},
		},
		SaveImages: {
			kind: 'stream',
			subject: (request) => readTexts(request['images']).join(' '),
			changes: false,
			answer: async function* (request, call) {
				const format = oneOf(readText(request['format']), archiveFormats, 'cannot save images: the format');
				const images = readTexts(request['images']);
				for await (const part of transfers.saveImages({ images, format }, call)) yield savePartToWire(part);
			},
		},
		TagImage: {
			kind: 'unary',
			subject: (request) => `${subject(request)} ${readText(request['tag'])}`,
			changes: true,
			answer: async (request, call) => {
				await transfers.tagImage({ image: subject(request), tag: readText(request['tag']) }, call);
				return {};
			},
		},
		UntagImage: {
			kind: 'unary',
			subject: (request) => [subject(request), ...readTexts(request['tags'])].join(' '),
			changes: true,
			answer: async (request, call) => {
				await transfers.untagImage({ image: subject(request), tags: readTexts(request['tags']) }, call);
				return {};
			},
		},
		DescribeImage: {
			kind: 'unary',
			subject,
			changes: false,
			answer: async (request, call) =>
				imageDescriptionToWire(await transfers.describeImage(subject(request), call)),
		},
	};
}

/** @throws InvalidArgumentError for a word that is not one of them. */
function oneOf<Word extends string>(text: string, words: readonly Word[], what: string): Word {
	const word = words.find((known) => known === text);
	if (word === undefined)
		throw new InvalidArgumentError(`${what} "${text}" is not known, only ${words.join(' and ')}`);
	return word;
}

async function* written(events: AsyncIterable<TransferEvent>): AsyncGenerator<WireMessage, void> {
	for await (const event of events) yield transferEventToWire(event);
}

async function* chunks(messages: AsyncIterator<WireMessage>): AsyncGenerator<Uint8Array, void> {
	for (;;) {
		const next = await messages.next();
		if (next.done) return;
		const chunk = next.value['chunk'];
		if (!(chunk instanceof Uint8Array)) {
			throw new InvalidArgumentError('cannot load images: only pieces of the archive may follow the options');
		}
		yield chunk;
	}
}
