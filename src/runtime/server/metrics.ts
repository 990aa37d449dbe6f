import { containerId, podSandboxId } from '../../cri/ids.ts';
import type { Metric, PodSandboxMetrics } from '../../cri/model.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { ContainerRecord, PodSandboxRecord } from '../store/model.ts';
import { containerState, isListed, podSandboxState } from '../store/states.ts';
import { measureContainer } from './container-stats.ts';
import { containerMetrics, type MetricRow, networkMetrics } from './metric-table.ts';
import { containersOf, type PodParts } from './pod-parts.ts';
import { readInterfaces } from './sandbox-stats.ts';
import type { UsageSamples } from './usage-samples.ts';

type Parts = PodParts & { readonly samples: UsageSamples };
type Metrics = Pick<
	ServedRuntime,
	'listMetricDescriptors' | 'listPodSandboxMetrics' | 'streamPodSandboxMetrics'
>;

/** Every value has as many labels as its descriptor has keys. Source: cri-o 1.36, baseLabelKeys */
const baseKeys = ['id', 'name', 'image'];
const networkKeys = [...baseKeys, 'interface'];

/** RPCs ListMetricDescriptors, ListPodSandboxMetrics, StreamPodSandboxMetrics: of pods that are ready. */
export function createMetrics(parts: Parts): Metrics {
	return {
		listMetricDescriptors: async () => [
			...containerMetrics.map(({ name, help }) => ({ name, help, labelKeys: baseKeys })),
			...networkMetrics.map(({ name, help }) => ({ name, help, labelKeys: networkKeys })),
		],
		listPodSandboxMetrics: () => measureAll(parts),
		async *streamPodSandboxMetrics() {
			yield* await measureAll(parts);
		},
	};
}

async function measureAll(parts: Parts): Promise<readonly PodSandboxMetrics[]> {
	const ready = parts.sandboxes.all().filter((one) => isListed(one) && podSandboxState(one) === 'ready');
	return Promise.all(ready.map((record) => metricsOf(parts, record)));
}

async function metricsOf(parts: Parts, record: PodSandboxRecord): Promise<PodSandboxMetrics> {
	const running = containersOf(parts, record.id).filter(
		(container) => isListed(container) && containerState(container) === 'running',
	);
	const timestampNanos = parts.now();
	const interfaces = await readInterfaces(parts, record);
	return {
		podSandboxId: podSandboxId(record.id),
		metrics: interfaces.flatMap((usage) =>
			rowsOf(networkMetrics, usage, [record.id, record.name, '', usage.name], timestampNanos),
		),
		containers: await Promise.all(
			running.map(async (container) => ({
				containerId: containerId(container.id),
				metrics: await containerMetricsOf(parts, container, timestampNanos),
			})),
		),
	};
}

async function containerMetricsOf(
	parts: Parts,
	record: ContainerRecord,
	timestampNanos: bigint,
): Promise<readonly Metric[]> {
	const { writableLayer } = await measureContainer(parts, record);
	const source = {
		record,
		reading: parts.cgroups.read(record.cgroupPath),
		layerBytes: writableLayer?.usedBytes,
		layerInodes: writableLayer?.inodesUsed,
		nowSeconds: timestampNanos / 1_000_000_000n,
	};
	const labels = [record.id, record.name, record.request.image.image];
	return rowsOf(containerMetrics, source, labels, timestampNanos);
}

function rowsOf<Source>(
	rows: readonly MetricRow<Source>[],
	source: Source,
	labelValues: readonly string[],
	timestampNanos: bigint,
): readonly Metric[] {
	return rows.flatMap(({ name, type, value: read }): readonly Metric[] => {
		const value = read(source);
		return value === undefined ? [] : [{ name, type, timestampNanos, labelValues, value }];
	});
}
