import { readFileSync } from 'node:fs';
import {
	detectCapabilities,
	type Environment,
	type TerminalCapabilities,
} from '../../text/terminal-capabilities.ts';
import { clipboardSequence, MAX_CLIPBOARD_BYTES } from './clipboard.ts';
import type { ScreenSize } from './frame-stream.ts';
import { createInputParser, type PassThroughListener } from './input-parser.ts';
import { guardProcess, type ProcessLike, type TerminalEnding } from './process-guard.ts';
import { enterSequence, leaveSequence, mouseSequence } from './screen-modes.ts';
import type { TerminalInput } from './terminal-input.ts';
import { createTtyOutput, type TerminalOutput } from './tty-output.ts';

/** What is needed of `process.stdin`. */
export type TerminalStdin = {
	readonly isTTY?: boolean | undefined;
	setRawMode?(on: boolean): unknown;
	on(event: string, listener: (chunk: Uint8Array) => void): unknown;
	off(event: string, listener: (chunk: Uint8Array) => void): unknown;
	resume(): unknown;
	pause(): unknown;
};

/** What is needed of `process.stdout`; bytes go past it, see `createTtyOutput`. */
export type TerminalStdout = {
	readonly isTTY?: boolean | undefined;
	readonly fd?: number | undefined;
	readonly columns?: number | undefined;
	readonly rows?: number | undefined;
	/** Asks the kernel for the size again; Node has no public name for it. */
	_refreshSize?(): void;
	on(event: string, listener: () => void): unknown;
	off(event: string, listener: () => void): unknown;
};

/** What a terminal needs and whom it tells. Every callback is called synchronously. */
export type TerminalOptions = {
	readonly stdin: TerminalStdin;
	readonly stdout: TerminalStdout;
	readonly env: Environment;
	/** Detected from `env` when absent. */
	readonly capabilities?: TerminalCapabilities | undefined;
	/** Whether the mouse is reported from the start; off when absent, so that selecting text just works. */
	readonly mouse?: boolean | undefined;
	readonly onInput: (input: TerminalInput) => void;
	readonly onResize: (size: ScreenSize) => void;
	/** The terminal takes bytes again after a `write` that answered false. */
	readonly onDrain?: (() => void) | undefined;
	/** Back from a suspend with an empty screen: everything must be painted again. */
	readonly onResume?: (() => void) | undefined;
	/** The terminal is gone; the process exits with 129 when this returns. */
	readonly onLost?: ((cause: 'hangup' | 'input' | 'output') => void) | undefined;
	/** The last chance to act, screen already restored, before a signal or a crash ends the process. */
	readonly onEnd?: ((ending: TerminalEnding) => void) | undefined;
	readonly process?: ProcessLike | undefined;
	/** Replaces the way to the screen; for tests. */
	readonly output?: TerminalOutput | undefined;
	/** Whether the shell has given us the terminal; asks /proc when absent. */
	readonly isForeground?: (() => boolean) | undefined;
	/** How long a lone ESC waits for more before it counts as the key; 50 when absent. */
	readonly escapeDelayMs?: number | undefined;
};

/** What became of a copy. The terminal never says whether it took the text. */
export type CopyResult = { readonly copied: true } | { readonly copied: false; readonly reason: string };

/** The terminal while it is ours. */
export type Terminal = {
	readonly capabilities: TerminalCapabilities;
	size(): ScreenSize;
	/** Sends bytes; false: hold back until `onDrain`. While suspended or after `restore` they are dropped. */
	write(bytes: string): boolean;
	setMouse(on: boolean): void;
	/** Sends all input to a listener instead of `onInput`; see `InputParser.setPassThrough`. */
	setPassThrough(listener: PassThroughListener | undefined): void;
	/** Gives the screen back and stops the process group, as Ctrl-Z does; `onResume` follows after `fg`. */
	suspend(): void;
	/** Gives the screen back for good. Synchronous, harmless when repeated. */
	restore(): void;
	/** Asks the terminal to put text on the user's clipboard. */
	copyToClipboard(text: string): CopyResult;
};

/** How long after asking to be stopped we conclude that nobody stops us: no shell with job control is there. */
const NOT_STOPPED_AFTER_MS = 150;

/** How often a process in the background looks whether it has been fetched to the front. */
const FOREGROUND_POLL_MS = 200;

/**
 * Takes the terminal: raw input, alternate screen, no cursor. From then on it is given back whatever happens:
 * `restore`, the end of the process, a crash (70), SIGTERM (143), SIGINT (130), SIGHUP or a lost line (129).
 *
 * @throws what `setRawMode` throws, with the terminal as it was.
 */
