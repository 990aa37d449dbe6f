/** What the CRI says of a container, from its record. Pure. */
import { containerId, imageId, podSandboxId } from '../../cri/ids.ts';
import type { Container, ContainerStatus, StringMap } from '../../cri/model.ts';
import type { ContainerRecord } from '../store/model.ts';
import { containerState } from '../store/states.ts';

export function describeContainer(record: ContainerRecord): Container {
	const { request } = record;
	return {
		id: containerId(record.id),
		podSandboxId: podSandboxId(record.podSandboxId),
		metadata: request.metadata,
		image: request.image,
		imageRef: record.imageRef,
		imageId: imageId(record.imageId),
		state: containerState(record),
		createdAtNanos: record.createdAtNanos,
		labels: request.labels,
		annotations: request.annotations,
	};
}

/** Mounts are those of the request: what the runtime adds of its own is no business of a client. */
export function describeContainerStatus(record: ContainerRecord, info: StringMap = {}): ContainerStatus {
	const { request, user } = record;
	const finished = record.finishedAtNanos !== undefined;
	return {
		...describeContainer(record),
		startedAtNanos: record.startedAtNanos,
		finishedAtNanos: record.finishedAtNanos,
		exitCode: finished ? record.exitCode : 0,
		reason: finished ? record.reason : '',
		message: finished ? record.message : '',
		mounts: record.mounts ?? request.mounts,
		logPath: record.logPath,
		resources: request.resources,
		user:
			user === undefined
				? undefined
				: {
						uid: BigInt(user.uid),
						gid: BigInt(user.gid),
						supplementalGroups: user.additionalGids.map(BigInt),
					},
		stopSignal: record.stopSignal,
		info,
	};
}
