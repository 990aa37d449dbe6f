import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';

/**
 * RPC Version. A client refuses a runtime that leaves one of the four empty.
 * Source: runtime.md §1; `version` is the kubelet's own of the protocol, the same in every runtime.
 */
export function createVersion(runtimeVersion: string): ServedRuntime['version'] {
	const answer = { version: '0.1.0', runtimeName: 'criscope', runtimeVersion, runtimeApiVersion: 'v1' };
	return () => answer;
}
