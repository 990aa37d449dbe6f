/**
 * Records of our containers: how they are written, and how they are told from those of Podman and CRI-O. Container records
 * lie in containers.json, which every Podman reads (4.3 knows no volatile-containers.json); their layers in
 * volatile-layers.json, as CRI-O's do, so that a container costs no rewriting of the images' layers.
 */

import { nowNanos } from '../../sys/clock.ts';
import type { ContainerLayerMetadata } from '../container-layers.ts';
import type { ContainerEntry, ContainerIndex } from '../records/image-records.ts';
import { type JsonRecord, textField } from '../records/json-records.ts';
import type { LayerIndex } from '../records/layer-records.ts';
import { formatRecordTime } from '../records/record-time.ts';

/** A container, or an image that is mounted for one. */
export type OwnKind = 'container' | 'image-mount';

/** What a record of ours says about itself. */
export type OwnMark = {
	readonly kind: OwnKind;
	/** The container's id. */
	readonly id: string;
	/** What an image mount was asked for under; the id where it is a container. */
	readonly mountId: string;
};

/** One of ours, as found. */
export type OwnContainer = OwnMark & { readonly layerId: string };

/** What is written of one. */
export type OwnRecordRequest = OwnMark & {
	readonly names: readonly string[];
	readonly imageId: string;
	readonly layerId: string;
	readonly metadata: ContainerLayerMetadata;
};

/** The key of our mark in the JSON of a record's metadata. */
const markKey = 'criscope';

/**
 * The record of a container. The pod stands in our mark alone: CRI-O takes every container that names one for its own, and
 * deletes at its start, layer and all, what it cannot restore.
 * Source: CRI-O internal/storage/runtime.go, RuntimeContainerMetadata; utils.go, IsCrioContainer; c/storage containers.go
 */
export function containerRecord(request: OwnRecordRequest): JsonRecord {
	const { metadata } = request;
	const nanos = nowNanos();
	return {
		id: request.id,
		names: request.names,
		image: request.imageId,
		layer: request.layerId,
		metadata: JSON.stringify({
			'image-name': metadata.imageName,
			'image-id': metadata.imageId,
			name: metadata.containerName,
			'metadata-name': metadata.metadataName,
			uid: metadata.uid === '' ? undefined : metadata.uid,
			namespace: metadata.namespace === '' ? undefined : metadata.namespace,
			mountlabel: undefined,
			'created-at': Number(nanos / 1_000_000_000n),
			attempt: metadata.attempt === 0 ? undefined : metadata.attempt,
			pod: metadata.isPod || undefined,
			privileged: metadata.privileged || undefined,
			[markKey]: { ...markOf(request), 'pod-name': metadata.podName, 'pod-id': metadata.podId },
		}),
		created: formatRecordTime(nanos),
		// Podman mounts it as we do, should it be asked to.
		flags: { MountLabel: '', ProcessLabel: '', Volatile: true },
	};
}

/** The record of its writable layer. The metadata finds the container where another program dropped its record. */
export function containerLayerRecord(request: OwnRecordRequest, parent: string | undefined): JsonRecord {
	const [name] = request.names;
	return {
		id: request.layerId,
		...(name === undefined ? {} : { names: [`${name}-layer`] }),
		...(parent === undefined ? {} : { parent }),
		metadata: JSON.stringify({ [markKey]: markOf(request) }),
		created: formatRecordTime(nowNanos()),
	};
}

/** @returns undefined for a record of somebody else */
export function readMark(record: JsonRecord): OwnMark | undefined {
	const text = textField(record, 'metadata');
	if (text === undefined || !text.includes(`"${markKey}"`)) return undefined;
	let mark: unknown;
	try {
		mark = (JSON.parse(text) as Readonly<Record<string, unknown>>)[markKey];
	} catch {
		return undefined;
	}
	if (typeof mark !== 'object' || mark === null) return undefined;
	const { kind, id, 'mount-id': mountId } = mark as Readonly<Record<string, unknown>>;
	if ((kind !== 'container' && kind !== 'image-mount') || typeof id !== 'string') return undefined;
	return { kind, id, mountId: typeof mountId === 'string' ? mountId : id };
}

/** @returns undefined where the container is not there, or is somebody else's */
export function ownContainer(entry: ContainerEntry | undefined): OwnContainer | undefined {
	const mark = entry === undefined ? undefined : readMark(entry.record);
	return entry === undefined || mark === undefined
		? undefined
		: { ...mark, id: entry.container.id, layerId: entry.container.layerId };
}

/** Everything of ours in the containers' records. */
export function ownContainers({ byId }: ContainerIndex): readonly OwnContainer[] {
	return [...byId.values()].map(ownContainer).filter((own) => own !== undefined);
}

/**
 * Layers of ours, by their own word; `podman rm` may have dropped the record of a container and left its layer.
 * @param id of one container only
 */
export function ownLayers({ byId }: LayerIndex, id?: string): readonly OwnContainer[] {
	const found: OwnContainer[] = [];
	for (const { id: layerId, record } of byId.values()) {
		if (id !== undefined && textField(record, 'metadata')?.includes(id) !== true) continue;
		const mark = readMark(record);
		if (mark !== undefined && (id === undefined || mark.id === id)) found.push({ ...mark, layerId });
	}
	return found;
}

/** Whether one of the records is of a container that outlives a reboot. */
export function hasForeign(records: readonly JsonRecord[]): boolean {
	return records.some((record) => textField(record, 'metadata')?.includes(`"${markKey}"`) !== true);
}

function markOf({ kind, id, mountId }: OwnMark): Readonly<Record<string, unknown>> {
	return { kind, id, 'mount-id': mountId === id ? undefined : mountId };
}
