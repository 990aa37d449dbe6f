/**
 * Ends a shell whose terminal goes away. Runtimes leave the process of an exec running when its connection closes, tty or
 * not, so that every closed shell would stay in the container until it stops. A shell that we start therefore tells its
 * process id first, and gets the SIGHUP that a lost terminal means.
 */
import { containerId } from '../../cri/ids.ts';
import type { RuntimeService } from '../../cri/ports.ts';
import { noteCode } from './terminal-emulator.ts';

/** How long the container may take to deliver the signal. */
const hangUpTimeoutSeconds = 2;

/** The command that tells its process id in a sequence no screen shows, then becomes the shell. */
export function telling(shell: readonly string[]): readonly string[] {
	return [...shell, '-c', `printf '\\033]${noteCode};%d\\007' "$$"; exec "$0" "$@"`, ...shell];
}

/** The process id in a note of that command; undefined for anything else that a container may send. */
export function toldProcessId(note: string): number | undefined {
	return /^[1-9]\d{0,6}$/.test(note) ? Number(note) : undefined;
}

/**
 * Tells the shell that its terminal is gone: it passes that on to its jobs and ends, as after a lost connection. Never
 * rejects: a container that has stopped meanwhile has no shell either.
 */
export async function hangUpShell(
	runtime: Pick<RuntimeService, 'execSync'>,
	shell: { readonly containerId: string; readonly command: readonly string[]; readonly processId: number },
	{ signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
	const command = [...shell.command, '-c', `kill -HUP ${shell.processId}`];
	await runtime
		.execSync(
			{ containerId: containerId(shell.containerId), command, timeoutSeconds: hangUpTimeoutSeconds },
			{ signal, timeoutMs: hangUpTimeoutSeconds * 1000 },
		)
		.catch(() => undefined);
}
