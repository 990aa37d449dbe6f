import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { findRunning, type PodParts } from './pod-parts.ts';

/** RPC ReopenContainerLog, after the log was renamed. @throws NotFoundError; FailedPreconditionError where it does not run */
export function createReopenContainerLog(parts: PodParts): ServedRuntime['reopenContainerLog'] {
	return async (given, options) => {
		const record = findRunning(parts, given, 'reopen the log of container');
		await parts.processes.reopenLog(parts.paths.containerPaths(record.id, record.logPath), options);
	};
}
