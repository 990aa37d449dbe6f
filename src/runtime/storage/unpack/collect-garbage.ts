import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Makes a function that lets go at once of what this thread does not need any more. A thread that unpacks makes little but
 * large chunks, which lie outside of the engine's heap: it sees no reason to tidy up while tens of megabytes wait for it.
 * Changes a flag of the whole process, which only adds the function `gc` to contexts made later.
 */
export function createGarbageCollector(): () => void {
	setFlagsFromString('--expose-gc');
	const collect: unknown = runInNewContext('gc');
	return () => {
		if (typeof collect === 'function') collect();
	};
}
