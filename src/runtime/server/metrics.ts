import { statfs } from 'node:fs/promises';
import { containerId, podSandboxId } from '../../cri/ids.ts';
import type { Metric, PodSandboxMetrics } from '../../cri/model.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { ContainerRecord, PodSandboxRecord } from '../store/model.ts';
import { containerState, isListed, podSandboxState } from '../store/states.ts';
import { measureContainer } from './container-stats.ts';
import type { ContainerSource, MetricRow } from './metric-row.ts';
import { containerMetrics, networkMetrics } from './metric-table.ts';
import type { InterfaceCounts } from './net-dev.ts';
import { containersOf, type PodParts } from './pod-parts.ts';
import { countProcesses } from './process-figures.ts';
import { readInterfaces } from './sandbox-stats.ts';
import type { UsageSamples } from './usage-samples.ts';

type Parts = PodParts & { readonly samples: UsageSamples };
type Metrics = Pick<
	ServedRuntime,
	'listMetricDescriptors' | 'listPodSandboxMetrics' | 'streamPodSandboxMetrics'
>;

/** Every value has as many labels as its descriptor has keys. Source: cri-o 1.36, baseLabelKeys */
const baseKeys = ['id', 'image', 'namespace', 'pod', 'container'];

/** What a pod's own figures stand under. Source: cAdvisor */
const podContainerName = 'POD';

/** RPCs ListMetricDescriptors, ListPodSandboxMetrics, StreamPodSandboxMetrics: of pods that are ready. */
export function createMetrics(parts: Parts): Metrics {
	const isIncluded = ({ group }: Pick<MetricRow<never>, 'group'>) =>
		group === undefined || (parts.settings.includedMetrics?.includes(group) ?? true);
	const chosen = () => ({
		ofContainers: containerMetrics.filter(isIncluded),
		ofInterfaces: networkMetrics.filter(isIncluded),
	});
	const measureAll = async (): Promise<readonly PodSandboxMetrics[]> => {
		const ready = parts.sandboxes.all().filter((one) => isListed(one) && podSandboxState(one) === 'ready');
		const rows = chosen();
		return Promise.all(ready.map((record) => metricsOf(parts, record, rows)));
	};
	return {
		listMetricDescriptors: async () => {
			const { ofContainers, ofInterfaces } = chosen();
			return [...ofContainers, ...ofInterfaces].map(({ name, help, labelKeys }) => ({
				name,
				help,
				labelKeys: [...baseKeys, ...labelKeys],
			}));
		},
		listPodSandboxMetrics: measureAll,
		async *streamPodSandboxMetrics() {
			yield* await measureAll();
		},
	};
}

type Rows = {
	readonly ofContainers: readonly MetricRow<ContainerSource>[];
	readonly ofInterfaces: readonly MetricRow<InterfaceCounts>[];
};

async function metricsOf(
	parts: Parts,
	record: PodSandboxRecord,
	{ ofContainers, ofInterfaces }: Rows,
): Promise<PodSandboxMetrics> {
	const running = containersOf(parts, record.id).filter(
		(container) => isListed(container) && containerState(container) === 'running',
	);
	const timestampNanos = parts.now();
	const { namespace, name } = record.request.metadata;
	const interfaces = ofInterfaces.length === 0 ? [] : await readInterfaces(parts, record);
	const podLabels = [record.id, '', namespace, name, podContainerName];
	return {
		podSandboxId: podSandboxId(record.id),
		metrics: interfaces.flatMap((counts) => metricsFrom(ofInterfaces, counts, podLabels, timestampNanos)),
		containers: await Promise.all(
			running.map(async (container) => {
				const { metadata, image } = container.request;
				const labels = [container.id, image.image, namespace, name, metadata.name];
				const source = await measure(parts, container, timestampNanos);
				return {
					containerId: containerId(container.id),
					metrics: metricsFrom(ofContainers, source, labels, timestampNanos),
				};
			}),
		),
	};
}

async function measure(
	parts: Parts,
	record: ContainerRecord,
	timestampNanos: bigint,
): Promise<ContainerSource> {
	const { cgroups, images } = parts;
	const [{ writableLayer }, processes, filesystem] = await Promise.all([
		measureContainer(parts, record),
		countProcesses(cgroups.processes(record.cgroupPath), record.init?.pid),
		statfs(images.graphRoot, { bigint: true }).catch(() => undefined),
	]);
	return {
		record,
		reading: cgroups.read(record.cgroupPath),
		details: cgroups.readDetails(record.cgroupPath),
		processes,
		layerBytes: writableLayer?.usedBytes,
		filesystem: filesystem && {
			bytes: filesystem.blocks * filesystem.bsize,
			inodes: filesystem.files,
			freeInodes: filesystem.ffree,
		},
		nowSeconds: timestampNanos / 1_000_000_000n,
	};
}

function metricsFrom<Source>(
	rows: readonly MetricRow<Source>[],
	source: Source,
	baseLabels: readonly string[],
	timestampNanos: bigint,
): readonly Metric[] {
	return rows.flatMap(({ name, type, values }) =>
		values(source).flatMap(({ value, labels = [] }): readonly Metric[] =>
			value === undefined
				? []
				: [{ name, type, timestampNanos, labelValues: [...baseLabels, ...labels], value }],
		),
	);
}
