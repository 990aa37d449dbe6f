/** The RPCs of measurements and metrics. */
import { mapContainerFilter } from '../codec-container-served.ts';
import { mapPodSandboxFilter } from '../codec-pod-sandbox-served.ts';
import {
	containerStatsToWire,
	metricDescriptorToWire,
	podSandboxMetricsToWire,
	podSandboxStatsToWire,
} from '../codec-stats-served.ts';
import type { PodSandboxStats } from '../model.ts';
import { inChunks } from './chunks.ts';
import { containerSubject, demandContainerId, demandPodSandboxId, podSandboxSubject } from './request-ids.ts';
import { noSubject, type ServedRpc, type ServedRpcs, type StreamRpc, type UnaryRpc } from './served-rpc.ts';
import type { ServedRuntime } from './served-runtime.ts';

function reading(answer: UnaryRpc['answer'], subject: UnaryRpc['subject'] = noSubject): ServedRpc {
	return { kind: 'unary', subject, changes: false, answer };
}

function streaming(answer: StreamRpc['answer']): ServedRpc {
	return { kind: 'stream', subject: noSubject, changes: false, answer };
}

/** Measured just now. */
function podStatsToWire(stats: PodSandboxStats) {
	return podSandboxStatsToWire(stats, BigInt(Date.now()) * 1_000_000n);
}

/** @returns the RPCs of an implementation. */
export function statsRpcs(runtime: ServedRuntime): ServedRpcs {
	return {
		ContainerStats: reading(
			async (request, call) => ({
				stats: containerStatsToWire(await runtime.containerStats(demandContainerId(request), call)),
			}),
			containerSubject,
		),
		ListContainerStats: reading(async ({ filter }, call) => ({
			stats: (await runtime.listContainerStats(mapContainerFilter(filter), call)).map(containerStatsToWire),
		})),
		StreamContainerStats: streaming(async function* ({ filter }, call) {
			for await (const chunk of inChunks(runtime.streamContainerStats(mapContainerFilter(filter), call))) {
				yield { containerStats: chunk.map(containerStatsToWire) };
			}
		}),
		PodSandboxStats: reading(
			async (request, call) => ({
				stats: podStatsToWire(await runtime.podSandboxStats(demandPodSandboxId(request), call)),
			}),
			podSandboxSubject,
		),
		ListPodSandboxStats: reading(async ({ filter }, call) => ({
			stats: (await runtime.listPodSandboxStats(mapPodSandboxFilter(filter), call)).map(podStatsToWire),
		})),
		StreamPodSandboxStats: streaming(async function* ({ filter }, call) {
			for await (const chunk of inChunks(runtime.streamPodSandboxStats(mapPodSandboxFilter(filter), call))) {
				yield { podSandboxStats: chunk.map(podStatsToWire) };
			}
		}),
		ListMetricDescriptors: reading(async (_request, call) => ({
			descriptors: (await runtime.listMetricDescriptors(call)).map(metricDescriptorToWire),
		})),
		ListPodSandboxMetrics: reading(async (_request, call) => ({
			podMetrics: (await runtime.listPodSandboxMetrics(call)).map(podSandboxMetricsToWire),
		})),
		StreamPodSandboxMetrics: streaming(async function* (_request, call) {
			for await (const chunk of inChunks(runtime.streamPodSandboxMetrics(call))) {
				yield { podSandboxMetrics: chunk.map(podSandboxMetricsToWire) };
			}
		}),
	};
}
