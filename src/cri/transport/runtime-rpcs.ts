/** RuntimeService as RPCs of a server: what is about the runtime itself, and the tables of the rest. */
import { readFlag, readMessage, readText } from '../codec-fields.ts';
import { runtimeConfigToWire, statusToWire, versionToWire } from '../codec-runtime.ts';
import { remembered } from '../remember.ts';
import { whenThere } from '../soon.ts';
import { containerRpcs } from './container-rpcs.ts';
import { podSandboxRpcs } from './pod-sandbox-rpcs.ts';
import { noSubject, type ServedRpc, type ServedRpcs, type UnaryRpc } from './served-rpc.ts';
import type { ServedRuntime } from './served-runtime.ts';
import { statsRpcs } from './stats-rpcs.ts';
import { streamingRpcs } from './streaming-rpcs.ts';

function reading(answer: UnaryRpc['answer']): ServedRpc {
	return { kind: 'unary', subject: noSubject, changes: false, answer };
}

/** @returns the RPCs of an implementation, all 34 of them. */
export function runtimeRpcs(runtime: ServedRuntime): ServedRpcs {
	// The encoder knows whole answers that come again by their being the same object.
	const versionOf = remembered(versionToWire);
	const statusOf = remembered(statusToWire);
	return {
		Version: reading((_request, call) => whenThere(runtime.version(call), versionOf)),
		Status: reading((request, call) =>
			whenThere(runtime.status({ verbose: readFlag(request['verbose']) }, call), statusOf),
		),
		RuntimeConfig: reading((_request, call) => whenThere(runtime.runtimeConfig(call), runtimeConfigToWire)),
		UpdateRuntimeConfig: {
			kind: 'unary',
			subject: noSubject,
			changes: true,
			answer: async (request, call) => {
				const network = readMessage(readMessage(request['runtimeConfig'])['networkConfig']);
				await runtime.updateRuntimeConfig({ podCidr: readText(network['podCidr']) }, call);
				return {};
			},
		},
		...podSandboxRpcs(runtime),
		...containerRpcs(runtime),
		...streamingRpcs(runtime),
		...statsRpcs(runtime),
	};
}
