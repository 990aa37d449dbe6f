import type { ForwardTarget } from '../effects/port-forward-effects.ts';
import type { ShellTarget } from '../effects/shell-session.ts';
import { type ContainerRow, namespaceOf, type PodRow, podNameOf } from '../resources/rows.ts';
import { focusedList, selectedRow } from '../store/selectors.ts';
import type { UiState } from '../store/state.ts';

/** The running container that a key means: the selected one, or the only one of the selected pod; else why none. */
export function runningContainer(state: UiState): ContainerRow | string {
	const list = focusedList(state);
	if (list === 'images') return 'Images do not run: choose a container.';
	if (list === 'containers') {
		const row = selectedRow(state, 'containers');
		if (!row) return 'No container is selected.';
		if (row.departed) return `Container ${row.name} is gone.`;
		return row.container.state === 'running'
			? row
			: `Container ${row.name} is not running: ${row.stateText}.`;
	}
	const pod = selectedRow(state, 'pods');
	if (!pod) return 'No pod is selected.';
	const running = pod.containers.filter(
		({ container, departed }) => container.state === 'running' && !departed,
	);
	const [first, ...others] = running;
	if (!first) return `No container of pod ${pod.name} is running.`;
	return others.length === 0
		? first
		: `Pod ${pod.name} has ${running.length} running containers: press Enter and choose one.`;
}

/** What a session on a container is opened with. */
export function shellTargetOf(row: ContainerRow): ShellTarget {
	return {
		containerId: row.container.id,
		container: row.name,
		pod: podNameOf(row),
		image: row.imageName,
		processId: row.facts?.pid,
	};
}

/** The ready pod that a port is to be forwarded to, and ports it is known to have; else why none. */
export function forwardablePod(
	state: UiState,
): { readonly target: ForwardTarget; readonly ports: readonly number[] } | string {
	const list = focusedList(state);
	if (list === 'images') return 'Images have no ports: choose a pod.';
	if (list === 'pods') {
		const row = selectedRow(state, 'pods');
		return row ? ofPod(row, row.containers) : 'No pod is selected.';
	}
	const row = selectedRow(state, 'containers');
	if (!row) return 'No container is selected.';
	if (row.departed) return `Container ${row.name} is gone.`;
	if (!row.pod) return `The pod of container ${row.name} is gone.`;
	if (row.pod.state === 'notReady') return `Pod ${row.pod.metadata.name} is not ready: it has no network.`;
	return {
		target: { podId: row.pod.id, podName: podNameOf(row), namespace: namespaceOf(row) },
		ports: tcpPorts(row.facts?.ports),
	};
}

function ofPod(row: PodRow, containers: readonly ContainerRow[]): ReturnType<typeof forwardablePod> {
	if (row.departed) return `Pod ${row.name} is gone.`;
	if (row.pod.state === 'notReady') return `Pod ${row.name} is not ready: it has no network.`;
	const declared = containers
		.filter(({ superseded }) => !superseded)
		.flatMap(({ facts }) => facts?.ports ?? []);
	return {
		target: { podId: row.id, podName: row.name, namespace: row.pod.metadata.namespace },
		ports: tcpPorts([...declared, ...(row.facts?.ports ?? [])]),
	};
}

function tcpPorts(
	ports: readonly { readonly protocol: string; readonly containerPort: number }[] = [],
): readonly number[] {
	// Streams are all that can be forwarded.
	return [...new Set(ports.filter(({ protocol }) => protocol === 'TCP').map((port) => port.containerPort))];
}
