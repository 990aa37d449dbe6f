import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { PodParts } from './pod-parts.ts';

/** RPC RuntimeConfig: who makes cgroups, so that a kubelet does it the same way. */
export function createRuntimeConfig({ cgroups }: Pick<PodParts, 'cgroups'>): ServedRuntime['runtimeConfig'] {
	return () => ({ cgroupDriver: cgroups.driver });
}
