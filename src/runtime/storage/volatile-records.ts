/** Records that a power cut may have spoilt, since they are not written out to the disk; looked at when a store is opened. */
import { readFile, rename } from 'node:fs/promises';
import { errnoCode } from '../sys/errno.ts';
import { createFileLock } from '../sys/file-lock.ts';
import { mountsFile } from './mount-counts.ts';
import { writeChangeToken } from './records/change-token.ts';
import { DamagedRecordsError, parseRecords } from './records/json-records.ts';
import type { StoreParts } from './store-parts.ts';

/**
 * Sets files aside that cannot be read, as `NAME.damaged`, where they hold nothing that outlives a reboot: the writable layers,
 * which their containers name too, and the counts of mounts. Left there, neither we nor Podman could open the store at all.
 * Source: c/storage layers.go, load, which reads an empty file as none and fails for zeros or half a file
 */
export async function setDamagedAside(parts: StoreParts): Promise<void> {
	const { place, mountsDir } = parts;
	const layersLock = `${place.layersDir}/layers.lock`;
	for (const { path, durable } of parts.layers.files) {
		if (!durable) await setOneAside(parts, path, layersLock);
	}
	await setOneAside(parts, mountsFile(parts), `${mountsDir}/mountpoints.lock`);
}

/** Whole files, which are all but always there, need no lock: they are replaced in one step. */
async function setOneAside({ sys, log }: StoreParts, file: string, lock: string): Promise<void> {
	if (!(await isDamaged(file))) return;
	await using held = await createFileLock(sys, lock).acquire('exclusive');
	if (!(await isDamaged(file))) return;
	if (held.descriptor !== undefined) writeChangeToken(held.descriptor);
	await rename(file, `${file}.damaged`);
	log(`the records "${file}" were damaged, as by a power cut, and are set aside as "${file}.damaged"`);
}

async function isDamaged(file: string): Promise<boolean> {
	try {
		parseRecords(await readFile(file, 'utf8'), file);
		return false;
	} catch (error) {
		if (errnoCode(error) === 'ENOENT') return false;
		if (error instanceof DamagedRecordsError) return true;
		throw error;
	}
}
