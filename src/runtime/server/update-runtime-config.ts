import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { Log } from '../log.ts';

/** RPC UpdateRuntimeConfig: a pod CIDR is the network plugins' business, whose configuration has it. Source: cri-o 1.36 */
export function createUpdateRuntimeConfig(log: Log): ServedRuntime['updateRuntimeConfig'] {
	return async ({ podCidr }) => {
		if (podCidr !== '') log('info', 'a pod CIDR was given, and is left to the network plugins', { podCidr });
	};
}
