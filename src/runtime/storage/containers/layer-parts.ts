/** What every act on containers is made of. */
import { statfs } from 'node:fs/promises';
import { errorMessage } from '../../../cri/errors.ts';
import { createLayerInspector, type LayerInspector } from '../inspect-layers.ts';
import type { WaitOptions } from '../model.ts';
import type { ContainerIndex } from '../records/image-records.ts';
import type { JsonRecord } from '../records/json-records.ts';
import type { LayerIndex } from '../records/layer-records.ts';
import type { TableChange } from '../records/record-table.ts';
import type { StoreParts } from '../store-parts.ts';
import type { ContainerDriver, LayerToMount } from './container-driver.ts';
import type { MountPlace } from './mount-place.ts';
import type { MountTable } from './mount-table.ts';
import { hasForeign, type OwnContainer, ownContainer, ownLayers } from './own-records.ts';

/** Locks are taken in the order layers, images, containers, mounts. */
export type ContainerParts = {
	readonly store: StoreParts;
	readonly driver: ContainerDriver;
	readonly mounts: MountTable;
	readonly mountPlace: MountPlace;
	/** What was found once; containers never change their layers. */
	readonly known: Map<string, OwnContainer>;
	/** Records of layers that were looked over and are whole, as long as these records are. */
	readonly whole: WeakSet<JsonRecord>;
	/** Whether a file that replaces another is on the disk before its name is. */
	readonly keepsOrder: () => Promise<boolean>;
	/** Deletions that go on behind. */
	readonly deletions: Set<Promise<void>>;
};

/** Where new containers' records go: Podman 4.3 reads no other file. */
const containersFile = 0;
/** So long a removal waits for its files to be gone; a large tree goes on being deleted behind. */
const deletionPatienceMs = 100;
/** Filesystems on which a file that replaces another is written before its name: ext2 to 4, btrfs, tmpfs. */
const orderedFilesystems: ReadonlySet<number> = new Set([0xef53, 0x9123683e, 0x01021994]);

/** @returns whether a folder's filesystem writes a file before its new name; asked once */
export function orderAsker(dir: string): () => Promise<boolean> {
	let answer: Promise<boolean> | undefined;
	return () => {
		answer ??= statfs(dir).then(
			({ type }) => orderedFilesystems.has(type),
			() => false,
		);
		return answer;
	};
}

/** Finds one of ours, by its record or, where that was dropped by another program, by its layer's. */
export async function findOwn(
	parts: ContainerParts,
	id: string,
	options: WaitOptions = {},
): Promise<OwnContainer | undefined> {
	const known = parts.known.get(id);
	if (known !== undefined) return known;
	const found =
		ownContainer(await parts.store.containers.read(({ byId }) => byId.get(id), options)) ??
		(await parts.store.layers.read((layers) => ownLayers(layers, id)[0], options));
	if (found !== undefined) parts.known.set(id, found);
	return found;
}

/** The layer of a container as the driver needs it; undefined where it has no record. */
export function layerToMount(own: OwnContainer, { byId }: LayerIndex): LayerToMount | undefined {
	const entry = byId.get(own.layerId);
	if (entry === undefined || entry.incomplete) return undefined;
	return { layerId: own.layerId, parent: entry.parent, readOnly: own.kind === 'image-mount' };
}

/**
 * Saves the containers' records. Ours do not outlive a reboot, so that only others' are worth waiting for the disk; but
 * half a file would make the whole store unusable, so that the filesystem must keep its order.
 */
export async function saveContainers(
	parts: ContainerParts,
	change: TableChange<ContainerIndex>,
	file: number,
	records: readonly JsonRecord[],
): Promise<void> {
	await change.save(file, records, { durable: hasForeign(records) || !(await parts.keepsOrder()) });
}

/**
 * Saves the records of writable layers. Where all are ours the file may be empty after a power cut: each is named by its
 * container's record, too, and is taken away by that.
 */
export async function saveVolatileLayers(
	{ store }: ContainerParts,
	change: TableChange<LayerIndex>,
	records: readonly JsonRecord[],
): Promise<void> {
	const exchange = hasForeign(records) ? undefined : store.sys.exchange;
	await change.save(volatileLayersFile(store), records, { exchange });
}

/** Adds a record for a new container. */
export function addContainer(
	parts: ContainerParts,
	change: TableChange<ContainerIndex>,
	record: JsonRecord,
): Promise<void> {
	return saveContainers(parts, change, containersFile, [...change.records(containersFile), record]);
}

/** Takes the record of a container away, in whichever file it stands. */
export async function dropContainer(
	parts: ContainerParts,
	change: TableChange<ContainerIndex>,
	id: string,
): Promise<void> {
	for (const file of parts.store.containers.files.keys()) {
		const before = change.records(file);
		const after = before.filter((record) => record['id'] !== id);
		if (after.length < before.length) await saveContainers(parts, change, file, after);
	}
}

/** Looks layers over. To be called with the layers locked. */
export async function inspectorOf(
	store: StoreParts,
	index: LayerIndex,
	options: WaitOptions,
): Promise<LayerInspector> {
	const others = await Promise.all(
		store.additional.map(async ({ layers, place }) => ({
			index: await layers.read((other) => other, options),
			place,
			readOnly: true,
		})),
	);
	return createLayerInspector(store, [{ index, place: store.place, readOnly: false }, ...others]);
}

/** The file that writable layers are recorded in. */
export function volatileLayersFile({ layers }: StoreParts): number {
	return layers.files.findIndex(({ durable }) => !durable);
}

/** Deletes folders that nobody knows any more. What cannot be deleted is tried again when the store is opened. */
export async function deleteBehind(parts: ContainerParts, folders: readonly string[]): Promise<void> {
	if (folders.length === 0) return;
	const work = Promise.all(folders.map((folder) => parts.driver.remove(folder))).then(
		() => undefined,
		(error: unknown) => parts.store.log(`a removed container's files are left: ${errorMessage(error)}`),
	);
	parts.deletions.add(work);
	const done = work.finally(() => parts.deletions.delete(work));
	let timer: NodeJS.Timeout | undefined;
	const patience = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, deletionPatienceMs);
	});
	await Promise.race([done, patience]);
	clearTimeout(timer);
}
