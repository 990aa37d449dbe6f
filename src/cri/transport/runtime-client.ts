/** RuntimeService over a connection: each method is its request, its RPC and its answer's mapping. */
import { containerFilterToWire, mapContainerStatus, resourcesToWire } from '../codec-container.ts';
import { mapList, readBytes, readMessage, readNumber, readText, type WireMessage } from '../codec-fields.ts';
import { mapPodSandboxStatus, podSandboxFilterToWire } from '../codec-pod-sandbox.ts';
import {
	mapContainerEvent,
	mapMetricDescriptor,
	mapRuntimeConfig,
	mapStatus,
	mapVersion,
} from '../codec-runtime.ts';
import { mapContainerStats, mapPodSandboxStats } from '../codec-stats.ts';
import { containerId, podSandboxId } from '../ids.ts';
import type { RuntimeService } from '../ports.ts';
import type { Connection } from './connection.ts';
import { messageToWire } from './message-to-wire.ts';
import { createRuntimeLists } from './runtime-lists.ts';

/** The protocol's own message for a call without arguments. */
const empty: WireMessage = {};

function withFilter(filter: WireMessage | undefined): WireMessage {
	return filter === undefined ? empty : { filter };
}

/** @returns RuntimeService as the runtime at the other end of the connection answers it. */
export function createRuntimeClient(connection: Connection): RuntimeService {
	const { unary } = connection;
	const lists = createRuntimeLists(connection);
	return {
		version: async (options) => mapVersion(await unary('version', empty, options)),
		status: async ({ verbose }, options) => {
			const answer = await unary('status', { verbose }, options);
			return { ...mapStatus(answer), ...(verbose && { raw: answer }) };
		},
		runtimeConfig: async (options) => mapRuntimeConfig(await unary('runtimeConfig', empty, options)),
		updateRuntimeConfig: async ({ podCidr }, options) => {
			await unary('updateRuntimeConfig', { runtimeConfig: { networkConfig: { podCidr } } }, options);
		},

		runPodSandbox: async ({ config, runtimeHandler }, options) => {
			const request = { config: messageToWire(config), runtimeHandler };
			const answer = await unary('runPodSandbox', request, { ...options, object: config.metadata.name });
			return podSandboxId(readText(answer['podSandboxId']));
		},
		stopPodSandbox: async (id, options) => {
			await unary('stopPodSandbox', { podSandboxId: id }, { ...options, object: id });
		},
		removePodSandbox: async (id, options) => {
			await unary('removePodSandbox', { podSandboxId: id }, { ...options, object: id });
		},
		podSandboxStatus: async (id, { verbose }, options) => {
			const request = { podSandboxId: id, verbose };
			const answer = await unary('podSandboxStatus', request, { ...options, object: id });
			return { ...mapPodSandboxStatus(answer), ...(verbose && { raw: answer }) };
		},
		listPodSandbox: async (filter, options) => {
			const request = withFilter(podSandboxFilterToWire(filter));
			return lists.podSandboxes.all(request, options);
		},
		updatePodSandboxResources: async ({ podSandboxId: id, overhead, resources }, options) => {
			const request = {
				podSandboxId: id,
				...(overhead && { overhead: resourcesToWire(overhead) }),
				...(resources && { resources: resourcesToWire(resources) }),
			};
			await unary('updatePodSandboxResources', request, { ...options, object: id });
		},

		createContainer: async ({ podSandboxId: id, config, sandboxConfig }, options) => {
			const request = {
				podSandboxId: id,
				config: messageToWire(config),
				sandboxConfig: messageToWire(sandboxConfig),
			};
			const answer = await unary('createContainer', request, { ...options, object: id });
			return containerId(readText(answer['containerId']));
		},
		startContainer: async (id, options) => {
			await unary('startContainer', { containerId: id }, { ...options, object: id });
		},
		stopContainer: async (id, timeoutSeconds, options) => {
			const request = { containerId: id, timeout: String(Math.trunc(timeoutSeconds)) };
			await unary('stopContainer', request, { ...options, object: id, graceMs: timeoutSeconds * 1000 });
		},
		removeContainer: async (id, options) => {
			await unary('removeContainer', { containerId: id }, { ...options, object: id });
		},
		listContainers: async (filter, options) => {
			const request = withFilter(containerFilterToWire(filter));
			return lists.containers.all(request, options);
		},
		containerStatus: async (id, { verbose }, options) => {
			const request = { containerId: id, verbose };
			const answer = await unary('containerStatus', request, { ...options, object: id });
			return { ...mapContainerStatus(answer), ...(verbose && { raw: answer }) };
		},
		updateContainerResources: async (id, resources, options) => {
			const request = { containerId: id, linux: resourcesToWire(resources) };
			await unary('updateContainerResources', request, { ...options, object: id });
		},
		reopenContainerLog: async (id, options) => {
			await unary('reopenContainerLog', { containerId: id }, { ...options, object: id });
		},
		checkpointContainer: async ({ containerId: id, location, timeoutSeconds }, options) => {
			const request = { containerId: id, location, timeout: String(timeoutSeconds) };
			const graceMs = timeoutSeconds > 0n ? Number(timeoutSeconds) * 1000 : 0;
			await unary('checkpointContainer', request, { ...options, object: id, graceMs });
		},

		execSync: async ({ containerId: id, command, timeoutSeconds }, options) => {
			const request = { containerId: id, cmd: command, timeout: String(Math.trunc(timeoutSeconds)) };
			// The runtime keeps the command's own timeout, so ours only guards against a runtime that hangs.
			const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 + 10_000 : undefined;
			const answer = await unary('execSync', request, { timeoutMs, ...options, object: id });
			return {
				stdout: readBytes(answer['stdout']),
				stderr: readBytes(answer['stderr']),
				exitCode: readNumber(answer['exitCode']),
			};
		},
		exec: async ({ command, ...request }, options) => {
			const answer = await unary(
				'exec',
				{ ...request, cmd: command },
				{ ...options, object: request.containerId },
			);
			return readText(answer['url']);
		},
		attach: async (request, options) => {
			const answer = await unary('attach', { ...request }, { ...options, object: request.containerId });
			return readText(answer['url']);
		},
		portForward: async ({ podSandboxId: id, ports }, options) => {
			const answer = await unary(
				'portForward',
				{ podSandboxId: id, port: ports },
				{ ...options, object: id },
			);
			return readText(answer['url']);
		},

		containerStats: async (id, options) => {
			const answer = await unary('containerStats', { containerId: id }, { ...options, object: id });
			return mapContainerStats(readMessage(answer['stats']));
		},
		listContainerStats: async (filter, options) => {
			const request = withFilter(containerFilterToWire(filter));
			return lists.containerStats.all(request, options);
		},
		podSandboxStats: async (id, options) => {
			const answer = await unary('podSandboxStats', { podSandboxId: id }, { ...options, object: id });
			return mapPodSandboxStats(readMessage(answer['stats']));
		},
		listPodSandboxStats: async (filter, options) => {
			const request = withFilter(podSandboxFilterToWire(filter));
			return lists.podSandboxStats.all(request, options);
		},

		containerEvents: async function* (options) {
			for await (const event of connection.stream('containerEvents', empty, options)) {
				yield mapContainerEvent(event);
			}
		},
		listMetricDescriptors: async (options) => {
			const answer = await unary('listMetricDescriptors', empty, options);
			return mapList(answer['descriptors'], mapMetricDescriptor);
		},
		listPodSandboxMetrics: (options) => lists.podSandboxMetrics.all(empty, options),

		streamPodSandboxes: (filter, options) =>
			lists.podSandboxes.stream(withFilter(podSandboxFilterToWire(filter)), options),
		streamContainers: (filter, options) =>
			lists.containers.stream(withFilter(containerFilterToWire(filter)), options),
		streamContainerStats: (filter, options) =>
			lists.containerStats.stream(withFilter(containerFilterToWire(filter)), options),
		streamPodSandboxStats: (filter, options) =>
			lists.podSandboxStats.stream(withFilter(podSandboxFilterToWire(filter)), options),
		streamPodSandboxMetrics: (options) => lists.podSandboxMetrics.stream(empty, options),
	};
}
