/** The namespaces of a container by the modes of the request. Source: CRI proto, NamespaceOption; CRI-O 1.36. */
import { FailedPreconditionError } from '../../cri/errors.ts';
import type { OciNamespace } from './model.ts';
import type { ContainerSpecInput } from './spec-input.ts';

/**
 * What the container joins or has made for it; what is missing is the host's.
 * @throws FailedPreconditionError where it shall share a PID namespace that nobody holds
 */
export function specNamespaces(input: ContainerSpecInput): readonly OciNamespace[] {
	const { namespaces: request, privileged } = input.container.security;
	const paths = input.namespacePaths;
	const namespaces: OciNamespace[] = [{ type: 'mount' }];
	if (request.network !== 'node' && paths.network !== undefined) {
		namespaces.push({ type: 'network', path: paths.network });
	}
	if (request.ipc !== 'node' && paths.ipc !== undefined) namespaces.push({ type: 'ipc', path: paths.ipc });
	if (paths.uts !== undefined) namespaces.push({ type: 'uts', path: paths.uts });

	if (request.pid === 'pod' || request.pid === 'target') {
		if (paths.pid === undefined) {
			throw new FailedPreconditionError(
				`cannot create container "${input.container.metadata.name}": ${pidCause(request.pid, request.targetId)}`,
			);
		}
		namespaces.push({ type: 'pid', path: paths.pid });
	} else if (request.pid !== 'node') {
		namespaces.push({ type: 'pid' });
	}
	// On version 2 the files of a container's own cgroup are all that it sees; a privileged one sees the host's.
	if (input.limits.cgroupVersion === 2 && !privileged) namespaces.push({ type: 'cgroup' });
	return namespaces;
}

function pidCause(mode: 'pod' | 'target', targetId: string): string {
	return mode === 'target'
		? `the container "${targetId}", whose PID namespace it shall share, is not running`
		: 'it shall share the PID namespace of its pod, and the pod was not made with one';
}
