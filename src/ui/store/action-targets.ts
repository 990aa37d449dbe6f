/** From rows to what a change is done to: grace times, what must not be touched, what a prune would take. */

import { containerRows } from '../resources/container-rows.ts';
import { imageRows } from '../resources/image-rows.ts';
import { podRows } from '../resources/pod-rows.ts';
import {
	type ContainerRow,
	type ImageRow,
	namespaceOf,
	type PodRow,
	podNameOf,
	type Row,
} from '../resources/rows.ts';
import { memoized } from './memo.ts';
import type { ActionDialog, ActionTarget, ActionVerb, RowVerb } from './slices/actions.ts';
import type { UiState } from './state.ts';

/** What Kubernetes gives a pod that does not say. Source: core/v1 PodSpec.terminationGracePeriodSeconds. */
export const defaultGraceSeconds = 30;

/** Annotations by which kubelet remembers a pod's grace time on its containers. Source: kubelet kuberuntime/labels.go. */
const graceAnnotations = [
	'io.kubernetes.pod.deletionGracePeriod',
	'io.kubernetes.pod.terminationGracePeriod',
] as const;

function graceOf(row: ContainerRow): number | undefined {
	for (const key of graceAnnotations) {
		const text = row.container.annotations[key] ?? row.pod?.annotations[key];
		if (text !== undefined && /^\d{1,7}$/.test(text)) return Number(text);
	}
	return undefined;
}

/** A row as the target of a change. */
export function targetOf(row: Row): ActionTarget {
	const base = { id: row.id, name: row.name, sizeBytes: 0n };
	switch (row.kind) {
		case 'container':
			return {
				...base,
				kind: 'container',
				podName: podNameOf(row),
				namespace: namespaceOf(row),
				graceSeconds: graceOf(row),
			};
		case 'pod': {
			const graces = row.containers.map(graceOf).filter((grace) => grace !== undefined);
			return {
				...base,
				kind: 'pod',
				podName: row.name,
				namespace: row.pod.metadata.namespace,
				graceSeconds: graces.length > 0 ? Math.max(...graces) : undefined,
			};
		}
		case 'image':
			return {
				...base,
				kind: 'image',
				podName: '',
				namespace: '',
				graceSeconds: undefined,
				sizeBytes: row.image.sizeBytes,
			};
	}
}

/** How sentences name a target: `web in shop/web-7d4b`, `pod shop/web-7d4b`, `nginx:1.27`. Not sanitised. */
export function targetLabel(target: ActionTarget): string {
	switch (target.kind) {
		case 'container':
			return target.podName ? `${target.name} in ${target.namespace}/${target.podName}` : target.name;
		case 'pod':
			return `pod ${target.namespace}/${target.name}`;
		case 'image':
		case 'demo':
			return target.name;
	}
}

/** All rows by kind and id: a dialog may hold thousands of targets, and each is looked up at every frame. */
const rowsByKey = memoized(
	(state: UiState) => [containerRows(state), podRows(state), imageRows(state)] as const,
	(containers: readonly ContainerRow[], pods: readonly PodRow[], images: readonly ImageRow[]) =>
		new Map<string, Row>([...containers, ...pods, ...images].map((row) => [`${row.kind}/${row.id}`, row])),
);

/** The same, asked for thousands of times of one state: one comparison instead of those of every list. */
const rowsOf = memoized((state: UiState) => [state] as const, rowsByKey);

/** The row of a target as the lists have it now; undefined once the object is gone. */
export function rowOfTarget(state: UiState, target: ActionTarget): Row | undefined {
	const row = rowsOf(state).get(`${target.kind}/${target.id}`);
	return row && !row.departed ? row : undefined;
}

/** The image that sandboxes are made of, by the name that every distribution gives it. */
export function isSandboxImage(row: ImageRow): boolean {
	return row.image.repoTags.some((tag) => /(^|\/)(pause|mirrored-pause)(-\w+)?[:@]/.test(tag));
}

/** A container that runs, or may. */
function isLive(row: ContainerRow): boolean {
	return row.container.state === 'running' || row.container.state === 'unknown';
}

/** The containers of a pod that run. */
export function runningOf(row: PodRow): readonly ContainerRow[] {
	return row.containers.filter((container) => isLive(container) && !container.departed);
}

