import { FailedPreconditionError } from '../../cri/errors.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { findContainer, type PodParts } from './pod-parts.ts';

/** RPC CheckpointContainer: deliberately absent. @throws NotFoundError, FailedPreconditionError */
export function createCheckpointContainer(parts: PodParts): ServedRuntime['checkpointContainer'] {
	return async ({ containerId }) => {
		findContainer(parts, containerId, 'checkpoint container');
		throw new FailedPreconditionError(
			`cannot checkpoint container "${containerId}": criscope does not use CRIU, and keeps no checkpoints`,
		);
	};
}
