import { constants } from 'node:os';
import type { ContainerStatus } from '../../cri/model.ts';
import type { StreamingExit } from '../../cri/streaming/session.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import type { ShellPhase } from '../store/slices/shell.ts';

type Ended = Extract<ShellPhase, { kind: 'ended' }>;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** `0`, `3`, `137 (SIGKILL)`: the code, and the signal that shells and runtimes put into codes above 128. */
export function exitCodeText(code: number): string {
	const signal = code > 128 ? signalNames.get(code - 128) : undefined;
	return signal ? `${code} (${signal})` : String(code);
}

/** How a shell's end is told. */
export function shellEnding(exit: StreamingExit): Ended {
	switch (exit.kind) {
		case 'exited':
			return {
				kind: 'ended',
				level: exit.exitCode === 0 ? 'ok' : 'warn',
				text: `exited ${exitCodeText(exit.exitCode)}`,
			};
		case 'failed':
			return { kind: 'ended', level: 'fail', text: `could not be run: ${oneLine(exit.message)}` };
		case 'disconnected':
			return { kind: 'ended', level: 'fail', text: `connection lost: ${oneLine(exit.message)}` };
	}
}

/**
 * How an attach's end is told. Runtimes report every attach that ended well as 0; what became of the container is in
 * its status.
 *
 * @param status undefined where it could not be asked.
 */
export function attachEnding(exit: StreamingExit, status: ContainerStatus | undefined): Ended {
	if (status?.state === 'exited') {
		const reason = status.reason === '' ? '' : `, ${oneLine(status.reason)}`;
		return {
			kind: 'ended',
			level: status.exitCode === 0 ? 'ok' : 'warn',
			text: `the container exited ${exitCodeText(status.exitCode)}${reason}`,
		};
	}
	if (exit.kind !== 'exited') return shellEnding(exit);
	const still = status?.state === 'running' ? '; the container is still running' : '';
	return { kind: 'ended', level: 'ok', text: `the attach ended${still}` };
}

function oneLine(text: string): string {
	return sanitizeLine(text.trim().replace(/\s*\n\s*/g, ' '));
}
