/** One look at a node without a screen: as text for people, as JSON for scripts. */

import { padCells } from '../../text/width.ts';
import { lineWidthCells } from '../format/line.ts';
import { containerRows } from '../resources/container-rows.ts';
import { imageRows } from '../resources/image-rows.ts';
import { resourceOf } from '../resources/index.ts';
import { podRows } from '../resources/pod-rows.ts';
import {
	type ContainerRow,
	type ImageRow,
	namespaceOf,
	type PodRow,
	podNameOf,
	type Row,
} from '../resources/rows.ts';
import type { ListId, UiState } from '../store/state.ts';
import type { Line } from '../theme/tokens.ts';
import { headerLines } from '../views/header.tsx';

function lineText(line: Line): string {
	return line.map(({ text }) => text).join('');
}

/** As much as a text may need, but no room for a sparkline: one look has no past. */
function roomOf({
	growsLast,
	minCells,
}: {
	readonly growsLast?: boolean | undefined;
	readonly minCells: number;
}) {
	return growsLast ? minCells : Number.MAX_SAFE_INTEGER;
}

/** A list as a table whose columns are as wide as their content: nothing is cut, nothing is coloured. */
export function tableText(state: UiState, list: ListId, rows: readonly Row[]): string {
	const { columns, title } = resourceOf(list);
	const heading = `${title} (${rows.length})`;
	if (rows.length === 0) return `${heading}\n`;
	const cells = rows.map((row) =>
		columns.map((column) =>
			lineText(column.cell(row, { nowMs: state.nowMs, widthCells: roomOf(column), ranges: [] })).trim(),
		),
	);
	const widths = columns.map(({ title: head }, index) =>
		Math.max(head.length, ...cells.map((row) => lineWidthCells([{ text: row[index] ?? '' }]))),
	);
	const joined = (row: readonly string[]): string =>
		row
			.map((cell, index) => padCells(cell, widths[index] ?? 0, columns[index]?.align))
			.join('  ')
			.trimEnd();
	return [heading, joined(columns.map(({ title: head }) => head)), ...cells.map(joined), ''].join('\n');
}

/** The whole node as text: header, then pods, containers, images. */
export function snapshotText(state: UiState): string {
	const header = headerLines(state, 400, 2).map((line) =>
		lineText(line)
			.replace(/\s{2,}/gu, '  ')
			.trim(),
	);
	const lists = [
		tableText(state, 'pods', podRows(state)),
		tableText(state, 'containers', containerRows(state)),
		tableText(state, 'images', imageRows(state)),
	];
	return `${header.join('\n')}\n\n${lists.join('\n')}`;
}

function iso(nanos: bigint | undefined): string | null {
	return nanos === undefined ? null : new Date(Number(nanos / 1_000_000n)).toISOString();
}

function podJson(row: PodRow) {
	const { pod, facts } = row;
	return {
		id: pod.id,
		name: row.name,
		namespace: pod.metadata.namespace,
		uid: pod.metadata.uid,
		attempt: pod.metadata.attempt,
		state: pod.state,
		condition: row.stateText,
		health: row.health,
		readyContainers: row.readyCount,
		totalContainers: row.totalCount,
		restarts: row.restarts,
		ips: facts ? [facts.ip, ...facts.additionalIps].filter((ip) => ip !== '') : [],
		hostNetwork: facts?.hostNetwork ?? null,
		createdAt: iso(pod.createdAtNanos),
		memoryBytes: row.memoryBytes ?? null,
		labels: pod.labels,
	};
}

function containerJson(row: ContainerRow) {
	const { container, facts, usage } = row;
	return {
		id: container.id,
		name: row.name,
		attempt: container.metadata.attempt,
		podId: container.podSandboxId,
		pod: podNameOf(row),
		namespace: namespaceOf(row),
		state: container.state,
		condition: row.stateText,
		health: row.health,
		superseded: row.superseded,
		exitCode: facts?.state === 'exited' ? facts.exitCode : null,
		reason: facts?.reason ?? null,
		message: facts?.message ?? null,
		image: row.imageName,
		imageRef: container.imageRef,
		command: facts?.command ?? [],
		logPath: facts?.logPath ?? null,
		pid: facts?.pid ?? null,
		createdAt: iso(container.createdAtNanos),
		startedAt: iso(facts?.startedAtNanos),
		finishedAt: iso(facts?.finishedAtNanos),
		cpuUsageNanos: usage?.usageCoreNanos === undefined ? null : Number(usage.usageCoreNanos),
		cpuLimitMillicores: facts?.cpuLimitMillicores ?? null,
		memoryBytes: usage?.memoryBytes ?? null,
		memoryLimitBytes: facts?.memoryLimitBytes ?? null,
		labels: container.labels,
	};
}

function imageJson(row: ImageRow) {
	const { image } = row;
	return {
		id: image.id,
		tags: image.repoTags,
		digests: image.repoDigests,
		sizeBytes: Number(image.sizeBytes),
		pinned: image.pinned,
		usedBy: row.usedBy.map(({ id }) => id),
	};
}

/** The whole node as one JSON document; keys stay, new ones may come. Absent values are null. */
export function snapshotJson(state: UiState): string {
	const { connection, node } = state;
	const snapshot = {
		takenAt: new Date(state.nowMs).toISOString(),
		node: { hostname: node.hostname, machineId: node.machineId ?? null, roles: node.roles },
		runtime: {
			endpoint: connection.endpoint ?? null,
			name: connection.version?.runtimeName ?? null,
			version: connection.version?.runtimeVersion ?? null,
			problem: connection.problem ?? null,
			conditions: connection.status?.conditions ?? [],
		},
		pods: podRows(state).map(podJson),
		containers: containerRows(state).map(containerJson),
		images: imageRows(state).map(imageJson),
	};
	return `${JSON.stringify(snapshot, null, 2)}\n`;
}
