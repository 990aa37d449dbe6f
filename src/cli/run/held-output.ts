/** Holds output back until what was said before the attach is known, and puts that before it. */
import { Writable } from 'node:stream';

/** Output that is held. */
export type HeldOutput = {
	/** To be given to the session in the place of the real stream. */
	readonly stream: Writable;
	/** Writes what is missing of all the log says, then what is held, and holds nothing any more. */
	release(logged: Buffer): void;
};

/** containerd's log drops a carriage return before a newline. */
function withoutReturns(bytes: Buffer): string {
	return bytes.toString('latin1').replaceAll('\r\n', '\n');
}

/**
 * What the log says of before the attach: all of it but the part with which the attached output begins.
 * @param logged complete lines only, so it may end before `attached` does
 */
export function missingPrefix(logged: Buffer, attached: Buffer): Buffer {
	const [all, seen] = [withoutReturns(logged), withoutReturns(attached)];
	if (seen.length === 0) return Buffer.from(all, 'latin1');
	for (let start = 0; start < all.length; start++) {
		const length = Math.min(all.length - start, seen.length);
		if (all.startsWith(seen.slice(0, length), start)) return Buffer.from(all.slice(0, start), 'latin1');
	}
	return Buffer.from(all, 'latin1');
}

/**
 * Makes one in front of `target`.
 * @param tty its newlines need a carriage return
 */
export function holdOutput(target: Writable, tty: boolean): HeldOutput {
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
			const text = tty ? missing.toString('latin1').replaceAll('\n', '\r\n') : missing.toString('latin1');
			const whole = Buffer.concat([Buffer.from(text, 'latin1'), attached]);
			if (whole.length > 0) target.write(whole);
		},
	};
}
