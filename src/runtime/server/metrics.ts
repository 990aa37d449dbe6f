import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { PodParts } from './pod-parts.ts';

type Metrics = Pick<
	ServedRuntime,
	'listMetricDescriptors' | 'listPodSandboxMetrics' | 'streamPodSandboxMetrics'
>;

/** RPCs ListMetricDescriptors, ListPodSandboxMetrics, StreamPodSandboxMetrics. */
export function createMetrics(_parts: PodParts): Metrics {
	return {
		listMetricDescriptors: async () => [],
		listPodSandboxMetrics: async () => [],
		async *streamPodSandboxMetrics() {},
	};
}
