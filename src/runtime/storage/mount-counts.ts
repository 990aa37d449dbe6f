/** Which layers are mounted, as c/storage counts them in mountpoints.json. Source: c/storage layers.go, layerMountPoint */
import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../sys/atomic-file.ts';
import { errnoCode } from '../sys/errno.ts';
import { createFileLock } from '../sys/file-lock.ts';
import { writeChangeToken } from './records/change-token.ts';
import { type JsonRecord, numberField, parseRecords, serializeRecords } from './records/json-records.ts';
import type { StoreParts } from './store-parts.ts';

/** Where the counts lie. */
export type MountPlace = Pick<StoreParts, 'sys' | 'mountsDir'>;

/** Ids of the layers that somebody has mounted. To be called with the layers locked. */
export async function mountedLayers(place: MountPlace): Promise<ReadonlySet<string>> {
	const records = await readMounts(place);
	return new Set(
		records.filter((record) => (numberField(record, 'count') ?? 0) > 0).map((record) => String(record['id'])),
	);
}

/** Takes layers that are going out of the counts. To be called with the layers locked for writing. */
export async function forgetMounts(place: MountPlace, ids: ReadonlySet<string>): Promise<void> {
	const mounted = await mountedLayers(place);
	if (![...ids].some((id) => mounted.has(id))) return;
	await using held = await createFileLock(place.sys, `${place.mountsDir}/mountpoints.lock`).acquire(
		'exclusive',
	);
	const kept = (await readMounts(place)).filter((record) => !ids.has(String(record['id'])));
	if (held.descriptor !== undefined) writeChangeToken(held.descriptor);
	await writeFileAtomically(mountsFile(place), serializeRecords(kept), { mode: 0o600, durable: false });
}

async function readMounts(place: MountPlace): Promise<readonly JsonRecord[]> {
	const file = mountsFile(place);
	const text = await readFile(file, 'utf8').catch((error: unknown) => {
		if (errnoCode(error) === 'ENOENT') return '';
		throw error;
	});
	return parseRecords(text, file);
}

/** The file of the counts. */
export function mountsFile({ mountsDir }: MountPlace): string {
	return `${mountsDir}/mountpoints.json`;
}
