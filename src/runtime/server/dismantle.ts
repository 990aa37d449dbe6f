/** Undoing what an object has outside, in steps each of which can be repeated. */
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';

/** What is undone, for the log, and how. */
export type DismantleStep = readonly [what: string, undo: () => void | Promise<void>];

/**
 * Runs all steps in order, whether others fail or not.
 * @returns true where nothing is left; otherwise what is left was logged, and the same steps are to be run again later
 */
export async function runSteps(steps: readonly DismantleStep[], object: string, log: Log): Promise<boolean> {
	let clean = true;
	for (const [what, undo] of steps) {
		try {
			await undo();
		} catch (error) {
			clean = false;
			log('warn', `cannot ${what}; it is tried again later`, { object, error: errorMessage(error) });
		}
	}
	return clean;
}
