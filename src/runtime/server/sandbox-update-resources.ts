import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { findSandbox, type PodParts, sandboxKey } from './pod-parts.ts';

/**
 * RPC UpdatePodSandboxResources: remembered. The pod's cgroup is the kubelet's, who has set it by now; ours is told so that
 * the record says what holds. Source: cri-o 1.36 server/update_pod_sandbox_resources.go. @throws NotFoundError
 */
export function createUpdatePodSandboxResources(parts: PodParts): ServedRuntime['updatePodSandboxResources'] {
	return async ({ podSandboxId, overhead, resources }, options) => {
		const { id } = findSandbox(parts, podSandboxId, 'update the resources of pod sandbox');
		await parts.queue.run(
			sandboxKey(id),
			async () => {
				const { request } = findSandbox(parts, id, 'update the resources of pod sandbox');
				const pages = { hugepageLimits: [] };
				await parts.sandboxes.update(id, {
					request: {
						...request,
						overhead: overhead === undefined ? request.overhead : { ...pages, ...overhead },
						resources: resources === undefined ? request.resources : { ...pages, ...resources },
					},
				});
			},
			options,
		);
	};
}
