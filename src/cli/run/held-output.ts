/** Holds the output of a terminal back until what was said before the attach is known, and puts that before it. */
import { Writable } from 'node:stream';

/** Output that is held. */
export type HeldOutput = {
	/** To be given to the session in the place of stdout. */
	readonly stream: Writable;
	/** Writes what is missing of all the log says, then what is held, and holds nothing any more. */
	release(logged: Buffer): void;
};

/**
 * What the log says of before the attach: all of it but the part with which the attached output begins.
 * @param logged complete lines only, so it may end before `attached` does
 */
export function missingPrefix(logged: Buffer, attached: Buffer): Buffer {
	if (attached.length === 0) return logged;
	for (let start = 0; start < logged.length; start++) {
		const rest = logged.subarray(start);
		const length = Math.min(rest.length, attached.length);
		if (rest.subarray(0, length).equals(attached.subarray(0, length))) return logged.subarray(0, start);
	}
	return logged;
}

/** Makes one in front of `target`. */
export function holdOutput(target: Writable): HeldOutput {
	let held: Buffer[] | undefined = [];
	const stream = new Writable({
		write(chunk: Buffer, _encoding, done) {
			if (held) {
				held.push(chunk);
				done();
			} else target.write(chunk, (error) => done(error));
		},
	});
	// Told to whoever wrote, by the callback.
	stream.on('error', () => undefined);
	return {
		stream,
		release(logged) {
			if (!held) return;
			const attached = Buffer.concat(held);
			held = undefined;
			const missing = missingPrefix(logged, attached);
			if (missing.length + attached.length > 0) target.write(Buffer.concat([missing, attached]));
		},
	};
}
