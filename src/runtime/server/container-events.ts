import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { PodParts } from './pod-parts.ts';

/** RPC GetContainerEvents: what happens from now on, to any number of clients. */
export function createContainerEvents({
	events,
}: Pick<PodParts, 'events'>): ServedRuntime['containerEvents'] {
	return (options) => events.subscribe(options);
}
