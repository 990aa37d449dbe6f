import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { containerState } from '../store/states.ts';
import { dismantleContainer } from './container-dismantle.ts';
import type { ContainerHalts } from './container-halt.ts';
import { containerKey, type PodParts } from './pod-parts.ts';

/** RPC RemoveContainer: by force where it runs. One that is unknown is no error. Source: CRI api.proto, RemoveContainer */
export function createRemoveContainer(
	parts: PodParts,
	halts: ContainerHalts,
): ServedRuntime['removeContainer'] {
	return async (given, options) => {
		const record = parts.containers.find(given);
		if (record === undefined || record.phase === 'creating') return;
		await removeContainer(parts, halts, record.id, options?.signal);
	};
}

/** Removes a container. What cannot be undone now is hidden, and undone later. */
export async function removeContainer(
	parts: PodParts,
	halts: ContainerHalts,
	id: string,
	signal?: AbortSignal,
): Promise<void> {
	parts.creations.claim(id);
	const record = parts.containers.get(id);
	if (record === undefined) return;
	if (record.phase === 'complete' && containerState(record) === 'running')
		await halts.stop(id, 0, { signal });
	await parts.queue.run(containerKey(id), async () => void (await dismantleContainer(parts, id)), { signal });
}
