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
	const describeAll = rememberedList();
	return (filter) => listedSandboxes(parts, describeAll, filter);
}

/** RPC StreamPodSandboxes: ListPodSandbox for lists that fit no message. */
export function createStreamPodSandboxes(parts: PodParts): ServedRuntime['streamPodSandboxes'] {
	const describeAll = rememberedList();
	return async function* (filter) {
		yield* listedSandboxes(parts, describeAll, filter);
	};
}

type DescribeAll = (records: readonly PodSandboxRecord[]) => readonly PodSandbox[];

/** Newest first, as kubelets and people expect of CRI-O; the same list as the last time for the same records. */
function rememberedList(): DescribeAll {
	const describe = remembered(describeSandbox);
	return remembered((records) => records.filter(isListed).map(describe).reverse());
}

function listedSandboxes(
	{ sandboxes }: Pick<PodParts, 'sandboxes'>,
	describeAll: DescribeAll,
	filter: PodSandboxFilter | undefined,
): readonly PodSandbox[] {
	const listed = describeAll(sandboxes.all());
	return filter === undefined ? listed : listed.filter((pod) => matchesPodSandbox(pod, filter));
}
