/** Transfers of images and what an image is made of, both ways: a client reads what a server writes. */
import {
	mapList,
	mapOptional,
	readBigint,
	readBytes,
	readEnum,
	readFlag,
	readMessage,
	readNanos,
	readNumber,
	readOptional,
	readText,
	readTexts,
	type WireMessage,
} from './codec-fields.ts';
import { authToWire, mapAuth } from './codec-image.ts';
import type {
	HistoryEntry,
	ImageDescription,
	ImageLayer,
	LayerProgress,
	LayerState,
	PullTransferRequest,
	PushTransferRequest,
	SavePart,
	TransferEvent,
} from './image-transfer.ts';

const layerStates = new Map<unknown, LayerState>([
	['LAYER_WAITING', 'waiting'],
	['LAYER_PRESENT', 'present'],
	['LAYER_TRANSFERRING', 'transferring'],
	['LAYER_VERIFIED', 'verified'],
	['LAYER_DONE', 'done'],
	['LAYER_MOUNTED', 'mounted'],
]);

/** A whole number below 2^53, as sizes of images are. */
function readSize(value: unknown): number {
	return Number(readBigint(value));
}

/** Empty text says nothing. */
function readSaid(value: unknown): string | undefined {
	return readText(value) || undefined;
}

function mapLayerProgress(value: unknown): LayerProgress {
	const wire = readMessage(value);
	const state = readEnum(wire['state'], layerStates);
	return {
		index: readNumber(wire['index']),
		digest: readText(wire['digest']),
		// Whatever a newer runtime calls it: bytes may be moving.
		state: state === 'unknown' ? 'transferring' : state,
		transferredBytes: readSize(wire['transferredBytes']),
		totalBytes: readSize(wire['totalBytes']),
		unpackedBytes: readSize(wire['unpackedBytes']),
		source: readText(wire['source']),
	};
}

function layerProgressToWire(layer: LayerProgress): WireMessage {
	return {
		...layer,
		state: `LAYER_${layer.state.toUpperCase()}`,
		transferredBytes: String(layer.transferredBytes),
		totalBytes: String(layer.totalBytes),
		unpackedBytes: String(layer.unpackedBytes),
	};
}

/** Source: message TransferEvent. @returns undefined for an event that this version does not know. */
export function mapTransferEvent(wire: WireMessage): TransferEvent | undefined {
	const resolved = readOptional(wire['resolved']);
	if (resolved !== undefined) {
		return {
			kind: 'resolved',
			reference: readText(resolved['reference']),
			manifestDigest: readText(resolved['manifestDigest']),
			source: readText(resolved['source']),
			platform: readText(resolved['platform']),
			imageId: readText(resolved['imageId']),
			layers: mapList(resolved['layers'], mapLayerProgress),
		};
	}
	const layer = mapOptional(wire['layer'], mapLayerProgress);
	if (layer !== undefined) return { kind: 'layer', layer };
	const note = readOptional(wire['note']);
	if (note !== undefined) return { kind: 'note', text: readText(note['text']) };
	return mapOptional(wire['completed'], (completed) => ({
		kind: 'completed',
		imageId: readText(completed['imageId']),
		manifestDigest: readText(completed['manifestDigest']),
		names: readTexts(completed['names']),
		upToDate: readFlag(completed['upToDate']),
	}));
}

/** Source: message TransferEvent. */
export function transferEventToWire(event: TransferEvent): WireMessage {
	switch (event.kind) {
		case 'resolved': {
			const { kind: _, layers, ...facts } = event;
			return { resolved: { ...facts, layers: layers.map(layerProgressToWire) } };
		}
		case 'layer':
			return { layer: layerProgressToWire(event.layer) };
		case 'note':
			return { note: { text: event.text } };
		case 'completed': {
			const { kind: _, ...facts } = event;
			return { completed: facts };
		}
	}
}

