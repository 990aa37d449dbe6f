/** What the CRI says of a sandbox, from its record. Pure. */
import { podSandboxId } from '../../cri/ids.ts';
import type { ContainerStatus, PodSandbox, PodSandboxStatus, StringMap } from '../../cri/model.ts';
import type { PodSandboxRecord } from '../store/model.ts';
import { podSandboxState } from '../store/states.ts';

export function describeSandbox(record: PodSandboxRecord): PodSandbox {
	const { request } = record;
	return {
		id: podSandboxId(record.id),
		metadata: request.metadata,
		state: podSandboxState(record),
		createdAtNanos: record.createdAtNanos,
		labels: request.labels,
		annotations: request.annotations,
		runtimeHandler: record.runtimeHandler,
	};
}

/** A stopped sandbox has no address any more: somebody else may have it by now. */
export function describeSandboxStatus(
	record: PodSandboxRecord,
	containerStatuses: readonly ContainerStatus[],
	info: StringMap = {},
): PodSandboxStatus {
	const { namespaces } = record.request.security;
	const [ip = '', ...additionalIps] = record.networkStopped ? [] : (record.network?.ips ?? []);
	return {
		...describeSandbox(record),
		ip,
		additionalIps,
		namespaces: {
			network: namespaces.network,
			pid: namespaces.pid,
			ipc: namespaces.ipc,
			targetId: namespaces.targetId,
			userns: namespaces.userns?.mode,
		},
		info,
		containerStatuses,
	};
}
