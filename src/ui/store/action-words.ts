/** The sentences of a confirmation: what a change does, what follows on this node, and its crictl line. */

import { shortId } from '../../cri/ids.ts';
import { formatBytes } from '../../text/bytes.ts';
import { formatPlural } from '../../text/numbers.ts';
import type { ContainerRow, PodRow, Row } from '../resources/rows.ts';
import { defaultGraceSeconds, isSandboxImage, rowOfTarget, runningOf } from './action-targets.ts';
import type { ActionDialog, ActionTarget, RowVerb } from './slices/actions.ts';
import type { UiState } from './state.ts';

/** Grace time of one target in this dialog, in seconds; 0 for a kill. */
export function graceOf(dialog: ActionDialog, target: ActionTarget): number {
	if (dialog.verb === 'kill') return 0;
	return dialog.graceSeconds ?? target.graceSeconds ?? defaultGraceSeconds;
}

/** Whether the grace time matters to what is asked: something that runs is to be stopped. */
export function usesGrace(state: UiState, dialog: ActionDialog): boolean {
	if (dialog.verb === 'kill' || dialog.verb === 'prune') return false;
	return dialog.targets.some((target) => {
		const row = rowOfTarget(state, target);
		if (row?.kind === 'container') return row.container.state === 'running';
		return row?.kind === 'pod' && runningOf(row).length > 0;
	});
}

/** Where the grace time comes from, in words. */
export function graceText(dialog: ActionDialog): string {
	if (dialog.graceSeconds !== undefined) return `${dialog.graceSeconds} s, as typed`;
	const graces = new Set(dialog.targets.map((target) => target.graceSeconds));
	if (graces.size > 1) return "each pod's own";
	const [own] = graces;
	return own === undefined ? `${defaultGraceSeconds} s, the usual` : `${own} s, the pod's own`;
}

/** @param stopSignal of the one container; '' where it is not known, or where there are several. */
function signals(graceSeconds: number, stopSignal = ''): string {
	if (graceSeconds === 0) return 'SIGKILL at once';
	const first = stopSignal || "SIGTERM (or the image's stop signal)";
	return `${first} to PID 1, then SIGKILL after ${graceSeconds} s`;
}

function containerEffect(verb: RowVerb, row: ContainerRow, graceSeconds: number): string {
	const runs = row.container.state === 'running';
	const stopSignal = row.facts?.stopSignal;
	switch (verb) {
		case 'stop':
			return `${signals(graceSeconds, stopSignal)}.`;
		case 'kill':
			return 'SIGKILL at once: PID 1 gets no chance to save or flush anything.';
		case 'remove':
			return runs
				? `It is running (S only stops it). Forcibly: ${signals(graceSeconds, stopSignal)}, then removed with its writable layer.`
				: 'Removed with its writable layer; its exit code is forgotten.';
	}
}

function podEffect(verb: RowVerb, row: PodRow, graceSeconds: number): string {
	const running = runningOf(row);
	const stops =
		running.length > 0
			? `Stops ${formatPlural(running.length, 'container')}: ${signals(graceSeconds)}. `
			: '';
	return verb === 'stop'
		? `${stops}${stops ? 'Then its network is torn down.' : 'Tears its network down.'}`
		: `${stops}Removes the sandbox and ${formatPlural(row.containers.length, 'container')} with their writable layers.`;
}

/** What happens to one object, as sentences. */
export function effectText(verb: RowVerb, row: Row, graceSeconds: number): string {
	if (row.kind === 'container') return containerEffect(verb, row, graceSeconds);
	if (row.kind === 'pod') return podEffect(verb, row, graceSeconds);
	const tags = row.image.repoTags.length;
	const names = tags > 1 ? `All ${tags} tags of it go. ` : '';
	const sandbox = isSandboxImage(row) ? 'New pods need it: it is the sandbox image. ' : '';
	return `${names}${sandbox}Frees up to ${formatBytes(row.image.sizeBytes)}; layers shared with other images stay.`;
}

