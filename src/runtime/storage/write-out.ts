/**
 * Which layers the disk does not have yet. Waiting for hundreds of megabytes would make every pull slower, so layers are
 * committed at once and written out behind; were the power cut meanwhile, this journal says which of them to distrust.
 */

import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage } from '../../cri/errors.ts';
import { readBootId } from '../../node/boot-id.ts';
import { writeFileAtomically } from '../sys/atomic-file.ts';
import { errnoCode } from '../sys/errno.ts';
import type { Sys } from '../sys/sys.ts';
import { type JsonRecord, parseRecords, textField, textListField } from './records/json-records.ts';

/** So long after the last layer the disk is likely to be idle; the kernel itself waits half a minute. */
const quietMs = 5000;

export type WriteOut = AsyncDisposable & {
	/** True for a layer that may not have reached the disk before the machine stopped. */
	isSuspect(id: string): boolean;
	/** To be called before layers are said to be complete; survives a power cut. */
	begin(ids: readonly string[]): Promise<void>;
	/** To be called when layers go: whatever comes under these ids later is somebody else's. */
	forget(ids: Iterable<string>): void;
	/** Writes out what was begun, when nothing more has come for a while. Disposing of this does it at once. */
	settle(): void;
};

/** @param root of the store whose layers these are; its folder `criscope` is there, and nobody else of ours uses it */
export async function openWriteOut(
	sys: Sys,
	root: string,
	log: (sentence: string) => void,
): Promise<WriteOut> {
	const file = path.join(root, 'criscope/unwritten.json');
	const boot = (await readBootId()) ?? '';
	const found = await readJournal(file, log);
	const sameBoot = found.boot === boot;
	const pending = new Set(sameBoot ? found.pending : []);
	const suspects = new Set([...found.suspects, ...(sameBoot ? [] : found.pending)]);
	let running = Promise.resolve();
	let timer: NodeJS.Timeout | undefined;

	if (suspects.size > 0) {
		log(
			`${suspects.size} layers may not have reached the disk before the machine stopped; they are pulled anew`,
		);
	}
	const save = async (): Promise<void> => {
		const text = JSON.stringify([{ boot, pending: [...pending], suspects: [...suspects] }]);
		await writeFileAtomically(file, text, { mode: 0o600, durable: true });
	};
	const writeOut = async (): Promise<void> => {
		while (pending.size > 0) {
			const ids = [...pending];
			await using folder = await open(root, 'r');
			await sys.syncfs(folder.fd);
			for (const id of ids) pending.delete(id);
			await save();
		}
	};
	const writeOutNow = async (): Promise<void> => {
		try {
			await writeOut();
		} catch (error) {
			log(`cannot write layers out to the disk: ${errorMessage(error)}`);
		}
	};
	const settle = (): void => {
		clearTimeout(timer);
		if (pending.size === 0) return;
		timer = setTimeout(() => {
			running = running.then(writeOutNow);
		}, quietMs);
		// The program may end before; then it writes out on its way.
		timer.unref();
	};
	settle();
	return {
		isSuspect: (id) => suspects.has(id),
		async begin(ids) {
			for (const id of ids) {
				pending.add(id);
				suspects.delete(id);
			}
			await save();
		},
		forget(ids) {
			for (const id of ids) {
				pending.delete(id);
				suspects.delete(id);
			}
		},
		settle,
		async [Symbol.asyncDispose]() {
			clearTimeout(timer);
			await running;
			await writeOutNow();
		},
	};
}

async function readJournal(file: string, log: (sentence: string) => void) {
	const text = await readFile(file, 'utf8').catch((error: unknown) => {
		if (errnoCode(error) === 'ENOENT') return '[]';
		throw error;
	});
	let record: JsonRecord = {};
	try {
		record = parseRecords(text, file)[0] ?? {};
	} catch (error) {
		// It only ever held doubts; without it the store is as Podman's is.
		log(errorMessage(error));
	}
	return {
		boot: textField(record, 'boot'),
		pending: textListField(record, 'pending'),
		suspects: textListField(record, 'suspects'),
	};
}
