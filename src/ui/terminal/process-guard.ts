import { sanitizeText } from '../../text/sanitize.ts';

/** What is needed of `process`. */
export type ProcessLike = {
	readonly pid: number;
	on(event: string, listener: (argument: unknown) => void): unknown;
	off(event: string, listener: (argument: unknown) => void): unknown;
	kill(pid: number, signal: string): unknown;
	exit(code: number): void;
	readonly stderr: { write(text: string): unknown };
};

/** Why the process ends without having been asked by a key. */
export type TerminalEnding =
	| {
			readonly kind: 'signal';
			readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT';
			readonly exitCode: number;
	  }
	| { readonly kind: 'lost'; readonly cause: 'hangup' | 'input' | 'output'; readonly exitCode: number }
	| { readonly kind: 'crash'; readonly error: unknown; readonly exitCode: number };

/** Watches over every way a process can end. */
export type ProcessGuard = {
	/** Restores, tells, exits. Only the first ending counts. */
	end(ending: TerminalEnding): void;
	/** Whether a stop from outside (SIGTSTP) comes to us first. */
	catchStop(on: boolean): void;
	/** Gives the signals back to their defaults. */
	release(): void;
};

/** What a guard does at each event. */
export type ProcessGuardOptions = {
	readonly process: ProcessLike;
	/** Gives the terminal back; called first, whatever happens. */
	readonly restore: () => void;
	readonly onEnd: ((ending: TerminalEnding) => void) | undefined;
	/** Whether the terminal is ours to set just now. */
	readonly isForeground: () => boolean;
	readonly onHangup: () => void;
	readonly onStop: () => void;
	readonly onContinue: () => void;
};

/** By the shell's custom, 128 and the number of the signal. Source: signal(7), bash(1) "EXIT STATUS". */
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131 } as const;

/** An internal fault. Source: sysexits.h, EX_SOFTWARE. */
const CRASH_EXIT_CODE = 70;

/** Installs the handlers. Until `release`, signals and crashes end the process through `end`. */
export function guardProcess(options: ProcessGuardOptions): ProcessGuard {
	const { process: target } = options;
	let isEnding = false;
	const installed: [string, (argument: unknown) => void][] = [];
	const install = (event: string, listener: (argument: unknown) => void): void => {
		target.on(event, listener);
		installed.push([event, listener]);
	};

	const end = (ending: TerminalEnding): void => {
		if (isEnding) {
			return;
		}
		isEnding = true;
		options.restore();
		try {
			options.onEnd?.(ending);
			if (ending.kind === 'crash') {
				target.stderr.write(crashText(ending.error));
			}
		} catch {
			// Nothing may keep the process from ending now.
		}
		if (ending.kind === 'signal' && !options.isForeground()) {
			// At its exit Node sets the terminal's modes, which in the background stops the process for good. The
			// handlers are gone by now, so the signal itself ends it, and a shell sees the same exit code.
			target.kill(target.pid, ending.signal);
			return;
		}
		target.exit(ending.exitCode);
	};

	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
		install(signal, () => {
			if (signal === 'SIGHUP' && !isEnding) {
				options.onHangup();
			}
			end({ kind: 'signal', signal, exitCode: SIGNAL_EXIT_CODES[signal] });
		});
	}
	const crash = (error: unknown): void => end({ kind: 'crash', error, exitCode: CRASH_EXIT_CODE });
	install('uncaughtException', crash);
	install('unhandledRejection', crash);
	install('exit', () => options.restore());
	install('SIGCONT', () => options.onContinue());
	const stop = (): void => options.onStop();
	target.on('SIGTSTP', stop);

	return {
		end,
		catchStop(on) {
			target.off('SIGTSTP', stop);
			if (on) {
				target.on('SIGTSTP', stop);
			}
		},
		release() {
			target.off('SIGTSTP', stop);
			for (const [event, listener] of installed.splice(0)) {
				target.off(event, listener);
			}
		},
	};
}

/** One sentence for the person, the stack for the report. An error's text may come from anywhere. */
function crashText(error: unknown): string {
	const message = error instanceof Error ? error.message : String(error);
	const stack = error instanceof Error ? (error.stack ?? '') : '';
	const sentence = `criscope stopped because of a fault of its own: ${message}`;
	return `${sanitizeText(`${sentence}\n${stack}`).trimEnd()}\n`;
}