function afterContainer(verb: RowVerb, row: ContainerRow, isStatic: boolean): string {
	const next = row.container.metadata.attempt + 1;
	if (row.superseded) return 'A newer attempt exists: kubelet keeps this one only for its log and exit code.';
	if (isStatic) return `kubelet will start attempt ${next} soon: a static pod.`;
	const then = `kubelet will start attempt ${next} soon, unless its restart policy forbids it.`;
	return verb === 'remove' && row.container.state !== 'running'
		? `kubelet may take it for never run: ${then}`
		: then;
}

/** What follows on this node, one sentence each. */
export function consequences(state: UiState, verb: RowVerb, row: Row): readonly string[] {
	if (row.kind === 'image') {
		return state.node.kubelet ? ['A pod that needs it again makes kubelet pull it again.'] : [];
	}
	const pod = row.pod;
	const labels = row.kind === 'pod' ? row.pod.labels : row.container.labels;
	const out: string[] = [];
	const managed =
		labels['io.kubernetes.pod.uid'] !== undefined || labels['io.kubernetes.pod.name'] !== undefined;
	const isStatic = pod?.annotations['kubernetes.io/config.source'] === 'file';
	if (state.node.kubelet === undefined) out.push('Whether a kubelet will start it again is not known yet.');
	else if (!state.node.kubelet) out.push('No kubelet runs here: nothing starts it again.');
	else if (!managed) out.push('Not made by a kubelet: nothing starts it again.');
	else if (row.kind === 'container') out.push(afterContainer(verb, row, isStatic));
	else if (row.pod.state === 'ready') {
		out.push(
			`kubelet will make sandbox attempt ${row.pod.metadata.attempt + 1} and start its containers, as long as the pod belongs to this node.`,
		);
	}
	if (isStatic && state.node.kubelet) {
		out.push(
			'Static pod: it ends for good only when its file leaves /etc/kubernetes/manifests (staticPodPath).',
		);
	}
	const containers = row.kind === 'pod' ? runningOf(row) : [row];
	const hooks = containers.filter(
		({ container }) => container.annotations['io.kubernetes.container.preStopHandler'] !== undefined,
	);
	if (hooks.length > 0) out.push('Its preStop hook does not run: only kubelet runs it.');
	if (row.kind === 'container' && (verb === 'stop' || verb === 'kill')) {
		out.push('A stopped container cannot be started again.');
	}
	return out;
}

/** Arguments of shell words need no quoting as ids are hex; anything else is quoted. */
function word(text: string): string {
	return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function crictlOf(state: UiState, dialog: ActionDialog, target: ActionTarget): string {
	const { verb } = dialog;
	const row = rowOfTarget(state, target);
	const grace = graceOf(dialog, target);
	const id = word(target.kind === 'image' ? target.id : shortId(target.id));
	if (target.kind === 'image') return `crictl rmi ${id}`;
	if (row?.kind === 'pod') {
		const running = runningOf(row).map((container) => word(shortId(container.id)));
		const stop = running.length > 0 ? `crictl stop -t ${grace} ${running.join(' ')} && ` : '';
		return verb === 'stop' ? `${stop}crictl stopp ${id}` : `${stop}crictl stopp ${id} && crictl rmp ${id}`;
	}
	if (verb === 'stop' || verb === 'kill') return `crictl stop -t ${grace} ${id}`;
	const runs = row?.kind === 'container' && row.container.state === 'running';
	return runs ? `crictl stop -t ${grace} ${id} && crictl rm ${id}` : `crictl rm ${id}`;
}

/** The same by hand, so that what is done here can be learned and reviewed; for many objects the first stands for all. */
export function crictlLine(state: UiState, dialog: ActionDialog): string {
	if (dialog.verb === 'prune') {
		const verbs = [
			['container', 'crictl rm …'],
			['pod', 'crictl rmp …'],
			['image', 'crictl rmi --prune'],
		] as const;
		return verbs
			.filter(([kind]) => !dialog.excludedKinds.includes(kind))
			.filter(([kind]) => dialog.targets.some((target) => target.kind === kind))
			.map(([, line]) => line)
			.join('; ');
	}
	// What is gone needs no command, and no longer says which one it would have needed.
	const first = dialog.targets.find((target) => rowOfTarget(state, target) !== undefined);
	if (!first) return '';
	const line = crictlOf(state, dialog, first);
	return dialog.targets.length > 1 ? `${line}  # and so on` : line;
}
