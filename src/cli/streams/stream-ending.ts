/** What the end of a session means to whoever started it. */
import { tellFailure } from '../failures.ts';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';
import type { StreamEnd } from './stream-session.ts';

/** The exit code of what could not be run, or was lost sight of. Source: crictl 1.36. */
const exitFailure = 1;

/**
 * The exit code for how a session ended: the command's own, 0 after a detach, 1 where it could not be run or was lost, which
 * is told on stderr.
 * @param texts.what the object in sentences: `container "web"`
 * @param texts.purpose what was tried: `run the command in`, `attach to`
 */
export function streamExitCode(
	end: StreamEnd,
	{ what, purpose }: { readonly what: string; readonly purpose: string },
	context: Pick<VerbContext, 'stderr'>,
): number {
	switch (end.kind) {
		case 'exited':
			return end.exitCode;
		case 'detached':
			return 0;
		case 'failed':
			// Our own runtime speaks in whole sentences.
			tellFailure(
				context,
				end.message.startsWith('cannot ') ? end.message : `cannot ${purpose} ${what}: ${end.message}`,
			);
			return exitFailure;
		case 'disconnected':
			tellFailure(context, `lost the session with ${what}: ${end.message}; what runs there may still run`);
			return exitFailure;
	}
}

/**
 * Says no to a tty where there is no terminal to put it on, before anything is started. Source: crictl 1.36 refuses the same.
 * @throws UsageError
 */
export function requireTerminal(
	flags: { readonly tty: boolean; readonly stdin: boolean },
	context: Pick<VerbContext, 'terminal'>,
): void {
	if (!flags.tty) return;
	if (!flags.stdin) throw new UsageError('-t needs -i: a terminal that nobody can type at is of no use');
	if (!context.terminal) {
		throw new UsageError('-t needs a terminal, and standard input is none; -i alone takes a pipe or a file');
	}
}
