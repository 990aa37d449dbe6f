import { containerId } from '../../cri/ids.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { StreamingServer } from '../streaming/streaming-server.ts';
import { demandNotStopping } from './container-exec-sync.ts';
import type { ContainerHalts } from './container-halt.ts';
import { findRunning, type PodParts } from './pod-parts.ts';

/** RPC Exec: the command starts when the client comes to the URL. @throws NotFoundError, FailedPreconditionError */
export function createExec(
	parts: PodParts,
	halts: ContainerHalts,
	streaming: StreamingServer,
): ServedRuntime['exec'] {
	return async (request) => {
		const { id } = findRunning(parts, request.containerId, 'run a command in container');
		demandNotStopping(halts, id);
		return streaming.execUrl({ ...request, containerId: containerId(id) });
	};
}
