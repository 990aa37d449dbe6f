/** Tells those who listen what happened to a container or a sandbox. */
import { containerId } from '../../cri/ids.ts';
import type { ContainerEventType } from '../../cri/model.ts';
import { isListed } from '../store/states.ts';
import { describeContainerStatus } from './container-describe.ts';
import { containersOf, type PodParts } from './pod-parts.ts';
import { describeSandboxStatus } from './sandbox-describe.ts';

type Parts = Pick<PodParts, 'sandboxes' | 'containers' | 'events' | 'now'>;

/**
 * @param id of the container, or of the sandbox itself, whose events go by its own id
 * Source: cri-o 1.36 server/server.go, generateCRIEvent; kubelet pleg/evented.go
 */
export function emitEvent(parts: Parts, type: ContainerEventType, id: string, podSandboxId: string): void {
	// Nobody listens most of the time, and the statuses cost something to write.
	if (parts.events.readers === 0) return;
	const sandbox = parts.sandboxes.get(podSandboxId);
	const statuses = containersOf(parts, podSandboxId)
		.filter(isListed)
		.map((container) => describeContainerStatus(container));
	parts.events.publish({
		containerId: containerId(id),
		type,
		createdAtNanos: parts.now(),
		podSandboxStatus: sandbox === undefined ? undefined : describeSandboxStatus(sandbox, []),
		containerStatuses: statuses,
	});
}
