/**
 * What `removeImage` is about to do, written down before it does it: an image's record goes before its layers, and killed
 * in between, nothing else would know that nobody wants them any more.
 */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomically } from '../sys/atomic-file.ts';
import { errnoCode } from '../sys/errno.ts';
import type { WaitOptions } from './model.ts';
import { type JsonRecord, parseRecords, serializeRecords, textField } from './records/json-records.ts';
import type { LayerIndex } from './records/layer-records.ts';
import { parseRecordTime } from './records/record-time.ts';
import type { StoreParts } from './store-parts.ts';

/** A layer of an image that is on its way out. */
export type LeavingLayer = {
	readonly id: string;
	/** Of the image whose removal takes it along. */
	readonly imageId: string;
	/** When it was made, as its record says: pulled anew it is another one, although it has the same id. */
	readonly created: string;
};

/** Layers as the journal names them. */
export function leavingLayers(
	imageId: string,
	ids: readonly string[],
	layers: LayerIndex,
): readonly LeavingLayer[] {
	return ids.map((id) => ({ id, imageId, created: createdAt(layers, id) }));
}

/** True for the very layer that was leaving, and not one that somebody has made since. */
export function isTheSame({ id, created }: LeavingLayer, layers: LayerIndex): boolean {
	return layers.byId.has(id) && parseRecordTime(created) === parseRecordTime(createdAt(layers, id));
}

/**
 * Layers of removals that were begun and not finished, top first; empty where there are none, as nearly always. To be
 * read under the layers' lock by whoever wants to finish them.
 */
export async function readPendingRemovals(
	parts: StoreParts,
	{ signal }: WaitOptions = {},
): Promise<readonly LeavingLayer[]> {
	const file = journalPath(parts);
	let text: string;
	try {
		text = await readFile(file, signal === undefined ? 'utf8' : { encoding: 'utf8', signal });
	} catch (error) {
		if (errnoCode(error) === 'ENOENT') return [];
		throw error;
	}
	try {
		return parseRecords(text, file)
			.map(leavingLayer)
			.filter((layer) => layer !== undefined);
	} catch (error) {
		// The layers stay, which does no harm; the next removal writes the file anew.
		parts.log(error instanceof Error ? error.message : String(error));
		return [];
	}
}

/** Writes the journal out to the disk; to be done before images.json is written. */
export async function writePendingRemovals(
	parts: StoreParts,
	leaving: readonly LeavingLayer[],
): Promise<void> {
	const records = leaving.map(({ id, imageId, created }): JsonRecord => ({ id, image: imageId, created }));
	await writeFileAtomically(journalPath(parts), serializeRecords(records), { mode: 0o600, durable: true });
}

/** Need not reach the disk: found again, the journal names layers that are gone. */
export async function forgetPendingRemovals(parts: StoreParts): Promise<void> {
	await rm(journalPath(parts), { force: true });
}

function journalPath({ imagePlace }: StoreParts): string {
	return path.join(imagePlace.root, 'criscope', 'removing.json');
}

function createdAt(layers: LayerIndex, id: string): string {
	return textField(layers.byId.get(id)?.record ?? {}, 'created') ?? '';
}

function leavingLayer(record: JsonRecord): LeavingLayer | undefined {
	const id = textField(record, 'id');
	const imageId = textField(record, 'image');
	if (id === undefined || imageId === undefined) return undefined;
	return { id, imageId, created: textField(record, 'created') ?? '' };
}
