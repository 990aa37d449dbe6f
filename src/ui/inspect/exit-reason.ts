import { exitCodeText } from '../resources/health.ts';

/** What is known about a container that ended. */
export type Ending = {
	readonly exitCode: number;
	readonly reason: string;
	/** The kernel log has a kill of this container for want of memory. */
	readonly oomKillSeen: boolean;
	/** The kernel log could be read, so that no kill in it means something. */
	readonly kernelLogRead: boolean;
};

/**
 * Says in one or two sentences why a container is no longer running.
 * Source: wait(2) and signal(7) for 128+n; POSIX sh for 126 and 127; containerd's and CRI-O's reasons.
 */
export function endingText(ending: Ending): string {
	const { exitCode, reason, oomKillSeen } = ending;
	const code = `exit code ${exitCodeText(exitCode)}`;
	if (reason === 'OOMKilled' || oomKillSeen) {
		return exitCode === 137
			? `The kernel killed it for want of memory: ${code}.`
			: `The kernel killed a process of it for want of memory; its main process ended with ${code}.`;
	}
	if (/^(?:StartError|ContainerCannotRun|CreateContainerError|RunContainerError)$/u.test(reason)) {
		return `It could not be started: ${reason}, ${code}.`;
	}
	if (reason === 'ContainerStatusUnknown' || reason === 'Unknown') {
		return `The runtime lost sight of it and does not know how it ended (${code}).`;
	}
	switch (exitCode) {
		case 0:
			return 'It finished by itself with success: exit code 0.';
		case 126:
			return `Its command was found but could not be executed: ${code}. Wrong architecture, or no execute permission?`;
		case 127:
			return `Its command, or one that its script called, was not found: ${code}.`;
		case 137:
			return `It was killed by force: ${code}. ${
				ending.kernelLogRead
					? 'The kernel log shows no lack of memory, so somebody sent it:'
					: 'The kernel log cannot tell of a lack of memory; otherwise'
			} a stop whose grace time ran out, a failed liveness probe, or a person.`;
		case 139:
			return `It crashed: ${code}, an access to memory that is not its own.`;
		case 143:
			return `It was asked to stop and ended by the signal: ${code}.`;
		case 134:
			return `It gave up by itself: ${code}, abort() after a failed check of its own.`;
		default:
	}
	if (exitCode > 128 && exitCode < 255) return `A signal ended it: ${code}.`;
	if (exitCode === 255)
		return `It ended with ${code}: a status out of range, or a failure the runtime could not name.`;
	return `Its main process ended by itself with ${code}; what went wrong is in its last lines.`;
}
