/** States that cannot be written down, as on a full disk: they count all the same. */
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';

/**
 * Waits for a record to be written. Where it cannot be, the change is in memory, is written later (reconcile.ts), and whoever
 * asked gets what was asked for: what has happened outside cannot be taken back for want of a record.
 * @returns false where it is not on disk
 */
export async function remember(log: Log, object: string, written: Promise<unknown>): Promise<boolean> {
	try {
		await written;
		return true;
	} catch (error) {
		log('warn', 'a record cannot be written; it is in memory, and is written later', {
			object,
			error: errorMessage(error),
		});
		return false;
	}
}
