import type { FlagSpecs } from '../flags.ts';

/** crictl's flag for the OCI runtime of a pod. */
export const runtimeHandlerFlag = {
	runtime: {
		kind: 'text',
		short: 'r',
		value: 'HANDLER',
		help: "the runtime's handler for the pod, such as runc or runsc",
	},
} as const satisfies FlagSpecs;
