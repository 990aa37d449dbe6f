import { createInterface } from 'node:readline';

/** Typed lines, one after the other. The terminal itself edits and echoes them: no cursor is moved by us. */
export type LinearInput = Disposable & {
	/** The next line; undefined when there will be no more. Lines typed ahead are kept. One caller at a time. */
	next(options?: { readonly signal?: AbortSignal | undefined }): Promise<string | undefined>;
};

/** Reads lines from a terminal or a pipe. */
export function createLinearInput(stream: NodeJS.ReadableStream): LinearInput {
	const lines: string[] = [];
	let ended = false;
	let waiting: ((line: string | undefined) => void) | undefined;
	const give = (line: string | undefined): void => {
		const take = waiting;
		waiting = undefined;
		if (take) take(line);
		else if (line !== undefined) lines.push(line);
	};
	const reader = createInterface({ input: stream, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
	reader.on('line', give);
	const end = (): void => {
		ended = true;
		give(undefined);
	};
	reader.on('close', end);
	// A lost terminal reads as EIO: there will be no more lines.
	stream.on('error', end);
	return {
		next: ({ signal } = {}) => {
			const line = lines.shift();
			if (line !== undefined) return Promise.resolve(line);
			if (ended || signal?.aborted) return Promise.resolve(undefined);
			return new Promise((resolve) => {
				const aborted = (): void => {
					if (waiting === take) give(undefined);
				};
				const take = (typed: string | undefined): void => {
					signal?.removeEventListener('abort', aborted);
					resolve(typed);
				};
				waiting = take;
				signal?.addEventListener('abort', aborted, { once: true });
			});
		},
		[Symbol.dispose]: () => reader.close(),
	};
}
