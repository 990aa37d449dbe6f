import { matchesPodSandbox } from '../../cri/filters.ts';
import type { PodSandbox } from '../../cri/model.ts';
import type { PodSandboxFilter } from '../../cri/ports.ts';
import { remembered } from '../../cri/remember.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { PodSandboxRecord } from '../store/model.ts';
import { isListed } from '../store/states.ts';
import type { PodParts } from './pod-parts.ts';
import { describeSandbox } from './sandbox-describe.ts';

/** RPC ListPodSandbox. What is not there is an empty list. */
export function createListPodSandbox(parts: PodParts): ServedRuntime['listPodSandbox'] {
	const describe = remembered(describeSandbox);
	return async (filter) => listedSandboxes(parts, describe, filter);
}

/** RPC StreamPodSandboxes: ListPodSandbox for lists that fit no message. */
export function createStreamPodSandboxes(parts: PodParts): ServedRuntime['streamPodSandboxes'] {
	const describe = remembered(describeSandbox);
	return async function* (filter) {
		yield* listedSandboxes(parts, describe, filter);
	};
}

/** Newest first, as kubelets and people expect of CRI-O; the same objects as the last time for the same records. */
function listedSandboxes(
	{ sandboxes }: Pick<PodParts, 'sandboxes'>,
	describe: (record: PodSandboxRecord) => PodSandbox,
	filter: PodSandboxFilter | undefined,
): readonly PodSandbox[] {
	const listed = sandboxes.all().filter(isListed).map(describe).reverse();
	return filter === undefined ? listed : listed.filter((pod) => matchesPodSandbox(pod, filter));
}
