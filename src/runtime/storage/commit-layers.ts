/** Layers that are ready become the store's, all at once. */
import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { FailedPreconditionError, NotFoundError } from '../../cri/errors.ts';
import { syncPath, unfinishedPrefix } from '../sys/atomic-file.ts';
import { errnoCode } from '../sys/errno.ts';
import { createLayerInspector, type LayerInspector } from './inspect-layers.ts';
import { changeLayers, dropLayers, syncDirs, tarSplitPath } from './layer-table.ts';
import type { LayerToCommit, WaitOptions } from './model.ts';
import { mountedLayers } from './mount-counts.ts';
import type { JsonRecord } from './records/json-records.ts';
import { type LayerIndex, layerRecord, withIncomplete } from './records/layer-records.ts';
import type { TableChange } from './records/record-table.ts';
import { stagedLayerDir } from './stage-layer.ts';
import type { StoreParts } from './store-parts.ts';
import { syncBatch } from './sync-batch.ts';

/**
 * The records come first, flagged incomplete; then the folders are renamed into place; then the flags go. Killed in
 * between, the store holds flagged layers, which the next to lock it removes. The disk is waited for once per batch.
 * @throws NotFoundError where a layer's parent is neither here nor in the batch
 */
export async function commitLayers(
	parts: StoreParts,
	layers: readonly LayerToCommit[],
	options: WaitOptions = {},
): Promise<void> {
	if (layers.length === 0) return;
	// Before the lock is taken: others need not wait for that.
	await syncBatch(parts.sys, {
		dir: parts.staging.dir,
		paths: layers.map(({ staged }) => staged.tarSplitPath),
		contentBytes: contentBytesOf(layers),
		syncOne: syncIfThere,
	});
	const others = await Promise.all(
		parts.additional.map(async ({ layers: table, place }) => ({
			index: await table.read((index) => index, options),
			place,
			readOnly: true,
		})),
	);
	await changeLayers(
		parts,
		async (change) => {
			const own = { index: change.index, place: parts.place, readOnly: false };
			const inspector = createLayerInspector(parts, [own, ...others]);
			const coming = new Map<string, LayerToCommit>();
			const tarSplits: LayerToCommit[] = [];
			for (const layer of layers) {
				const { id, parent } = layer;
				if (coming.has(id)) continue;
				const found = await inspector.inspect(id);
				if (found !== undefined && found.damage === undefined) continue;
				if (found?.onlyTarSplit === true) {
					tarSplits.push(layer);
					continue;
				}
				if (parent !== undefined && !coming.has(parent)) await demandWhole(inspector, id, parent);
				coming.set(id, layer);
			}
			for (const layer of tarSplits) await placeTarSplit(parts, layer);
			if (coming.size > 0) await place(parts, change, [...coming.values()]);
			else if (tarSplits.length > 0) await syncDirs(parts);
		},
		options,
	);
}

function contentBytesOf(layers: readonly LayerToCommit[]): number {
	return layers.reduce((sum, { unpacked }) => sum + unpacked.diffSizeBytes, 0);
}

/** The file of a layer that was committed before has gone already, and is not asked for again. */
async function syncIfThere(file: string): Promise<void> {
	await syncPath(file).catch((error: unknown) => {
		if (errnoCode(error) !== 'ENOENT') throw error;
	});
}

async function demandWhole(inspector: LayerInspector, id: string, parent: string): Promise<void> {
	const found = await inspector.inspect(parent);
	if (found === undefined) {
		throw new NotFoundError(`cannot commit layer "${id}": its parent "${parent}" is not in the store`);
	}
	if (found.damage === undefined || found.onlyTarSplit) return;
	throw new FailedPreconditionError(
		`cannot commit layer "${id}": its parent "${parent}" is damaged: ${found.damage}; pull the image again`,
	);
}

