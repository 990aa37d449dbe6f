import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Let go of what came in after so many bytes. */
const tidyBytes = 4 * 2 ** 20;

/** Counts bytes that came in by memory of their own, and lets go of that memory in time. */
export type YoungMemory = { received(bytes: number): void };

/**
 * Every read of a socket takes new memory outside of the engine's heap, which the engine counts as its own: for each few
 * megabytes of a blob it marks all the heap. Nearly all of it is dead by then, and to collect what is young alone takes a
 * fiftieth of that. Changes a flag of the whole process, which only adds the function `gc` to contexts made later.
 */
export function createYoungMemory(): YoungMemory {
	let collect: unknown;
	let sinceBytes = 0;
	return {
		received(bytes) {
			sinceBytes += bytes;
			if (sinceBytes < tidyBytes) return;
			sinceBytes = 0;
			if (collect === undefined) {
				setFlagsFromString('--expose-gc');
				collect = runInNewContext('gc');
			}
			if (typeof collect === 'function') collect({ type: 'minor' });
		},
	};
}
