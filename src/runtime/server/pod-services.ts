/** RuntimeService as this runtime implements it: the table of its RPCs. */
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { StreamingServer } from '../streaming/streaming-server.ts';
import { createAttach } from './container-attach.ts';
import { createCheckpointContainer } from './container-checkpoint.ts';
import { createCreateContainer } from './container-create.ts';
import { createContainerEvents } from './container-events.ts';
import { createExec } from './container-exec.ts';
import { createExecSync } from './container-exec-sync.ts';
import type { ContainerHalts } from './container-halt.ts';
import { createListContainers, createStreamContainers } from './container-list.ts';
import { createRemoveContainer } from './container-remove.ts';
import { createReopenContainerLog } from './container-reopen-log.ts';
import { createStartContainer } from './container-start.ts';
import {
	createContainerStats,
	createListContainerStats,
	createStreamContainerStats,
} from './container-stats.ts';
import { createContainerStatus } from './container-status.ts';
import { createStopContainer } from './container-stop.ts';
import { createUpdateContainerResources } from './container-update-resources.ts';
import { createMetrics } from './metrics.ts';
import type { PodParts } from './pod-parts.ts';
import { createRuntimeConfig } from './runtime-config.ts';
import { createListPodSandbox, createStreamPodSandboxes } from './sandbox-list.ts';
import { createPortForward } from './sandbox-port-forward.ts';
import { createRemovePodSandbox } from './sandbox-remove.ts';
import { createRunPodSandbox } from './sandbox-run.ts';
import {
	createListPodSandboxStats,
	createPodSandboxStats,
	createStreamPodSandboxStats,
} from './sandbox-stats.ts';
import { createPodSandboxStatus } from './sandbox-status.ts';
import { createStopPodSandbox } from './sandbox-stop.ts';
import { createUpdatePodSandboxResources } from './sandbox-update-resources.ts';
import { createStatus, type StatusFacts } from './status.ts';
import { createUpdateRuntimeConfig } from './update-runtime-config.ts';
import type { UsageSamples } from './usage-samples.ts';
import { createVersion } from './version.ts';

/** What the table is made of, besides the parts that every RPC has. */
export type ServiceParts = PodParts & {
	readonly samples: UsageSamples;
	readonly halts: ContainerHalts;
	readonly streaming: StreamingServer;
	readonly facts: StatusFacts;
	/** Of this program. */
	readonly version: string;
};

export function createRuntimeService(parts: ServiceParts): ServedRuntime {
	const { halts, streaming } = parts;
	return {
		version: createVersion(parts.version),
		status: createStatus(parts, parts.facts),
		runtimeConfig: createRuntimeConfig(parts),
		updateRuntimeConfig: createUpdateRuntimeConfig(parts.log),

		runPodSandbox: createRunPodSandbox(parts),
		stopPodSandbox: createStopPodSandbox(parts, halts),
		removePodSandbox: createRemovePodSandbox(parts, halts),
		podSandboxStatus: createPodSandboxStatus(parts),
		listPodSandbox: createListPodSandbox(parts),
		streamPodSandboxes: createStreamPodSandboxes(parts),
		updatePodSandboxResources: createUpdatePodSandboxResources(parts),

		createContainer: createCreateContainer(parts),
		startContainer: createStartContainer(parts, halts),
		stopContainer: createStopContainer(parts, halts),
		removeContainer: createRemoveContainer(parts, halts),
		listContainers: createListContainers(parts),
		streamContainers: createStreamContainers(parts),
		containerStatus: createContainerStatus(parts),
		updateContainerResources: createUpdateContainerResources(parts),
		reopenContainerLog: createReopenContainerLog(parts),
		checkpointContainer: createCheckpointContainer(parts),
		containerEvents: createContainerEvents(parts),

		execSync: createExecSync(parts, halts),
		exec: createExec(parts, halts, streaming),
		attach: createAttach(parts, streaming),
		portForward: createPortForward(parts, streaming),

		containerStats: createContainerStats(parts),
		listContainerStats: createListContainerStats(parts),
		streamContainerStats: createStreamContainerStats(parts),
		podSandboxStats: createPodSandboxStats(parts),
		listPodSandboxStats: createListPodSandboxStats(parts),
		streamPodSandboxStats: createStreamPodSandboxStats(parts),
		...createMetrics(parts),
	};
}
