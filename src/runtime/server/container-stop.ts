import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { isListed } from '../store/states.ts';
import type { ContainerHalts } from './container-halt.ts';
import type { PodParts } from './pod-parts.ts';

/** RPC StopContainer. One that is unknown or has ended is no error. A later, shorter stop hurries an earlier one. */
export function createStopContainer(parts: PodParts, halts: ContainerHalts): ServedRuntime['stopContainer'] {
	return async (given, timeoutSeconds, options) => {
		const record = parts.containers.find(given);
		if (record === undefined || !isListed(record) || record.finishedAtNanos !== undefined) return;
		await halts.stop(record.id, timeoutSeconds * 1000, options);
	};
}
