/** Lines of the linear mode: one object a line, the name first, then what matters most. Not sanitised. */
import { shortId } from '../../cri/ids.ts';
import { formatAge } from '../../text/age.ts';
import { formatBytes } from '../../text/bytes.ts';
import { formatDuration } from '../../text/duration.ts';
import { formatPlural } from '../../text/numbers.ts';
import { containerRows } from '../resources/container-rows.ts';
import { imageRows } from '../resources/image-rows.ts';
import { podRows } from '../resources/pod-rows.ts';
import type { ContainerRow, ImageRow, PodRow, Row } from '../resources/rows.ts';
import type { UiState } from '../store/state.ts';
import { linearName } from './linear-names.ts';

function sentence(name: string, parts: readonly (string | undefined | false)[]): string {
	return `${name}: ${parts.filter(Boolean).join(', ')}`;
}

/** State of a container with its exit code, as in the list. */
export function containerStateText(row: ContainerRow): string {
	const { facts, stateText } = row;
	if (row.container.state !== 'exited' || !facts || row.departed || facts.exitCode === 0) return stateText;
	return stateText.endsWith(` ${facts.exitCode}`) ? stateText : `${stateText} ${facts.exitCode}`;
}

/** One pod as a line. */
export function podLine(row: PodRow, nowMs: number): string {
	return sentence(linearName(row), [
		row.stateText,
		row.containersKnown && `${row.readyCount} of ${row.totalCount} ready`,
		row.restarts > 0 && formatPlural(row.restarts, 'restart'),
		row.facts?.hostNetwork ? "the host's network" : row.facts?.ip && `IP ${row.facts.ip}`,
		row.memoryBytes !== undefined && `memory ${formatBytes(row.memoryBytes)}`,
		`age ${formatAge(row.pod.createdAtNanos, nowMs)}`,
	]);
}

function memoryText(row: ContainerRow): string | undefined {
	const used = row.usage?.memoryBytes;
	if (used === undefined) return undefined;
	const limit = row.facts?.memoryLimitBytes;
	const share = limit ? ` (${Math.round((used / limit) * 100)}% of its limit)` : '';
	return `memory ${formatBytes(used)}${share}`;
}

/** One container as a line. */
export function containerLine(row: ContainerRow, nowMs: number): string {
	const { attempt } = row.container.metadata;
	const since = row.facts?.finishedAtNanos ?? row.facts?.startedAtNanos ?? row.container.createdAtNanos;
	return sentence(row.superseded ? `${linearName(row)}#${attempt}` : linearName(row), [
		`${containerStateText(row)} for ${formatAge(since, nowMs)}`,
		attempt > 0 && `attempt ${attempt}`,
		row.superseded && 'replaced since',
		memoryText(row),
		`image ${row.container.image.userSpecifiedImage || row.container.image.image}`,
		`id ${shortId(row.id)}`,
	]);
}

function usersText(row: ImageRow): string {
	if (!row.containersKnown) return 'users not known yet';
	return row.usedBy.length > 0 ? `used by ${formatPlural(row.usedBy.length, 'container')}` : 'not used';
}

/** One image as a line. */
export function imageLine(row: ImageRow): string {
	return sentence(linearName(row), [
		formatBytes(row.image.sizeBytes),
		usersText(row),
		row.image.pinned && 'pinned',
		`id ${shortId(row.id)}`,
	]);
}

/** Any object as a line; `kind` says what it is where kinds are mixed. */
export function rowLine(row: Row, nowMs: number, withKind = false): string {
	const kind = withKind ? `${row.kind} ` : '';
	switch (row.kind) {
		case 'pod':
			return kind + podLine(row, nowMs);
		case 'container':
			return kind + containerLine(row, nowMs);
		case 'image':
			return kind + imageLine(row);
	}
}

/** Pods and containers that need a look, the pods first. */
export function unhealthyRows(state: UiState): readonly Row[] {
	return [...podRows(state), ...containerRows(state)].filter(
		({ health }) => health === 'fail' || health === 'warn',
	);
}

/** How old the lists are and why, when the runtime does not answer; nothing while all is well. */
export function stalenessLines({ connection, inventory }: UiState, nowMs: number): readonly string[] {
	const { problem } = connection;
	if (problem === undefined) return [];
	const answeredAtMs = inventory.refreshedAtMs.containers ?? inventory.refreshedAtMs.pods;
	const age =
		answeredAtMs === undefined
			? 'It has not answered yet.'
			: `The lists are as of ${formatDuration(nowMs - answeredAtMs)} ago.`;
	return [`The runtime does not answer: ${problem}. ${age}`];
}

/** The node at a glance: which runtime, whether it is ready, how many objects, what is unhealthy. */
export function summaryLines(state: UiState, nowMs: number): readonly string[] {
	const { connection, node } = state;
	const { version, status } = connection;
	const runtime = version ? `runtime ${version.runtimeName} ${version.runtimeVersion}` : 'runtime unknown';
	const lines = [`Node ${node.hostname}, ${runtime}, at ${connection.endpoint ?? 'no endpoint'}.`];
	for (const { type, status: holds, reason, message } of status?.conditions ?? []) {
		const why = [reason, message].filter(Boolean).join(': ');
		lines.push(holds ? `${type}: yes.` : `${type}: NO${why ? `: ${why}` : ''}.`);
	}
	lines.push(...stalenessLines(state, nowMs));
	if (state.inventory.refreshedAtMs.pods === undefined) return lines;
	const counts = [
		formatPlural(podRows(state).length, 'pod'),
		formatPlural(containerRows(state).length, 'container'),
		formatPlural(imageRows(state).length, 'image'),
	];
	lines.push(`${counts.join(', ')}.`);
	const ill = podRows(state).filter(({ health }) => health === 'fail' || health === 'warn');
	lines.push(
		ill.length === 0
			? 'Nothing is unhealthy.'
			: `Unhealthy: ${ill.map((row) => `${linearName(row)} ${row.stateText}`).join(', ')}.`,
	);
	return lines;
}
