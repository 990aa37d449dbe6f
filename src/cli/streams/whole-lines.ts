/** Lines of several commands that run at the same time, each line whole. */
import { Writable } from 'node:stream';
import { print } from '../output/print.ts';

/** A line longer than this is cut in two, in bytes. */
const longestLine = 64 * 1024;

/** A stream of its own for one command, which passes on whole lines; what is left goes out with `end`. */
export function wholeLines(stdout: Writable): Writable {
	let rest: Buffer = Buffer.alloc(0);
	const pass = (bytes: Uint8Array, done: (error?: Error | null) => void): void => {
		print({ stdout }, bytes).then(() => done(), done);
	};
	return new Writable({
		write(chunk: Buffer, _encoding, done) {
			const bytes = Buffer.concat([rest, chunk]);
			const newline = bytes.lastIndexOf(10);
			const end = newline < 0 && bytes.length > longestLine ? bytes.length : newline + 1;
			rest = bytes.subarray(end);
			pass(bytes.subarray(0, end), done);
		},
		final(done) {
			// The next command's line must not be joined to this one.
			pass(rest.length === 0 ? rest : Buffer.concat([rest, Buffer.from('\n')]), done);
		},
	});
}