export function openTerminal(options: TerminalOptions): Terminal {
	const { stdin, stdout } = options;
	const capabilities = options.capabilities ?? detectCapabilities(options.env, stdout.isTTY === true);
	const processLike = options.process ?? process;
	const inForeground = options.isForeground ?? isForeground;
	/** `displaced`: the shell has the terminal, but it was not given back. */
	let state: 'active' | 'displaced' | 'suspended' | 'restored' = 'active';
	let mouse = options.mouse === true;
	let escapeTimer: NodeJS.Timeout | undefined;
	let resumeTimer: NodeJS.Timeout | undefined;

	const size = (): ScreenSize => ({
		// A serial line has no size of its own and says 0.
		columns: stdout.columns || 80,
		rows: stdout.rows || 24,
	});

	const lose = (cause: 'hangup' | 'input' | 'output'): void => {
		if (state !== 'restored') {
			options.onLost?.(cause);
			guard.end({ kind: 'lost', cause, exitCode: 129 });
		}
	};

	const output =
		options.output ??
		createTtyOutput({
			fd: stdout.fd ?? 1,
			onDrain: () => options.onDrain?.(),
			onLost: () => lose('output'),
		});
	const parser = createInputParser(options.onInput);

	const takeInput = (chunk: Uint8Array): void => {
		clearTimeout(escapeTimer);
		parser.push(chunk);
		if (parser.pending) {
			escapeTimer = setTimeout(() => parser.flush(), options.escapeDelayMs ?? 50);
		}
	};
	const inputEnded = (): void => lose('input');
	const outputFailed = (): void => lose('output');
	const resized = (): void => {
		if (state === 'active') {
			options.onResize(size());
		}
	};

	const enter = (): void => {
		stdin.setRawMode?.(true);
		output.write(enterSequence(capabilities, mouse));
		stdin.on('data', takeInput);
		stdin.resume();
	};

	/** Gives the screen back; each step on its own, for on a lost terminal any of them may fail. */
	const leave = (): void => {
		clearTimeout(escapeTimer);
		attempt(() => output.writeNow(leaveSequence(capabilities, size().rows)));
		attempt(() => stdin.setRawMode?.(false));
		attempt(() => stdin.off('data', takeInput));
		attempt(() => stdin.pause());
	};

	const restore = (): void => {
		if (state === 'restored') {
			return;
		}
		const isSet = state === 'active' || state === 'displaced';
		state = 'restored';
		clearTimeout(resumeTimer);
		if (isSet) {
			leave();
		}
		stdin.off('end', inputEnded);
		stdin.off('close', inputEnded);
		stdout.off('resize', resized);
		// Errors of a lost terminal may still be on their way; without a listener each would be a crash.
		output.close();
		guard.release();
	};

	const resume = (): void => {
		clearTimeout(resumeTimer);
		if (state === 'restored') {
			return;
		}
		if (!inForeground()) {
			// Continued by "bg" or to be killed: whoever sets a terminal from the background is stopped again.
			if (state === 'active') {
				state = 'displaced';
				stdin.pause();
			}
			resumeTimer = setTimeout(resume, FOREGROUND_POLL_MS);
			return;
		}
		if (state !== 'suspended') {
			// Stopped from outside and continued: the shell has had the terminal, so nothing is as we left it.
			leave();
		}
		state = 'active';
		enter();
		guard.catchStop(true);
		stdout._refreshSize?.();
		options.onResize(size());
		options.onResume?.();
	};

	const suspend = (): void => {
		if (state !== 'active') {
			return;
		}
		state = 'suspended';
		leave();
		guard.catchStop(false);
		processLike.kill(0, 'SIGTSTP');
		// Runs when continued, at once if nobody stopped us (no job control above us): then we go on.
		resumeTimer = setTimeout(
			() => setImmediate(() => state === 'suspended' && resume()),
			NOT_STOPPED_AFTER_MS,
		);
	};

	const guard = guardProcess({
		process: processLike,
		restore,
		onEnd: options.onEnd,
		isForeground: inForeground,
		onHangup: () => options.onLost?.('hangup'),
		onStop: suspend,
		// A signal that ends us may have arrived with this one; it goes first.
		onContinue: () => setImmediate(resume),
	});

	stdin.on('end', inputEnded);
	stdin.on('close', inputEnded);
	stdin.on('error', inputEnded);
	stdout.on('error', outputFailed);
	stdout.on('resize', resized);
	try {
		enter();
	} catch (error) {
		restore();
		throw error;
	}

	return {
		capabilities,
		size,
		write: (bytes) => (state === 'active' ? output.write(bytes) : true),
		setMouse(on) {
			if (mouse !== on) {
				mouse = on;
				if (state === 'active') {
					output.write(mouseSequence(capabilities, on));
				}
			}
		},
		setPassThrough: (listener) => parser.setPassThrough(listener),
		suspend,
		restore,
		copyToClipboard(text) {
			if (!capabilities.osc52) {
				return { copied: false, reason: `this terminal (TERM=${capabilities.term}) cannot copy` };
			}
			const sequence = clipboardSequence(text, capabilities.multiplexer);
			if (sequence === undefined) {
				const limit = Math.floor(MAX_CLIPBOARD_BYTES / 1000);
				return { copied: false, reason: `the text is longer than the ${limit} kB a terminal takes` };
			}
			if (state === 'active') {
				output.write(sequence);
			}
			return { copied: true };
		},
	};
}

function attempt(step: () => unknown): void {
	try {
		step();
	} catch {
		// The terminal may be gone; the other steps still count.
	}
}

/** Whether our process group is the terminal's. Source: proc_pid_stat(5), fields pgrp and tpgid. */
function isForeground(): boolean {
	try {
		const stat = readFileSync('/proc/self/stat', 'latin1');
		// The command's name may hold anything, blanks and brackets too.
		const [, , , group, , , terminalGroup] = stat.slice(stat.lastIndexOf(')') + 1).split(' ');
		return group === terminalGroup;
	} catch {
		return true;
	}
}
