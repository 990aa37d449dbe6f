import { containerId } from '../../cri/ids.ts';
import type { ContainerStats, FilesystemUsage, IoUsage } from '../../cri/model.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { CgroupReading } from '../cgroup/cgroups.ts';
import type { ContainerRecord } from '../store/model.ts';
import { containerState } from '../store/states.ts';
import { selectedContainers } from './container-list.ts';
import { findContainer, type PodParts } from './pod-parts.ts';
import type { UsageSamples } from './usage-samples.ts';

type Parts = PodParts & { readonly samples: UsageSamples };

/** RPC ContainerStats. @throws NotFoundError */
export function createContainerStats(parts: Parts): ServedRuntime['containerStats'] {
	return async (id) => measureContainer(parts, findContainer(parts, id, 'measure container'));
}

/** RPC ListContainerStats: of those that have not ended. */
export function createListContainerStats(parts: Parts): ServedRuntime['listContainerStats'] {
	return async (filter) => measureContainers(parts, selectedContainers(parts, filter));
}

/** RPC StreamContainerStats. */
export function createStreamContainerStats(parts: Parts): ServedRuntime['streamContainerStats'] {
	return async function* (filter) {
		yield* await measureContainers(parts, selectedContainers(parts, filter));
	};
}

/** Containers that have ended use nothing, and are left out. */
export async function measureContainers(
	parts: Parts,
	records: readonly ContainerRecord[],
): Promise<readonly ContainerStats[]> {
	const living = records.filter((record) => containerState(record) !== 'exited');
	return Promise.all(living.map((record) => measureContainer(parts, record)));
}

/** What the kernel counts for it now. What cannot be had is undefined. */
export async function measureContainer(parts: Parts, record: ContainerRecord): Promise<ContainerStats> {
	const reading = parts.cgroups.read(record.cgroupPath);
	const { labels, annotations, metadata } = record.request;
	return {
		id: containerId(record.id),
		metadata,
		labels,
		annotations,
		cpu: parts.samples.withRate(record.id, reading?.cpu),
		memory: reading?.memory,
		writableLayer: await measureLayer(parts, record.id),
		swapUsageBytes: reading?.swapBytes,
		io: ioUsage(reading),
	};
}

/** Undefined where the kernel does not say how long they waited. */
export function ioUsage(reading: CgroupReading | undefined): IoUsage | undefined {
	return reading?.ioPsi && { timestampNanos: reading.timestampNanos, psi: reading.ioPsi };
}

async function measureLayer(parts: Parts, id: string): Promise<FilesystemUsage | undefined> {
	try {
		return await parts.samples.remembered(id, async () => {
			const { usedBytes, inodesUsed } = await parts.layers.usage(id);
			return {
				timestampNanos: parts.now(),
				mountpoint: parts.images.graphRoot,
				usedBytes: BigInt(usedBytes),
				inodesUsed: BigInt(inodesUsed),
			};
		});
	} catch {
		// Removed meanwhile: the next list does not have it.
		return undefined;
	}
}
