import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { dismantleContainer } from './container-dismantle.ts';
import type { ContainerHalts } from './container-halt.ts';
import { emitEvent } from './emit-event.ts';
import { containerKey, containersOf, type PodParts, sandboxKey } from './pod-parts.ts';
import { dismantleSandbox } from './sandbox-dismantle.ts';
import { stopSandbox } from './sandbox-stop.ts';

/** RPC RemovePodSandbox: stopped by force where it is ready, with all its containers. One that is unknown is no error. */
export function createRemovePodSandbox(
	parts: PodParts,
	halts: ContainerHalts,
): ServedRuntime['removePodSandbox'] {
	return async (id, options) => {
		const record = parts.sandboxes.find(id);
		if (record === undefined || record.phase === 'creating') return;
		await removeSandbox(parts, halts, record.id, options?.signal);
	};
}

/** Removes a sandbox. What cannot be undone now is hidden, and undone later. */
export async function removeSandbox(
	parts: PodParts,
	halts: ContainerHalts,
	id: string,
	signal?: AbortSignal,
): Promise<void> {
	parts.creations.claim(id);
	await stopSandbox(parts, halts, id, signal);
	const containers = containersOf(parts, id);
	await Promise.all(
		containers.map((container) =>
			parts.queue.run(containerKey(container.id), () => dismantleContainer(parts, container.id)),
		),
	);
	await parts.queue.run(sandboxKey(id), async () => {
		if (parts.sandboxes.get(id) === undefined) return;
		emitEvent(parts, 'deleted', id, id);
		await dismantleSandbox(parts, id);
	});
}
