/**
 * Records on disk: `<folder>/<id>/record.json`, replaced in one step. They are not written out to the disk each time: what
 * they tell of ends with the machine, and after a power cut whatever is left can be undone by its id alone.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage } from '../../cri/errors.ts';
import { writeFileAtomically } from '../sys/atomic-file.ts';
import type { Sys } from '../sys/sys.ts';
import { type ObjectRecord, recordFromJson, recordToJson } from './record-json.ts';

/** What the folder holds. */
export type LoadedRecords<Kept> = {
	readonly records: readonly Kept[];
	/** Objects whose record cannot be read; what they had outside must be undone by id. */
	readonly broken: readonly { readonly id: string; readonly cause: string }[];
};

/** Records of one kind. Writes for one id must not overlap. */
export type RecordFiles<Kept> = {
	write(record: Kept): Promise<void>;
	/** Removes the object's folder with everything in it. */
	remove(id: string): Promise<void>;
	load(): Promise<LoadedRecords<Kept>>;
};

/** Ids are folders: nothing else may become one. */
const idPattern = /^[0-9a-f]{64}$/;

/** @param sys without it a file is replaced by a rename, and each change waits for the disk to take the last one */
export function createRecordFiles<Kept extends ObjectRecord>(
	folder: string,
	sys?: Pick<Sys, 'exchange'>,
): RecordFiles<Kept> {
	const dirOf = (id: string) => path.join(folder, id);
	return {
		async write(record) {
			const file = path.join(dirOf(record.id), 'record.json');
			if (!existsSync(dirOf(record.id))) mkdirSync(dirOf(record.id), { recursive: true, mode: 0o700 });
			const options = { mode: 0o600, durable: false, exchange: sys?.exchange };
			await writeFileAtomically(file, recordToJson(record), options);
		},
		remove: (id) => rm(dirOf(id), { recursive: true, force: true }),
		async load() {
			const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
				if (error.code === 'ENOENT') return [];
				throw error;
			});
			const records: Kept[] = [];
			const broken: { id: string; cause: string }[] = [];
			for (const id of names.filter((name) => idPattern.test(name))) {
				try {
					records.push(recordFromJson<Kept>(await readFile(path.join(dirOf(id), 'record.json'), 'utf8'), id));
				} catch (error) {
					broken.push({ id, cause: errorMessage(error) });
				}
			}
			return { records, broken };
		},
	};
}
