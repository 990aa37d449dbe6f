import { matchesContainer } from '../../cri/filters.ts';
import type { Container } from '../../cri/model.ts';
import type { ContainerFilter } from '../../cri/ports.ts';
import { remembered } from '../../cri/remember.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { ContainerRecord } from '../store/model.ts';
import { isListed } from '../store/states.ts';
import { describeContainer } from './container-describe.ts';
import type { PodParts } from './pod-parts.ts';

/** RPC ListContainers. What is not there is an empty list. */
export function createListContainers(parts: PodParts): ServedRuntime['listContainers'] {
	const describeAll = rememberedList();
	return (filter) => listedContainers(parts, describeAll, filter);
}

/** RPC StreamContainers: ListContainers for lists that fit no message. */
export function createStreamContainers(parts: PodParts): ServedRuntime['streamContainers'] {
	const describeAll = rememberedList();
	return async function* (filter) {
		yield* listedContainers(parts, describeAll, filter);
	};
}

type DescribeAll = (records: readonly ContainerRecord[]) => readonly Container[];

/** Newest first; the same objects as the last time for records that are the same, the list itself among them. */
function rememberedList(): DescribeAll {
	const describe = remembered(describeContainer);
	return remembered((records) => records.filter(isListed).map(describe).reverse());
}

function listedContainers(
	{ containers }: Pick<PodParts, 'containers'>,
	describeAll: DescribeAll,
	filter: ContainerFilter | undefined,
): readonly Container[] {
	const listed = describeAll(containers.all());
	return filter === undefined ? listed : listed.filter((container) => matchesContainer(container, filter));
}

/** The records that a filter without a state fits, for measurements. */
export function selectedContainers(
	{ containers }: Pick<PodParts, 'containers'>,
	filter: Omit<ContainerFilter, 'state'> | undefined,
): readonly ContainerRecord[] {
	const listed = containers.all().filter(isListed);
	return filter === undefined
		? listed
		: listed.filter((record) => matchesContainer(describeContainer(record), filter));
}
