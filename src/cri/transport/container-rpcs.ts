/** The RPCs of containers: each is its request's mapping, its method and its answer's message. */

import { mapContainerRequest } from '../codec-container-request.ts';
import { containerStatusToWire, containerToWire, mapContainerFilter } from '../codec-container-served.ts';
import { readBigint, readFlag, readMessage, readText, type WireMessage } from '../codec-fields.ts';
import { mapPodSandboxRequest } from '../codec-pod-request.ts';
import { checkInteger, checkPath, refuse } from '../codec-request-checks.ts';
import { mapResourcesRequest } from '../codec-resources-request.ts';
import { containerEventToWire } from '../codec-stats-served.ts';
import type { Container, ContainerStatus } from '../model.ts';
import { remembered } from '../remember.ts';
import { whenThere } from '../soon.ts';
import { inChunks } from './chunks.ts';
import { containerSubject, demandContainerId, demandPodSandboxId, podSandboxSubject } from './request-ids.ts';
import { noSubject, type ServedRpcs, type UnaryRpc } from './served-rpc.ts';
import type { ServedRuntime } from './served-runtime.ts';

/** Longest grace of a stop in seconds; 2^31 ms is as far as a timer reaches. */
const longestStopSeconds = 2_000_000n;

function changing(
	answer: (request: WireMessage, call: Parameters<UnaryRpc['answer']>[1]) => Promise<void>,
): UnaryRpc {
	return {
		kind: 'unary',
		subject: containerSubject,
		changes: true,
		answer: async (request, call) => {
			await answer(request, call);
			return {};
		},
	};
}

/** A grace that is too long for a timer is as good as one that is just short enough; a negative one is none. */
function stopSeconds(value: unknown): number {
	const seconds = readBigint(value);
	if (seconds <= 0n) return 0;
	return Number(seconds < longestStopSeconds ? seconds : longestStopSeconds);
}

/** @returns the RPCs of an implementation. */
export function containerRpcs(runtime: ServedRuntime): ServedRpcs {
	// The encoder knows items and whole answers that come again by their being the same object.
	const itemOf = remembered(containerToWire);
	const answerOf = remembered((containers: readonly Container[]) => ({ containers: containers.map(itemOf) }));
	const statusAnswerOf = remembered((status: ContainerStatus) => ({
		status: containerStatusToWire(status),
		info: status.info,
	}));
	return {
		CreateContainer: {
			kind: 'unary',
			subject: (request) =>
				`${podSandboxSubject(request)} ${readText(readMessage(readMessage(request['config'])['metadata'])['name'])}`,
			changes: true,
			answer: async (request, call) => {
				const id = demandPodSandboxId(request);
				const config = mapContainerRequest(request['config']);
				const sandboxConfig = mapPodSandboxRequest(request['sandboxConfig'], 'sandboxConfig');
				return {
					containerId: await runtime.createContainer({ podSandboxId: id, config, sandboxConfig }, call),
				};
			},
			result: ({ containerId }) => readText(containerId),
		},
		StartContainer: changing((request, call) => runtime.startContainer(demandContainerId(request), call)),
		StopContainer: changing((request, call) =>
			runtime.stopContainer(demandContainerId(request), stopSeconds(request['timeout']), call),
		),
		RemoveContainer: changing((request, call) => runtime.removeContainer(demandContainerId(request), call)),
		ListContainers: {
			kind: 'unary',
			subject: noSubject,
			changes: false,
			answer: ({ filter }, call) =>
				whenThere(runtime.listContainers(mapContainerFilter(filter), call), answerOf),
		},
		StreamContainers: {
			kind: 'stream',
			subject: noSubject,
			changes: false,
			answer: async function* ({ filter }, call) {
				for await (const chunk of inChunks(runtime.streamContainers(mapContainerFilter(filter), call))) {
					yield { containers: chunk.map(itemOf) };
				}
			},
		},
		ContainerStatus: {
			kind: 'unary',
			subject: containerSubject,
			changes: false,
			answer: (request, call) => {
				const verbose = readFlag(request['verbose']);
				return whenThere(
					runtime.containerStatus(demandContainerId(request), { verbose }, call),
					statusAnswerOf,
				);
			},
		},
		UpdateContainerResources: changing(async (request, call) => {
			const resources = mapResourcesRequest(request['linux'], 'linux') ?? refuse('linux', 'is missing');
			await runtime.updateContainerResources(demandContainerId(request), resources, call);
		}),
		ReopenContainerLog: changing((request, call) =>
			runtime.reopenContainerLog(demandContainerId(request), call),
		),
		CheckpointContainer: changing((request, call) =>
			runtime.checkpointContainer(
				{
					containerId: demandContainerId(request),
					location: checkPath(request['location'], 'location'),
					timeoutSeconds: checkInteger(request['timeout'], 'timeout', [-(2n ** 31n), 2n ** 31n]),
				},
				call,
			),
		),
		GetContainerEvents: {
			kind: 'stream',
			subject: noSubject,
			changes: false,
			answer: async function* (_request, call) {
				for await (const event of runtime.containerEvents(call)) yield containerEventToWire(event);
			},
		},
	};
}
