import type { Container } from '../../cri/model.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import type { LogTarget } from '../store/slices/logs/logs-state.ts';
import type { UiState } from '../store/state.ts';

/** The log that the pane should show, as the selections are. */
export type WantedLog = {
	readonly target: LogTarget | undefined;
	/** Two wants with one key are the same log. */
	readonly key: string;
	readonly title: string;
	readonly files: readonly { readonly label: string; readonly logPath: string }[];
	/** Why there is no file, as sentences for the person. */
	readonly reason: string;
};

function nameOf({ metadata }: Container): string {
	const name = sanitizeLine(metadata.name);
	return metadata.attempt > 0 ? `${name}#${metadata.attempt}` : name;
}

function nothing(target: LogTarget | undefined, title: string, reason: string): WantedLog {
	return { target, key: `${target?.kind}:${target?.id}:${reason}`, title, files: [], reason };
}

/** Works out which files belong to the selection, or why there are none. */
export function wantedLog(state: UiState): WantedLog {
	return state.logs.mode === 'pod' ? podLog(state) : containerLog(state);
}

/**
 * Where kubelet has a container's log written, for when the runtime cannot be asked.
 * Source: kubelet's BuildContainerLogsDirectory, pkg/kubelet/kuberuntime/helpers.go.
 */
export function usualLogPath({ labels, metadata }: Container): string | undefined {
	const parts = ['namespace', 'name', 'uid'].map((key) => labels[`io.kubernetes.pod.${key}`]);
	// A label with a slash would lead out of the folder.
	if (parts.some((part) => !part || part.includes('/')) || metadata.name.includes('/')) return undefined;
	return `/var/log/pods/${parts.join('_')}/${metadata.name}/${metadata.attempt}.log`;
}

function containerLog({ connection, inventory, lists }: UiState): WantedLog {
	const id = lists.containers.selectedId;
	const container = inventory.containers.find((each) => each.id === id);
	if (!container) return nothing(undefined, '', 'Choose a container to read its log.');
	const target: LogTarget = { kind: 'container', id: container.id };
	const facts = inventory.containerFacts.get(container.id);
	const title = nameOf(container);
	const logPath = facts?.logPath ?? (connection.problem === undefined ? undefined : usualLogPath(container));
	if (logPath === undefined) return nothing(target, title, 'Asking the runtime where the log is …');
	if (logPath === '') {
		const reason =
			'The runtime names no log file for this container: it was made without one. ' +
			'A attaches to the running program instead.';
		return nothing(target, title, reason);
	}
	const files = [{ label: container.metadata.name, logPath }];
	return { target, key: `container:${logPath}`, title, files, reason: '' };
}

function podLog({ inventory, lists }: UiState): WantedLog {
	const id = lists.pods.selectedId;
	const pod = inventory.pods.find((each) => each.id === id);
	if (!pod) return nothing(undefined, '', 'Choose a pod to read the logs of its containers.');
	const target: LogTarget = { kind: 'pod', id: pod.id };
	const title = `pod ${sanitizeLine(pod.metadata.name)}`;
	const newest = new Map<string, Container>();
	for (const container of inventory.containers) {
		if (container.podSandboxId !== pod.id) continue;
		const known = newest.get(container.metadata.name);
		// The history of the newest attempt begins with the earlier ones.
		if (!known || known.metadata.attempt < container.metadata.attempt) {
			newest.set(container.metadata.name, container);
		}
	}
	if (newest.size === 0) return nothing(target, title, 'This pod has no containers.');
	const files = [...newest.values()]
		.map(({ id: containerId, metadata }) => ({
			label: metadata.name,
			logPath: inventory.containerFacts.get(containerId)?.logPath ?? '',
		}))
		.filter(({ logPath }) => logPath !== '')
		.sort((left, right) => (left.label < right.label ? -1 : 1));
	const waiting = [...newest.values()].some(({ id: each }) => !inventory.containerFacts.has(each));
	if (waiting) return nothing(target, title, 'Asking the runtime where the logs are …');
	if (files.length === 0) {
		return nothing(target, title, 'The runtime names no log file for any container of this pod.');
	}
	return { target, key: `pod:${files.map(({ logPath }) => logPath).join('|')}`, title, files, reason: '' };
}
