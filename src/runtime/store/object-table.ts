/** Pods or containers in memory, with their records on disk: by id, by a prefix of it, and by name. */
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { RecordFiles } from './record-files.ts';
import type { ObjectRecord } from './record-json.ts';

/**
 * Objects of one kind. Memory changes at once, so that no question gets an old answer; the returned promise is that of the
 * disk. Callers put the changes of one object in order.
 */
export type ObjectTable<Kept> = {
	readonly size: number;
	get(id: string): Kept | undefined;
	/** @throws InvalidArgumentError where a prefix fits several */
	find(idOrPrefix: string): Kept | undefined;
	byName(name: string): Kept | undefined;
	all(): readonly Kept[];
	/** Enters a new object. @throws what writing throws; then it is not in the table */
	add(record: Kept): Promise<void>;
	/** Takes over what was loaded. */
	restore(records: readonly Kept[]): void;
	/** @returns the new record. @throws what writing throws; memory has the change, and `saveUnsaved` tries again */
	update(id: string, change: Partial<Kept>): Promise<Kept>;
	/** Frees id and name, then removes the folder. One that is gone is no error. */
	remove(id: string): Promise<void>;
	/** Frees the name before the object is gone: its removal may last, and nobody shall wait for a name. */
	releaseName(id: string): void;
	/** Writes what could not be written, such as when the disk was full. @returns the ids that still cannot */
	saveUnsaved(): Promise<readonly string[]>;
};

export function createObjectTable<Kept extends ObjectRecord>(
	kind: string,
	files: RecordFiles<Kept>,
): ObjectTable<Kept> {
	const records = new Map<string, Kept>();
	const names = new Map<string, string>();
	const unsaved = new Set<string>();
	/** Ids in order of making, newest last; made anew when the set changes. */
	let listed: readonly Kept[] | undefined;
	/** The write under way for an id, and whether another must follow it. */
	const writing = new Map<string, Promise<void>>();

	const keep = (record: Kept): void => {
		records.set(record.id, record);
		listed = undefined;
	};
	const forget = (id: string): void => {
		const record = records.get(id);
		if (record === undefined) return;
		records.delete(id);
		if (names.get(record.name) === id) names.delete(record.name);
		unsaved.delete(id);
		listed = undefined;
	};
	/** Writes one at a time; the one that waits writes what is newest then. */
	const save = (id: string): Promise<void> => {
		const before = writing.get(id) ?? Promise.resolve();
		const mine = before
			.catch(() => undefined)
			.then(async () => {
				const record = records.get(id);
				if (record === undefined) return;
				unsaved.add(id);
				await files.write(record);
				if (records.get(id) === record) unsaved.delete(id);
			});
		writing.set(id, mine);
		const done = () => {
			if (writing.get(id) === mine) writing.delete(id);
		};
		mine.then(done, done);
		return mine;
	};

	return {
		get size() {
			return records.size;
		},
		get: (id) => records.get(id),
		find(idOrPrefix) {
			const exact = records.get(idOrPrefix);
			if (exact !== undefined || idOrPrefix === '') return exact;
			const found = [...records.keys()].filter((id) => id.startsWith(idOrPrefix));
			if (found.length > 1) {
				throw new InvalidArgumentError(
					`cannot find ${kind} "${idOrPrefix}": the ids of ${found.length} begin so`,
				);
			}
			return found[0] === undefined ? undefined : records.get(found[0]);
		},
		byName(name) {
			const id = names.get(name);
			return id === undefined ? undefined : records.get(id);
		},
		all() {
			listed ??= [...records.values()];
			return listed;
		},
		async add(record) {
			keep(record);
			names.set(record.name, record.id);
			try {
				await save(record.id);
			} catch (error) {
				forget(record.id);
				await files.remove(record.id).catch(() => undefined);
				throw error;
			}
		},
		restore(loaded) {
			const inOrder = loaded.toSorted((a, b) => Number(a.createdAtNanos - b.createdAtNanos));
			for (const record of inOrder) {
				keep(record);
				if (record.phase !== 'removing') names.set(record.name, record.id);
			}
		},
		async update(id, change) {
			const record = records.get(id);
			// Removed meanwhile: there is nothing to remember.
			if (record === undefined) return change as Kept;
			const changed = { ...record, ...change };
			keep(changed);
			await save(id);
			return changed;
		},
		async remove(id) {
			await writing.get(id)?.catch(() => undefined);
			await files.remove(id);
			forget(id);
		},
		releaseName(id) {
			const record = records.get(id);
			if (record !== undefined && names.get(record.name) === id) names.delete(record.name);
		},
		async saveUnsaved() {
			const ids = [...unsaved].filter((id) => !writing.has(id));
			const saved = await Promise.allSettled(ids.map(save));
			return ids.filter((_id, index) => saved[index]?.status === 'rejected');
		},
	};
}
