import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { StreamingServer } from '../streaming/streaming-server.ts';
import { findReady, type PodParts } from './pod-parts.ts';

/** RPC PortForward. @throws NotFoundError; FailedPreconditionError where it is stopped */
export function createPortForward(parts: PodParts, streaming: StreamingServer): ServedRuntime['portForward'] {
	return async ({ podSandboxId, ports }) => {
		const { id } = findReady(parts, podSandboxId, 'forward ports of pod sandbox');
		return streaming.portForwardUrl({ podSandboxId: id, ports });
	};
}
