/** RuntimeService as RPCs of a server: what is about the runtime itself, and the tables of the rest. */
import { readFlag, readMessage, readText } from '../codec-fields.ts';
import { runtimeConfigToWire, statusToWire, versionToWire } from '../codec-runtime.ts';
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
	return {
		Version: reading(async (_request, call) => versionToWire(await runtime.version(call))),
		Status: reading(async (request, call) =>
			statusToWire(await runtime.status({ verbose: readFlag(request['verbose']) }, call)),
		),
		RuntimeConfig: reading(async (_request, call) => runtimeConfigToWire(await runtime.runtimeConfig(call))),
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