/** Source: message SaveImagesResponse. @returns undefined for a part that this version does not know. */
export function mapSavePart(wire: WireMessage): SavePart | undefined {
	if (wire['chunk'] !== undefined) return { kind: 'chunk', bytes: readBytes(wire['chunk']) };
	const event = mapOptional(wire['event'], mapTransferEvent);
	return event === undefined ? undefined : { kind: 'event', event };
}

/** Source: message SaveImagesResponse. */
export function savePartToWire(part: SavePart): WireMessage {
	return part.kind === 'chunk' ? { chunk: part.bytes } : { event: transferEventToWire(part.event) };
}

/** Source: message PullImageRequest. */
export function mapPullTransfer(wire: WireMessage): PullTransferRequest {
	return {
		image: readText(wire['image']),
		auth: mapOptional(wire['auth'], mapAuth),
		platform: readSaid(wire['platform']),
	};
}

/** Source: message PullImageRequest. */
export function pullTransferToWire({ image, auth, platform }: PullTransferRequest): WireMessage {
	return { image, auth: authToWire(auth) ?? null, platform: platform ?? '' };
}

/** Source: message PushImageRequest, its texts unchecked. */
export function mapPushTransfer(wire: WireMessage): {
	readonly [Field in keyof Omit<PushTransferRequest, 'auth'>]: string | undefined;
} & { readonly image: string; readonly auth: PushTransferRequest['auth'] } {
	return {
		image: readText(wire['image']),
		destination: readSaid(wire['destination']),
		auth: mapOptional(wire['auth'], mapAuth),
		format: readSaid(wire['format']),
		compression: readSaid(wire['compression']),
	};
}

/** Source: message PushImageRequest. */
export function pushTransferToWire(request: PushTransferRequest): WireMessage {
	return {
		image: request.image,
		destination: request.destination ?? '',
		auth: authToWire(request.auth) ?? null,
		format: request.format ?? '',
		compression: request.compression ?? '',
	};
}

/** Source: message DescribeImageResponse. */
export function mapImageDescription(wire: WireMessage): ImageDescription {
	return {
		imageId: readText(wire['imageId']),
		manifestDigest: readText(wire['manifestDigest']),
		mediaType: readText(wire['mediaType']),
		platform: readText(wire['platform']),
		createdAtNanos: readNanos(wire['createdAtNanos']),
		names: readTexts(wire['names']),
		layers: mapList(wire['layers'], mapImageLayer),
		history: mapList(wire['history'], mapHistoryEntry),
		uniqueBytes: readSize(wire['uniqueBytes']),
		containerIds: readTexts(wire['containerIds']),
		damages: readTexts(wire['damages']),
	};
}

function mapImageLayer(wire: WireMessage): ImageLayer {
	return {
		diffId: readText(wire['diffId']),
		layerId: readText(wire['layerId']),
		compressedDigest: readSaid(wire['compressedDigest']),
		compressedBytes: readSize(wire['compressedBytes']) || undefined,
		uncompressedBytes: readSize(wire['uncompressedBytes']),
		sharedWith: readTexts(wire['sharedWith']),
	};
}

function mapHistoryEntry(wire: WireMessage): HistoryEntry {
	return {
		createdAtNanos: readNanos(wire['createdAtNanos']),
		createdBy: readText(wire['createdBy']),
		comment: readText(wire['comment']),
		emptyLayer: readFlag(wire['emptyLayer']),
	};
}

/** Source: message DescribeImageResponse. */
export function imageDescriptionToWire(description: ImageDescription): WireMessage {
	return {
		...description,
		createdAtNanos: nanosToWire(description.createdAtNanos),
		uniqueBytes: String(description.uniqueBytes),
		layers: description.layers.map((layer) => ({
			...layer,
			compressedDigest: layer.compressedDigest ?? '',
			compressedBytes: String(layer.compressedBytes ?? 0),
			uncompressedBytes: String(layer.uncompressedBytes),
		})),
		history: description.history.map((entry) => ({
			...entry,
			createdAtNanos: nanosToWire(entry.createdAtNanos),
		})),
	};
}

function nanosToWire(nanos: bigint | undefined): string {
	return String(nanos ?? 0n);
}
