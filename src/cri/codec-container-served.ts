/** Containers to the wire, and the questions about them from it: the server's half of codec-container.ts. */
import { resourcesToWire } from './codec-container.ts';
import { mapOptional, readMessage, readStringMap, readText, type WireMessage } from './codec-fields.ts';
import type {
	Container,
	ContainerMetadata,
	ContainerState,
	ContainerStatus,
	ImageSpec,
	Mount,
	MountPropagation,
} from './model.ts';
import type { ContainerFilter } from './ports.ts';

const stateWords: Readonly<Record<ContainerState, string>> = {
	created: 'CONTAINER_CREATED',
	running: 'CONTAINER_RUNNING',
	exited: 'CONTAINER_EXITED',
	unknown: 'CONTAINER_UNKNOWN',
};
const statesByWord = new Map<unknown, ContainerState>(
	Object.entries(stateWords).map(([state, word]) => [word, state as ContainerState]),
);
const propagationWords: Readonly<Record<MountPropagation, string>> = {
	private: 'PROPAGATION_PRIVATE',
	hostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
	bidirectional: 'PROPAGATION_BIDIRECTIONAL',
	unknown: 'PROPAGATION_PRIVATE',
};

/** Source: message ContainerMetadata. */
export function containerMetadataToWire({ name, attempt }: ContainerMetadata): WireMessage {
	return { name, attempt };
}

/** Source: message Container. */
export function containerToWire(container: Container): WireMessage {
	return {
		id: container.id,
		podSandboxId: container.podSandboxId,
		metadata: containerMetadataToWire(container.metadata),
		image: imageSpecToWire(container.image),
		imageRef: container.imageRef,
		imageId: container.imageId,
		state: stateWords[container.state],
		createdAt: String(container.createdAtNanos ?? 0n),
		labels: container.labels,
		annotations: container.annotations,
	};
}

/** Source: message ContainerStatus, which ContainerStatusResponse, PodSandboxStatusResponse and events carry. */
export function containerStatusToWire(status: ContainerStatus): WireMessage {
	const { podSandboxId: _unnamed, ...container } = containerToWire(status);
	return {
		...container,
		startedAt: String(status.startedAtNanos ?? 0n),
		finishedAt: String(status.finishedAtNanos ?? 0n),
		exitCode: status.exitCode,
		reason: status.reason,
		message: status.message,
		mounts: status.mounts.map(mountToWire),
		logPath: status.logPath,
		resources: status.resources === undefined ? null : { linux: resourcesToWire(status.resources) },
		user:
			status.user === undefined
				? null
				: {
						linux: {
							uid: String(status.user.uid),
							gid: String(status.user.gid),
							supplementalGroups: status.user.supplementalGroups.map(String),
						},
					},
		// SIGRTMIN+3 is SIGRTMINPLUS3 in the protocol.
		stopSignal: status.stopSignal.replace('+', 'PLUS').replace('-', 'MINUS') || 'RUNTIME_DEFAULT',
	};
}

/** Source: message ImageSpec. */
function imageSpecToWire(image: ImageSpec): WireMessage {
	return { ...image };
}

function mountToWire(mount: Mount): WireMessage {
	return {
		containerPath: mount.containerPath,
		hostPath: mount.hostPath,
		readonly: mount.readonly,
		recursiveReadOnly: mount.recursiveReadOnly,
		selinuxRelabel: mount.selinuxRelabel,
		propagation: propagationWords[mount.propagation],
		image: mount.image === undefined ? null : imageSpecToWire(mount.image),
		imageSubPath: mount.imageSubPath,
	};
}

/** Source: messages ContainerFilter and ContainerStatsFilter, which has no state. undefined: all. */
export function mapContainerFilter(value: unknown): ContainerFilter | undefined {
	return mapOptional(value, (wire) => ({
		id: readText(wire['id']) || undefined,
		podSandboxId: readText(wire['podSandboxId']) || undefined,
		state: mapOptional(wire['state'], (state) => statesByWord.get(state['state']) ?? 'unknown'),
		labelSelector: readStringMap(readMessage(wire)['labelSelector']),
	}));
}
