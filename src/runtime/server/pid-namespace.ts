/** Which PID namespace a container is put into. */
import { FailedPreconditionError } from '../../cri/errors.ts';
import type { ContainerRequest } from '../../cri/pod-request.ts';
import type { PodSandboxRecord } from '../store/model.ts';
import { findRunning, type PodParts } from './pod-parts.ts';

/**
 * @returns undefined for one of its own; the host's is /proc/1/ns/pid, which the maker of the spec knows by the request
 * @throws FailedPreconditionError where the namespace that is to be shared is gone, NotFoundError
 */
export async function pidNamespacePath(
	parts: PodParts,
	sandbox: PodSandboxRecord,
	{ metadata, security }: ContainerRequest,
): Promise<string | undefined> {
	const { pid, targetId } = security.namespaces;
	if (pid === 'pod' && sandbox.infra !== undefined) {
		if (parts.processes.isAlive(sandbox.infra.init)) return `/proc/${sandbox.infra.init.pid}/ns/pid`;
		throw new FailedPreconditionError(
			`cannot create container "${metadata.name}": the infra container of its pod sandbox has ended`,
		);
	}
	if (pid !== 'target') return undefined;
	const target = findRunning(parts, targetId, 'share the processes of container');
	if (target.podSandboxId !== sandbox.id || target.init === undefined) {
		throw new FailedPreconditionError(
			`cannot create container "${metadata.name}": container "${targetId}" is of another pod`,
		);
	}
	return `/proc/${target.init.pid}/ns/pid`;
}
