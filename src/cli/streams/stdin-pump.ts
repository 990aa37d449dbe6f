/** Brings standard input into a session no faster than the container reads it. */
import type { Readable } from 'node:stream';

/** The side of a session that input goes to. */
export type InputSink = {
	/** False means: wait for `resume`. */
	readonly write: (bytes: Uint8Array) => boolean;
	/** Called once, behind the last byte. */
	readonly end: () => void;
	/** Called instead of `end` where standard input cannot be read: a folder, a broken disk. */
	readonly fail: (error: Error) => void;
};

/** A pump at work; disposing of it leaves what was not read where it is. */
export type StdinPump = Disposable & { readonly resume: () => void };

/** Starts reading. */
export function pumpStdin(stdin: Readable, sink: InputSink): StdinPump {
	let ended = false;
	const onData = (bytes: Uint8Array): void => {
		if (!sink.write(bytes)) stdin.pause();
	};
	const onEnd = (): void => {
		if (ended) return;
		ended = true;
		sink.end();
	};
	const onError = (error: NodeJS.ErrnoException): void => {
		if (ended) return;
		ended = true;
		// A terminal that hung up reads as an I/O error.
		if (error.code === 'EIO') sink.end();
		else sink.fail(new Error(`cannot read standard input: ${error.message}`, { cause: error }));
	};
	stdin.on('data', onData);
	stdin.on('end', onEnd);
	stdin.on('error', onError);
	stdin.resume();
	return {
		resume: () => {
			if (!ended) stdin.resume();
		},
		[Symbol.dispose]() {
			ended = true;
			stdin.off('data', onData);
			stdin.off('end', onEnd);
			stdin.pause();
			// The listener for errors stays: one that comes later must not be a crash.
		},
	};
}
