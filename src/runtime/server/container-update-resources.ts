import { FailedPreconditionError, InvalidArgumentError } from '../../cri/errors.ts';
import type { ResourcesRequest } from '../../cri/pod-request.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { containerState } from '../store/states.ts';
import { containerKey, findContainer, type PodParts } from './pod-parts.ts';

/**
 * RPC UpdateContainerResources. What the request leaves out stays as it is.
 * @throws NotFoundError; FailedPreconditionError for a container that has ended; InvalidArgumentError for a limit below
 * what is used
 */
export function createUpdateContainerResources(parts: PodParts): ServedRuntime['updateContainerResources'] {
	return async (given, resources, options) => {
		const doing = 'update container';
		const { id } = findContainer(parts, given, doing);
		await parts.queue.run(
			containerKey(id),
			async () => {
				const record = findContainer(parts, id, doing);
				const state = containerState(record);
				if (state === 'exited') {
					throw new FailedPreconditionError(`cannot update container "${id}": it has ended`);
				}
				demandRoom(parts, id, record.cgroupPath, resources);
				const handler = parts.handlers.of(record);
				await parts.processes.update(id, handler, parts.specs.resources(resources, handler), options);
				const merged = mergeResources(record.request.resources, resources);
				await parts.containers.update(id, { request: { ...record.request, resources: merged } });
			},
			options,
		);
	};
}

/** The kernel would kill the container to make it fit. Source: cri-o 1.36 server/container_update_resources.go */
function demandRoom(
	{ cgroups }: PodParts,
	id: string,
	cgroup: string,
	{ memoryLimitBytes }: ResourcesRequest,
): void {
	if (memoryLimitBytes === undefined || memoryLimitBytes <= 0n) return;
	const used = cgroups.read(cgroup)?.memory?.usageBytes ?? 0n;
	if (memoryLimitBytes >= used) return;
	throw new InvalidArgumentError(
		`cannot update container "${id}": linux.memoryLimitInBytes is ${memoryLimitBytes}, and ${used} bytes are used`,
	);
}

/** What is set replaces, what is not set stays. */
export function mergeResources(
	before: ResourcesRequest | undefined,
	change: ResourcesRequest,
): ResourcesRequest {
	if (before === undefined) return change;
	const set = Object.entries(change).filter(([, value]) => {
		if (value === undefined || value === '') return false;
		return typeof value !== 'object' || Object.keys(value).length > 0;
	});
	return { ...before, ...Object.fromEntries(set) };
}