/** Why an image must stay, as a sentence; true where it may go. */
export function imageRemovable(row: ImageRow): true | string {
	if (row.image.pinned) return `${row.name} is pinned: the runtime needs it.`;
	if (!row.containersKnown)
		return `The runtime listed no containers yet: what uses ${row.name} is not known.`;
	const users = row.usedBy.filter(({ departed }) => !departed);
	const first = users.find(isLive) ?? users[0];
	if (!first) return true;
	const more = users.length > 1 ? ` and ${users.length - 1} more` : '';
	return `${row.name} is in use by ${targetLabel(targetOf(first))}${more}.`;
}

/** Whether this verb can do anything to a row now; else the reason as a sentence. */
export function actionable(verb: RowVerb, row: Row): true | string {
	if (row.departed) return `${row.name} is gone already.`;
	switch (row.kind) {
		case 'image':
			return verb === 'remove' ? imageRemovable(row) : 'Images cannot be stopped; D removes one.';
		case 'pod':
			if (verb === 'stop' && row.pod.state !== 'ready' && runningOf(row).length === 0) {
				return `Pod ${row.name} is stopped already; D removes it.`;
			}
			return true;
		case 'container':
			if (verb !== 'remove' && !isLive(row)) {
				return `${row.name} is not running (${row.container.state}); D removes it.`;
			}
			return true;
	}
}

/** A pod whose loss hurts the node: of the system's own namespace, or run from a file on the node. */
function isCritical(state: UiState, row: Row, verb: ActionVerb): boolean {
	if (row.kind === 'image' || verb === 'prune') return false;
	const { pod } = row;
	const alive = row.kind === 'pod' ? row.pod.state === 'ready' : isLive(row);
	// As long as nobody knows, what looks critical counts as critical.
	if (!alive || state.node.kubelet === false) return false;
	const namespace = row.kind === 'pod' ? row.pod.metadata.namespace : namespaceOf(row);
	const annotations = pod?.annotations ?? {};
	return (
		namespace === 'kube-system' ||
		annotations['kubernetes.io/config.source'] === 'file' ||
		annotations['scheduler.alpha.kubernetes.io/critical-pod'] !== undefined ||
		/^system-(node|cluster)-critical$/.test(annotations['priorityClassName'] ?? '')
	);
}

/**
 * What must be typed before system pods are touched: the pod's name, or how many there are.
 * undefined where a key is enough.
 */
export function requiredText(state: UiState, verb: ActionVerb, rows: readonly Row[]): string | undefined {
	const names = new Set(
		rows
			.filter((row) => isCritical(state, row, verb))
			.map((row) => (row.kind === 'container' ? podNameOf(row) : row.name)),
	);
	const [only] = names;
	if (only === undefined) return undefined;
	return names.size === 1 ? only : `${names.size} system pods`;
}

/** What a prune would take, by kind: nothing that runs, is used, pinned, or the newest word on a live pod. */
export function pruneTargets(state: UiState): readonly ActionTarget[] {
	const pods = podRows(state).filter(
		(row) =>
			row.containersKnown && row.pod.state === 'notReady' && !row.departed && runningOf(row).length === 0,
	);
	const stopped = new Set<string>(pods.map(({ id }) => id));
	const containers = containerRows(state).filter(
		(row) =>
			row.container.state === 'exited' &&
			!row.departed &&
			(row.superseded || row.pod === undefined || stopped.has(row.container.podSandboxId)),
	);
	const images = imageRows(state).filter(
		(row) => !row.departed && imageRemovable(row) === true && !isSandboxImage(row),
	);
	return [...containers, ...pods, ...images].map(targetOf);
}

/** The targets that a confirmed dialog would work on now: still there, and of a kind that was not taken out. */
export function liveTargets(state: UiState, dialog: ActionDialog): readonly ActionTarget[] {
	return dialog.targets.filter(
		(target) =>
			!dialog.excludedKinds.includes(target.kind) &&
			// The demo as a whole has no row; what of it there is, is found out when it is done.
			(target.kind === 'demo' || rowOfTarget(state, target) !== undefined),
	);
}

/** Whether the open dialog can be confirmed; else why not, as a sentence. */
export function dialogReady(state: UiState): true | string {
	const { dialog } = state.actions;
	if (!dialog) return 'No dialog is open.';
	if (dialog.endpoint !== state.connection.endpoint) {
		return 'Another runtime was chosen meanwhile: nothing was done.';
	}
	if (liveTargets(state, dialog).length > 0) return true;
	return dialog.targets.length === 1
		? `${dialog.targets[0]?.name ?? 'The object'} is gone already: nothing to do.`
		: 'Nothing is left to do.';
}
