/** Making a container's layer and records. */
import { randomBytes } from 'node:crypto';
import {
	AlreadyExistsError,
	errorMessage,
	FailedPreconditionError,
	InvalidArgumentError,
	NotFoundError,
} from '../../../cri/errors.ts';
import type { ContainerLayerMetadata } from '../container-layers.ts';
import { changeLayers } from '../layer-table.ts';
import type { StoredImage, WaitOptions } from '../model.ts';
import type { ContainerIndex, ImageIndex } from '../records/image-records.ts';
import type { LayerIndex } from '../records/layer-records.ts';
import type { TableChange } from '../records/record-table.ts';
import {
	addContainer,
	type ContainerParts,
	deleteBehind,
	dropContainer,
	inspectorOf,
	saveVolatileLayers,
	volatileLayersFile,
} from './layer-parts.ts';
import {
	containerLayerRecord,
	containerRecord,
	type OwnContainer,
	type OwnMark,
	type OwnRecordRequest,
} from './own-records.ts';

/** A container to be, or an image to be mounted for one. */
export type CreateRequest = OwnMark & {
	readonly names: readonly string[];
	readonly imageId: string | undefined;
	readonly metadata: ContainerLayerMetadata;
};

/**
 * The container's record comes first and names the layer, so that whatever happens afterwards can be found by it; then
 * the layer's folder, then the layer's record. All under the locks, so that no other program sees the half of it.
 */
export async function createContainerLayer(
	parts: ContainerParts,
	request: CreateRequest,
	options: WaitOptions = {},
): Promise<OwnContainer> {
	const { store, driver } = parts;
	if (!/^[0-9a-f]{64}$/.test(request.id)) {
		throw new InvalidArgumentError(`cannot create container "${request.id}": its id must be 64 hex digits`);
	}
	const readOnly = request.kind === 'image-mount';
	const { kind, id, mountId } = request;
	const layerId = randomBytes(32).toString('hex');
	const parent = await findParent(parts, request.imageId, options);
	let staged = await driver.stage({ parent, readOnly }, options);
	try {
		await changeLayers(
			store,
			(layers) =>
				store.images.read(async (images) => {
					await demandImage(parts, request.imageId, images, options);
					if (parent !== undefined) await demandWhole(parts, parent, layers.index, options);
					await store.containers.change(async (containers) => {
						demandFree(containers.index, request);
						const record = { ...request, imageId: request.imageId ?? '', layerId };
						await addContainer(parts, containers, containerRecord(record));
						try {
							await driver.place({ layerId, parent, readOnly }, staged);
							staged = undefined;
							await addLayer(parts, layers, record, parent);
						} catch (error) {
							await takeBack(parts, containers, id, layerId);
							throw error;
						}
					}, options);
				}, options),
			options,
		);
	} finally {
		if (staged !== undefined) await driver.remove(staged);
	}
	const own = { kind, id, mountId, layerId };
	parts.known.set(id, own);
	return own;
}

function addLayer(
	parts: ContainerParts,
	layers: TableChange<LayerIndex>,
	request: OwnRecordRequest,
	parent: string | undefined,
): Promise<void> {
	const before = layers.records(volatileLayersFile(parts.store));
	return saveVolatileLayers(parts, layers, [...before, containerLayerRecord(request, parent)]);
}

/** What cannot be taken back now is found by its record when the containers are looked over. */
async function takeBack(
	parts: ContainerParts,
	containers: TableChange<ContainerIndex>,
	id: string,
	layerId: string,
): Promise<void> {
	try {
		const folder = await parts.driver.takeAway(layerId);
		if (folder !== undefined) await deleteBehind(parts, [folder]);
		await dropContainer(parts, containers, id);
	} catch (failure) {
		parts.store.log(`container "${id}" is left half-made: ${errorMessage(failure)}`);
	}
}

/** The image's top layer, as it is before the locks are taken; copying it may take long. */
async function findParent(
	{ store }: ContainerParts,
	imageId: string | undefined,
	options: WaitOptions,
): Promise<string | undefined> {
	if (imageId === undefined) return undefined;
	for (const { images } of [store, ...store.additional]) {
		const found = await images.read(({ byId }) => byId.get(imageId), options);
		if (found !== undefined) return found.image.layer;
	}
	throw noImage(imageId);
}

/** The image may have gone while its layer was copied; its layers stay as they are. */
async function demandImage(
	{ store }: ContainerParts,
	imageId: string | undefined,
	own: ImageIndex,
	options: WaitOptions,
): Promise<void> {
	if (imageId === undefined || own.byId.has(imageId)) return;
	const found: (StoredImage | undefined)[] = await Promise.all(
		store.additional.map(({ images }) => images.read(({ byId }) => byId.get(imageId)?.image, options)),
	);
	if (found.every((image) => image === undefined)) throw noImage(imageId);
}

/** Each chain of layers is looked over once, until another program writes the records. */
async function demandWhole(
	{ store, whole }: ContainerParts,
	layerId: string,
	index: LayerIndex,
	options: WaitOptions,
): Promise<void> {
	const known = index.byId.get(layerId);
	if (known !== undefined && whole.has(known.record)) return;
	const inspector = await inspectorOf(store, index, options);
	const found = await inspector.inspect(layerId);
	const damage = found === undefined ? 'it is not in the store' : found.damage;
	if (damage !== undefined && found?.onlyTarSplit !== true) {
		throw new FailedPreconditionError(
			`cannot use layer "${layerId}" of the image: ${damage}; pull the image again`,
		);
	}
	const entry = inspector.entry(layerId);
	if (entry !== undefined) whole.add(entry.record);
}

function demandFree({ byId, byName }: ContainerIndex, { id, names }: CreateRequest): void {
	if (byId.has(id))
		throw new AlreadyExistsError(`cannot create container "${id}": it is in the store already`);
	for (const name of names) {
		const other = byName.get(name);
		if (other !== undefined) {
			throw new AlreadyExistsError(
				`cannot create container "${id}": the name "${name}" is container "${other}"'s`,
			);
		}
	}
}

function noImage(imageId: string): NotFoundError {
	return new NotFoundError(`cannot create a container of image "${imageId}": the image is not in the store`);
}
