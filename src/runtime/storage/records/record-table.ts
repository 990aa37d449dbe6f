/**
 * Records that other programs share: read again when somebody changed them, indexed once per change, and written so that
 * nobody ever sees half of it.
 */
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AtomicFileOptions, writeFileAtomically } from '../../sys/atomic-file.ts';
import type { FileLock, HeldLock } from '../../sys/file-lock.ts';
import type { WaitOptions } from '../model.ts';
import { readChangeToken, writeChangeToken } from './change-token.ts';
import { createRecordSerializer, type JsonRecord, parseRecords } from './json-records.ts';

/** One file of a table. What need not survive a reboot is not durable. */
export type RecordFile = { readonly path: string; readonly durable: boolean };

/** The table while its lock is held for writing. */
export type TableChange<T> = {
	/** As of the last save. */
	readonly index: T;
	/** Records of the file at that place, as of the last save. */
	records(file: number): readonly JsonRecord[];
	/**
	 * Replaces the records of one file; the others stay as they are.
	 * @param options.durable false where nothing would be lost with this file but what a reboot ends anyway
	 * @param options.exchange where it may even be empty after a power cut, which costs nobody a wait for the disk
	 */
	save(
		file: number,
		records: readonly JsonRecord[],
		options?: {
			readonly durable?: boolean | undefined;
			readonly exchange?: AtomicFileOptions['exchange'];
		},
	): Promise<void>;
};

/** A table of records behind a lock. */
export type RecordTable<T> = {
	readonly files: readonly RecordFile[];
	/** Calls `use` with the records locked for reading. */
	read<R>(use: (index: T) => R | Promise<R>, options?: WaitOptions): Promise<R>;
	/** Calls `use` with the records locked for writing. Not to be nested in itself. */
	change<R>(use: (change: TableChange<T>) => Promise<R>, options?: WaitOptions): Promise<R>;
};

type Cached<T> = {
	readonly token: string;
	readonly stamps: readonly string[];
	readonly records: readonly (readonly JsonRecord[])[];
	readonly index: T;
};

/**
 * @param locks all are taken, in this order; the first carries the token that is read
 * @param makeIndex from the records of each file
 */
export function createRecordTable<T>(
	locks: readonly FileLock[],
	files: readonly RecordFile[],
	makeIndex: (records: readonly (readonly JsonRecord[])[]) => T,
): RecordTable<T> {
	let cached: Cached<T> | undefined;
	const serialize = createRecordSerializer();

	const load = async (token: string, signal: AbortSignal | undefined): Promise<Cached<T>> => {
		const stamps = files.map((file) => fileStamp(file.path));
		// Old writers changed the file and not the token, hence the stamps.
		if (cached?.token === token && cached.stamps.every((stamp, place) => stamp === stamps[place]))
			return cached;
		const records = await Promise.all(
			files.map(async (file, place) =>
				stamps[place] === absent ? [] : parseRecords(await readText(file.path, signal), file.path),
			),
		);
		cached = { token, stamps, records, index: makeIndex(records) };
		return cached;
	};

	const locked = async <R>(
		mode: 'shared' | 'exclusive',
		use: (descriptors: readonly number[]) => Promise<R>,
		signal: AbortSignal | undefined,
	): Promise<R> => {
		await using held = new AsyncDisposableStack();
		const descriptors: number[] = [];
		for (const lock of locks) {
			const one: HeldLock = held.use(await lock.acquire(mode, { signal }));
			if (one.descriptor !== undefined) descriptors.push(one.descriptor);
		}
		return await use(descriptors);
	};
	const tokenOf = ([first]: readonly number[]): string => (first === undefined ? '' : readChangeToken(first));

	return {
		files,
		read: (use, { signal } = {}) =>
			locked('shared', async (descriptors) => use((await load(tokenOf(descriptors), signal)).index), signal),
		change: (use, { signal } = {}) =>
			locked(
				'exclusive',
				async (descriptors) => {
					let current = await load(tokenOf(descriptors), signal);
					return use({
						get index() {
							return current.index;
						},
						records: (file) => current.records[file] ?? [],
						async save(place, records, { durable = true, exchange } = {}) {
							const file = files[place];
							if (file === undefined) throw new RangeError(`no record file ${place}`);
							// From here on what is cached may be older than the file.
							cached = undefined;
							const [token = ''] = descriptors.map(writeChangeToken);
							await writeFileAtomically(file.path, serialize(records), {
								mode: 0o600,
								durable: durable && file.durable,
								exchange,
							});
							const all = files.map((_, other) =>
								other === place ? records : (current.records[other] ?? []),
							);
							const stamps = files.map(({ path }) => fileStamp(path));
							current = { token, stamps, records: all, index: makeIndex(all) };
							cached = current;
						},
					});
				},
				signal,
			),
	};
}

const absent = 'absent';

/** At once: it waits for no disk, and every turn through another thread would cost more than the call. */
function fileStamp(file: string): string {
	const found = statSync(file, { bigint: true, throwIfNoEntry: false });
	return found === undefined ? absent : `${found.ino} ${found.size} ${found.mtimeNs}`;
}

async function readText(file: string, signal: AbortSignal | undefined): Promise<string> {
	return readFile(file, signal === undefined ? 'utf8' : { encoding: 'utf8', signal });
}
