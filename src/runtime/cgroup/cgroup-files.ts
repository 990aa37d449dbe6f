/** Files of the cgroup hierarchies: written and read at once, since the kernel answers from memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseKeyedNumbers } from '../../node/host-file.ts';

/** @returns undefined where there is no such file, or the kernel refuses to read it. */
export function readCgroupText(path: string): string | undefined {
	try {
		return readFileSync(path, 'latin1');
	} catch {
		return undefined;
	}
}

/** A file that holds one number; undefined for `max`. */
export function readCgroupNumber(path: string): bigint | undefined {
	const text = readCgroupText(path)?.trim();
	return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

/** A file of `key value` lines; empty where there is none. */
export function readCgroupTable(path: string): ReadonlyMap<string, bigint> {
	return parseKeyedNumbers(readCgroupText(path) ?? '');
}

/** Writes a setting. @returns false where the kernel refuses it. */
export function tryWriteCgroup(path: string, text: string): boolean {
	try {
		writeFileSync(path, text);
		return true;
	} catch {
		return false;
	}
}

/** The processes listed in a cgroup.procs file. */
export function readProcessIds(path: string): readonly number[] {
	return (readCgroupText(path) ?? '')
		.split('\n')
		.filter((line) => line !== '')
		.map(Number);
}
