/** What the state knows of the demo. */
import { isOfDemo } from '../../cri/demo-mark.ts';
import type { PodSandbox } from '../../cri/model.ts';
import type { ActionTarget, Change } from './slices/actions.ts';
import type { UiState } from './state.ts';

/** Its pods, as the runtime listed them last; also those of a part of one. */
export function demoPods({ inventory }: UiState): readonly PodSandbox[] {
	return inventory.pods.filter((pod) => isOfDemo(pod) && !inventory.departed.has(pod.id));
}

/** The change that makes or removes it now, if there is one. */
export function demoChange({ actions }: UiState): Change | undefined {
	return actions.changes.find(
		({ endedAtMs, targets }) => endedAtMs === undefined && targets[0]?.kind === 'demo',
	);
}

/** Whether the runtime has listed its pods, and there were none. */
export function runsNoPods({ inventory }: UiState): boolean {
	return (
		inventory.refreshedAtMs.pods !== undefined && inventory.pods.every(({ id }) => inventory.departed.has(id))
	);
}

/** The demo as the one object of a change. */
export const demoTarget: ActionTarget = {
	kind: 'demo',
	id: 'demo',
	name: 'the demo',
	podName: '',
	namespace: '',
	graceSeconds: undefined,
	sizeBytes: 0n,
};
