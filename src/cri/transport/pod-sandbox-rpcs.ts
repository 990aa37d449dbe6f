/** The RPCs of PodSandboxes: each is its request's mapping, its method and its answer's message. */
import { readFlag, readMessage, readText, type WireMessage } from '../codec-fields.ts';
import { mapPodSandboxRequest } from '../codec-pod-request.ts';
import {
	mapPodSandboxFilter,
	podSandboxStatusResponseToWire,
	podSandboxToWire,
} from '../codec-pod-sandbox-served.ts';
import { mapResourcesRequest } from '../codec-resources-request.ts';
import type { PodSandbox } from '../model.ts';
import { remembered } from '../remember.ts';
import { whenThere } from '../soon.ts';
import { inChunks } from './chunks.ts';
import { demandPodSandboxId, podSandboxSubject } from './request-ids.ts';
import { noSubject, type ServedRpcs } from './served-rpc.ts';
import type { ServedRuntime } from './served-runtime.ts';

/** `namespace/name`, for the log. */
function podName(request: WireMessage): string {
	const metadata = readMessage(readMessage(request['config'])['metadata']);
	return `${readText(metadata['namespace'])}/${readText(metadata['name'])}`;
}

/** @returns the RPCs of an implementation. */
export function podSandboxRpcs(runtime: ServedRuntime): ServedRpcs {
	// The encoder knows items and whole answers that come again by their being the same object.
	const itemOf = remembered(podSandboxToWire);
	const answerOf = remembered((items: readonly PodSandbox[]) => ({ items: items.map(itemOf) }));
	return {
		RunPodSandbox: {
			kind: 'unary',
			subject: podName,
			changes: true,
			answer: async (request, call) => {
				const config = mapPodSandboxRequest(request['config']);
				const runtimeHandler = readText(request['runtimeHandler']);
				return { podSandboxId: await runtime.runPodSandbox({ config, runtimeHandler }, call) };
			},
			result: ({ podSandboxId }) => readText(podSandboxId),
		},
		StopPodSandbox: {
			kind: 'unary',
			subject: podSandboxSubject,
			changes: true,
			answer: async (request, call) => {
				await runtime.stopPodSandbox(demandPodSandboxId(request), call);
				return {};
			},
		},
		RemovePodSandbox: {
			kind: 'unary',
			subject: podSandboxSubject,
			changes: true,
			answer: async (request, call) => {
				await runtime.removePodSandbox(demandPodSandboxId(request), call);
				return {};
			},
		},
		PodSandboxStatus: {
			kind: 'unary',
			subject: podSandboxSubject,
			changes: false,
			answer: (request, call) => {
				const verbose = readFlag(request['verbose']);
				return whenThere(runtime.podSandboxStatus(demandPodSandboxId(request), { verbose }, call), (status) =>
					podSandboxStatusResponseToWire(status, BigInt(Date.now()) * 1_000_000n),
				);
			},
		},
		ListPodSandbox: {
			kind: 'unary',
			subject: noSubject,
			changes: false,
			answer: ({ filter }, call) =>
				whenThere(runtime.listPodSandbox(mapPodSandboxFilter(filter), call), answerOf),
		},
		StreamPodSandboxes: {
			kind: 'stream',
			subject: noSubject,
			changes: false,
			answer: async function* ({ filter }, call) {
				for await (const chunk of inChunks(runtime.streamPodSandboxes(mapPodSandboxFilter(filter), call))) {
					yield { podSandboxes: chunk.map(itemOf) };
				}
			},
		},
		UpdatePodSandboxResources: {
			kind: 'unary',
			subject: podSandboxSubject,
			changes: true,
			answer: async (request, call) => {
				const overhead = mapResourcesRequest(request['overhead'], 'overhead');
				const resources = mapResourcesRequest(request['resources'], 'resources');
				const id = demandPodSandboxId(request);
				await runtime.updatePodSandboxResources({ podSandboxId: id, overhead, resources }, call);
				return {};
			},
		},
	};
}
