/** Verbs with several operands go on after one of them failed; each failure is told at once, in one line. */
import { errorMessage, isAbort } from '../cri/errors.ts';
import { sanitizeText } from '../text/sanitize.ts';
import { ReaderGoneError } from './output/print.ts';
import { UsageError } from './usage-error.ts';
import type { VerbContext } from './verb.ts';

/** Tells of one failure on stderr. */
export function tellFailure({ stderr }: Pick<VerbContext, 'stderr'>, message: string): void {
	stderr.write(`criscope: ${sanitizeText(message)}\n`);
}

/** True for what ends the whole verb, not just one of its operands. */
function endsAll(error: unknown, signal: AbortSignal): boolean {
	const bug = error instanceof TypeError || error instanceof ReferenceError;
	return (
		signal.aborted || isAbort(error) || error instanceof ReaderGoneError || error instanceof UsageError || bug
	);
}

/**
 * Does something for each object in turn.
 * @param describe the failure as a person reads it; the error's message where it is not given
 * @returns the exit code: 1 where any failed
 * @throws what ends the whole verb: an abort, a reader that left, wrong arguments.
 */
export async function forEachObject<Item>(
	items: readonly Item[],
	context: Pick<VerbContext, 'stderr' | 'signal'>,
	act: (item: Item) => Promise<void>,
	describe: (error: unknown, item: Item) => string = errorMessage,
): Promise<number> {
	let exitCode = 0;
	for (const item of items) {
		try {
			context.signal.throwIfAborted();
			await act(item);
		} catch (error) {
			if (endsAll(error, context.signal)) throw error;
			tellFailure(context, describe(error, item));
			exitCode = 1;
		}
	}
	return exitCode;
}

/** How many objects are acted on at the same time. */
const mostAtOnce = 8;

/**
 * Does something for each object, several at a time, where the order says nothing.
 * @returns the exit code: 1 where any failed
 * @throws as {@link forEachObject}, after those under way have ended.
 */
export async function forEachObjectAtOnce<Item>(
	items: readonly Item[],
	context: Pick<VerbContext, 'stderr' | 'signal'>,
	act: (item: Item) => Promise<void>,
): Promise<number> {
	const left = items.values();
	const workers = Array.from({ length: Math.min(mostAtOnce, items.length) }, async () => {
		let exitCode = 0;
		for (const item of left) exitCode = Math.max(exitCode, await forEachObject([item], context, act));
		return exitCode;
	});
	const results = await Promise.allSettled(workers);
	const codes = results.map((result) => {
		if (result.status === 'rejected') throw result.reason;
		return result.value;
	});
	return Math.max(0, ...codes);
}
