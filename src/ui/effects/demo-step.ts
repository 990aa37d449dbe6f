import { isAbort } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { targetLabel } from '../store/action-targets.ts';
import type { ActionTarget, StepResult } from '../store/slices/actions.ts';

/** What the composition root lends: `criscope demo`, without its command line. */
export type DemoAccess = {
	/**
	 * Starts it, and undoes what was begun when it is aborted or fails.
	 * @param tell gets one line for each step
	 * @returns what there is now, in one sentence without a full stop
	 */
	readonly start: DemoWork;
	/** Removes all of it. @returns what has gone, likewise */
	readonly remove: DemoWork;
};

type DemoWork = (
	client: CriClient,
	tell: (line: string) => void,
	options: { readonly signal: AbortSignal },
) => Promise<string>;

/** Does the whole of one change of the demo. @throws what the work throws, unless the person cancelled it */
export async function performDemo(
	client: CriClient,
	work: DemoWork,
	target: ActionTarget,
	tell: (line: string) => void,
	options: { readonly signal: AbortSignal },
): Promise<StepResult> {
	try {
		return { target, outcome: 'done', text: await work(client, tell, options) };
	} catch (error) {
		if (!options.signal.aborted || !isAbort(error)) throw error;
		return { target, outcome: 'unknown', text: `${targetLabel(target)}: cancelled by you` };
	}
}
