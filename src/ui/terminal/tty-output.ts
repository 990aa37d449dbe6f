import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** The way to the terminal's screen. */
export type TerminalOutput = {
	/** Sends bytes, or queues them; false when some had to wait, which `onDrain` will end. Never blocks. */
	write(bytes: string): boolean;
	/**
	 * Drops what waits and sends these bytes before returning, trying for a moment if the terminal is busy: for
	 * the last words, when no event loop will turn again.
	 */
	writeNow(bytes: string): void;
	/** Lets go of the terminal. */
	close(): void;
};

/** The system calls behind it, replaceable for tests. */
export type OutputSystem = {
	open(path: string, flags: number): number;
	write(fd: number, bytes: Uint8Array): number;
	close(fd: number): void;
	/** Blocks the thread. */
	sleep(milliseconds: number): void;
};

/** What an output tells its owner. */
export type TtyOutputOptions = {
	/** The descriptor of the terminal, mostly 1. */
	readonly fd: number;
	/** All that waited is out. */
	readonly onDrain: () => void;
	/** The terminal is gone (EIO, EPIPE); said once. */
	readonly onLost: (error: Error) => void;
	readonly system?: OutputSystem | undefined;
};

const RETRY_FIRST_MS = 2;
const RETRY_LONGEST_MS = 32;
/** How long the last words may take on a terminal that accepts nothing. */
const LAST_WORDS_MS = 500;
const LAST_WORDS_STEP_MS = 5;

/** Ends whatever sequence was cut short. Source: ECMA-48 CAN; console_codes(4). */
const CANCEL = '\x18';

const realSystem: OutputSystem = {
	open: (path, flags) => openSync(path, flags),
	write: (fd, bytes) => writeSync(fd, bytes),
	close: (fd) => closeSync(fd),
	sleep: (milliseconds) => {
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
	},
};

/**
 * Opens a way to the terminal that never blocks. Node's own `stdout` writes to a terminal synchronously: on an
 * SSH connection that hangs, the whole program would hang in a write, deaf to keys and signals. So the terminal
 * is opened anew for ourselves alone, without touching the flags of the descriptor the shell shares with us.
 */
export function createTtyOutput(options: TtyOutputOptions): TerminalOutput {
	const system = options.system ?? realSystem;
	let own: number | undefined;
	try {
		own = system.open(
			`/proc/self/fd/${options.fd}`,
			constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
		);
	} catch {
		// After "su" the terminal belongs to somebody else and cannot be opened: then the shared one must do.
		own = undefined;
	}
	const fd = own ?? options.fd;
	let queue: Uint8Array = new Uint8Array(0);
	let midway = false;
	let timer: NodeJS.Timeout | undefined;
	let isLost = false;
	let isClosed = false;

	/** Writes what it can; true when all is out. */
	const pump = (): boolean => {
		while (queue.length > 0) {
			try {
				const written = system.write(fd, queue);
				queue = queue.subarray(written);
				midway = queue.length > 0;
			} catch (error) {
				const code = error instanceof Error && 'code' in error ? error.code : undefined;
				if (code === 'EAGAIN') return false;
				if (code === 'EINTR') continue;
				queue = new Uint8Array(0);
				if (!isLost) {
					isLost = true;
					options.onLost(error instanceof Error ? error : new Error(String(error)));
				}
				return true;
			}
		}
		return true;
	};

	const retry = (delayMs: number): void => {
		timer = setTimeout(() => {
			timer = undefined;
			const before = queue.length;
			if (!pump()) {
				retry(queue.length < before ? RETRY_FIRST_MS : Math.min(delayMs * 2, RETRY_LONGEST_MS));
			} else if (!isLost) {
				options.onDrain();
			}
		}, delayMs);
	};

	const stopRetrying = (): void => {
		clearTimeout(timer);
		timer = undefined;
	};

	return {
		write(bytes) {
			if (isLost || isClosed) {
				return true;
			}
			queue = queue.length === 0 ? Buffer.from(bytes) : Buffer.concat([queue, Buffer.from(bytes)]);
			if (timer !== undefined) {
				return false;
			}
			const isDone = pump();
			if (!isDone) {
				retry(RETRY_FIRST_MS);
			}
			return isDone;
		},
		writeNow(bytes) {
			stopRetrying();
			if (isLost || isClosed) {
				return;
			}
			queue = Buffer.from(midway ? CANCEL + bytes : bytes);
			midway = false;
			for (let waitedMs = 0; !pump() && waitedMs < LAST_WORDS_MS; waitedMs += LAST_WORDS_STEP_MS) {
				system.sleep(LAST_WORDS_STEP_MS);
			}
			queue = new Uint8Array(0);
		},
		close() {
			stopRetrying();
			if (!isClosed && own !== undefined) {
				try {
					system.close(own);
				} catch {
					// Nothing is left to lose.
				}
			}
			isClosed = true;
		},
	};
}
