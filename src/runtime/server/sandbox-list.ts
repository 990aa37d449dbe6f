import { matchesPodSandbox } from '../../cri/filters.ts';
import type { PodSandbox } from '../../cri/model.ts';
import type { PodSandboxFilter } from '../../cri/ports.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { isListed } from '../store/states.ts';
import type { PodParts } from './pod-parts.ts';
import { describeSandbox } from './sandbox-describe.ts';

/** RPC ListPodSandbox. What is not there is an empty list. */
export function createListPodSandbox(parts: PodParts): ServedRuntime['listPodSandbox'] {
	return async (filter) => listedSandboxes(parts, filter);
}

/** RPC StreamPodSandboxes: ListPodSandbox for lists that fit no message. */
export function createStreamPodSandboxes(parts: PodParts): ServedRuntime['streamPodSandboxes'] {
	return async function* (filter) {
		yield* listedSandboxes(parts, filter);
	};
}

/** Newest first, as kubelets and people expect of CRI-O. */
function listedSandboxes(
	{ sandboxes }: Pick<PodParts, 'sandboxes'>,
	filter: PodSandboxFilter | undefined,
): readonly PodSandbox[] {
	const listed = sandboxes.all().filter(isListed).map(describeSandbox).reverse();
	return filter === undefined ? listed : listed.filter((pod) => matchesPodSandbox(pod, filter));
}
