/** The states of pods and containers, derived from what happened to them and when. Pure. */
import type { ContainerState, PodSandboxState } from '../../cri/model.ts';
import type { ContainerRecord, PodSandboxRecord } from './model.ts';

/** Ready until it is stopped, and never before it is whole. */
export function podSandboxState({
	phase,
	stoppedAtNanos,
}: PodSandboxRecord): Exclude<PodSandboxState, 'unknown'> {
	return phase === 'complete' && stoppedAtNanos === undefined ? 'ready' : 'notReady';
}

/** Source: enum ContainerState; a paused container counts as running, as in CRI-O. */
export function containerState({
	startedAtNanos,
	finishedAtNanos,
}: Pick<ContainerRecord, 'startedAtNanos' | 'finishedAtNanos'>): Exclude<ContainerState, 'unknown'> {
	if (finishedAtNanos !== undefined) return 'exited';
	return startedAtNanos === undefined ? 'created' : 'running';
}

/** Why a container ended, in the words of the CRI's clients. Source: runtime.md section 4 */
export function exitReason({
	exitCode,
	oomKilled,
}: {
	readonly exitCode: number;
	readonly oomKilled: boolean;
}) {
	if (oomKilled) return 'OOMKilled';
	return exitCode === 0 ? 'Completed' : 'Error';
}

/** What is not whole yet, or not any more, is nobody's business: lists and look-ups leave it out. */
export function isListed({ phase }: Pick<ContainerRecord, 'phase'>): boolean {
	return phase === 'complete';
}
