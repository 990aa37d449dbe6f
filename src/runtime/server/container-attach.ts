import { InvalidArgumentError } from '../../cri/errors.ts';
import { containerId } from '../../cri/ids.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { StreamingServer } from '../streaming/streaming-server.ts';
import { findAttachable, type PodParts } from './pod-parts.ts';

/** RPC Attach. @throws NotFoundError, FailedPreconditionError; InvalidArgumentError where the terminal is not as said */
export function createAttach(parts: PodParts, streaming: StreamingServer): ServedRuntime['attach'] {
	return async (request) => {
		const { id, request: made } = findAttachable(parts, request.containerId, 'attach to container');
		if (request.tty && !made.tty) {
			throw new InvalidArgumentError(
				`cannot attach to container "${id}": tty is set, and it has no terminal`,
			);
		}
		return streaming.attachUrl({ ...request, containerId: containerId(id) });
	};
}
