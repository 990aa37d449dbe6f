/** The terminal that the program was started on, as a session in a container takes it over. */
import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import type { LocalTerminal } from './cli/verb.ts';

/** The stream that knows the terminal's size; reading from a terminal does not tell it. */
function screen(): WriteStream | undefined {
	return [process.stdout, process.stderr].find((stream) => stream.isTTY);
}

/** Output that must go out before the process does; a terminal that is gone needs none. */
function writeAtOnce(text: string): void {
	const stream = screen();
	if (text === '' || !stream) return;
	try {
		writeSync((stream as WriteStream & { readonly fd: number }).fd, text);
	} catch {
		// Nobody is looking any more.
	}
}

/**
 * The terminal at stdin.
 * @param openStdin opens it on first use; it must be a terminal
 */
export function localTerminal(openStdin: () => ReadStream): LocalTerminal {
	return {
		size() {
			const [columns = 0, rows = 0] = screen()?.getWindowSize() ?? [];
			return columns > 0 && rows > 0 ? { columns, rows } : undefined;
		},
		onResize(listener) {
			const stream = screen();
			stream?.on('resize', listener);
			return { [Symbol.dispose]: () => void stream?.off('resize', listener) };
		},
		takeOver(undoText) {
			const stdin = openStdin();
			let taken = true;
			const setRaw = (raw: boolean): void => {
				try {
					stdin.setRawMode(raw);
				} catch {
					// The terminal hung up: there is nothing to set any more.
				}
			};
			const giveBack = (): void => {
				if (!taken) return;
				taken = false;
				process.off('exit', giveBack);
				process.off('SIGCONT', takeAgain);
				setRaw(false);
				writeAtOnce(undoText());
			};
			/** A shell that had us stopped has set the terminal for itself meanwhile; asking for the same twice does nothing. */
			const takeAgain = (): void => {
				setRaw(false);
				setRaw(true);
			};
			process.on('exit', giveBack);
			process.on('SIGCONT', takeAgain);
			setRaw(true);
			return { [Symbol.dispose]: giveBack };
		},
	};
}
