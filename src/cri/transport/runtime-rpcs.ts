/** What a server without pods and containers serves of RuntimeService. */
import { readFlag, type WireMessage } from '../codec-fields.ts';
import { runtimeConfigToWire, statusToWire, versionToWire } from '../codec-runtime.ts';
import type { RuntimeService } from '../ports.ts';
import { noSubject, type ServedRpc, type ServedRpcs, type UnaryRpc } from './served-rpc.ts';

/** The methods that are about the runtime itself. */
export type RuntimeFacts = Pick<RuntimeService, 'version' | 'status' | 'runtimeConfig'>;

/** Lists that are empty where nothing can run; kubelet, crictl and the inspector ask for them all the time. */
const emptyLists = ['ListPodSandbox', 'ListContainers', 'ListContainerStats', 'ListPodSandboxStats'];
const emptyStreams = [
	'StreamPodSandboxes',
	'StreamContainers',
	'StreamContainerStats',
	'StreamPodSandboxStats',
];

function reading(answer: UnaryRpc['answer']): ServedRpc {
	return { kind: 'unary', subject: noSubject, changes: false, answer };
}

const nothing = reading(async () => ({}));
const emptyStream: ServedRpc = {
	kind: 'stream',
	subject: noSubject,
	changes: false,
	answer: async function* (): AsyncGenerator<WireMessage, void> {},
};

/** @returns the RPCs of an implementation, and empty answers to what asks for pods and containers. */
export function runtimeRpcs(runtime: RuntimeFacts): ServedRpcs {
	return {
		Version: reading(async (_request, call) => versionToWire(await runtime.version(call))),
		Status: reading(async (request, call) =>
			statusToWire(await runtime.status({ verbose: readFlag(request['verbose']) }, call)),
		),
		RuntimeConfig: reading(async (_request, call) => runtimeConfigToWire(await runtime.runtimeConfig(call))),
		...Object.fromEntries(emptyLists.map((rpc) => [rpc, nothing])),
		...Object.fromEntries(emptyStreams.map((rpc) => [rpc, emptyStream])),
	};
}