async function place(
	parts: StoreParts,
	change: TableChange<LayerIndex>,
	layers: readonly LayerToCommit[],
): Promise<void> {
	const { driver, staging } = parts;
	const folders = new Map(layers.map(({ id, staged }) => [id, stagedLayerDir(staged.dir)]));
	const toSync: string[] = [];
	for (const { id, parent, staged, unpacked } of layers) {
		const parentDir =
			parent === undefined ? undefined : (folders.get(parent) ?? (await driver.findLayerDir(parent)));
		const { rootEntrySeen } = unpacked;
		const dir = stagedLayerDir(staged.dir);
		toSync.push(...(await driver.finish(dir, { id, parentDir, rootEntrySeen })), dir);
	}
	await syncBatch(parts.sys, {
		dir: staging.dir,
		paths: toSync,
		contentBytes: contentBytesOf(layers),
	});

	const records = new Map(layers.map((layer) => [layer.id, layerRecord(layer, replaced(change, layer.id))]));
	await forgetElsewhere(parts, change, records);
	const before = change.records(parts.layersFile);
	await change.save(
		parts.layersFile,
		merge(before, records, (record) => withIncomplete(record, true)),
	);
	try {
		const mounted = await mountedLayers(parts);
		for (const layer of layers) {
			const { id } = layer;
			// Either damaged, or a folder without a record: somebody was killed here. Under a mount its files must stay.
			await staging.putAside(driver.layerDir(id), { keep: isUnderMount(change.index, id, mounted) });
			await staging.move(folders.get(id) ?? '', driver.layerDir(id));
			await driver.placed(id);
			await placeTarSplit(parts, layer);
		}
		await Promise.all([syncDirs(parts), parts.writeOut.begin([...records.keys()])]);
		await change.save(
			parts.layersFile,
			merge(before, records, (record) => record),
		);
		parts.writeOut.settle();
	} catch (error) {
		// Nobody has seen these layers yet; without this they would wait for the next to lock the store.
		await dropLayers(parts, change, [...records.keys()]).catch((failure: unknown) => {
			parts.log(`layers are left half-made: ${failure instanceof Error ? failure.message : String(failure)}`);
		});
		throw error;
	}
}

/** A container that runs on a damaged layer goes on with the old files until it ends. */
function isUnderMount(index: LayerIndex, id: string, mounted: ReadonlySet<string>): boolean {
	return (
		mounted.has(id) || (index.children.get(id) ?? []).some((child) => isUnderMount(index, child, mounted))
	);
}

/** A damaged layer's record may stand in another file than the one that new ones go to. */
async function forgetElsewhere(
	parts: StoreParts,
	change: TableChange<LayerIndex>,
	records: ReadonlyMap<string, JsonRecord>,
): Promise<void> {
	for (const file of parts.layers.files.keys()) {
		const kept = change.records(file).filter((record) => !records.has(String(record['id'])));
		if (file !== parts.layersFile && kept.length < change.records(file).length) await change.save(file, kept);
	}
}

/** Records replaced in place or added at the end, parents before children as the batch had them. */
function merge(
	before: readonly JsonRecord[],
	records: ReadonlyMap<string, JsonRecord>,
	map: (record: JsonRecord) => JsonRecord,
): readonly JsonRecord[] {
	const rest = new Map(records);
	const kept = before.map((record) => {
		const id = String(record['id']);
		const own = rest.get(id);
		rest.delete(id);
		return own === undefined ? record : map(own);
	});
	return [...kept, ...[...rest.values()].map(map)];
}

function replaced(change: TableChange<LayerIndex>, id: string): JsonRecord | undefined {
	return change.index.byId.get(id)?.record;
}

async function placeTarSplit(parts: StoreParts, { id, staged }: LayerToCommit): Promise<void> {
	const to = tarSplitPath(parts, id);
	try {
		await parts.staging.move(staged.tarSplitPath, to);
	} catch (error) {
		if (errnoCode(error) !== 'EXDEV') throw error;
		// An image store of its own may lie on another filesystem than graphRoot, where these files always are.
		const beside = path.join(path.dirname(to), `${unfinishedPrefix}${path.basename(to)}`);
		await copyFile(staged.tarSplitPath, beside);
		await syncPath(beside);
		await rename(beside, to);
	}
}
