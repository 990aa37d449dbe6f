import type { VerbContext } from '../verb.ts';

/** Nobody reads the output any more (`| head`): no failure, and nothing to say. */
export class ReaderGoneError extends Error {
	override readonly name = 'ReaderGoneError';
}

/**
 * Writes to standard output and waits until it has gone, however slow the reader.
 * @throws ReaderGoneError where the pipe was closed; Error in one sentence where it cannot be written (a full disk), so
 * that a result that was cut never looks whole.
 */
export function print({ stdout }: Pick<VerbContext, 'stdout'>, text: string | Uint8Array): Promise<void> {
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	if (text.length === 0) return Promise.resolve();
	stdout.write(text, (error) => {
		if (!error) resolve();
		else if ('code' in error && error.code === 'EPIPE')
			reject(new ReaderGoneError('nobody reads the output'));
		else reject(new Error(`cannot write to standard output: ${error.message}`, { cause: error }));
	});
	return promise;
}
