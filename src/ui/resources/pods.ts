import { formatAge } from '../../text/age.ts';
import { demoChange } from '../store/demo.ts';
import { cpuCell, healthToken, labelsText, matched, memoryCell, nameCell, plain } from './cells.ts';
import { podCpuHistory, podRows } from './pod-rows.ts';
import type { Column, Resource } from './resource.ts';
import type { PodRow } from './rows.ts';
import { idColumn } from './shared-columns.ts';

function ipOf(row: PodRow): string {
	return row.facts?.hostNetwork ? 'host' : (row.facts?.ip ?? '');
}

function imagesOf(row: PodRow): string {
	return [...new Set(row.containers.map(({ imageName }) => imageName))].join(' ');
}

const columns: readonly Column<PodRow>[] = [
	{
		id: 'state',
		title: 'STATE',
		minCells: 9,
		maxCells: 14,
		keep: 100,
		cell: (row) => matched(row.stateText, [], healthToken[row.health]),
		sortKey: (row) => row.stateText,
	},
	{
		id: 'name',
		title: 'NAME',
		minCells: 16,
		maxCells: 63,
		keep: 99,
		field: 'name',
		cell: (row, { ranges, widthCells }) =>
			nameCell(row.name, ranges, widthCells, row.departed ? 'muted' : undefined),
		sortKey: (row) => row.name,
	},
	{
		id: 'namespace',
		title: 'NAMESPACE',
		minCells: 9,
		maxCells: 24,
		keep: 60,
		field: 'namespace',
		cell: (row, { ranges }) => matched(row.pod.metadata.namespace, ranges, 'muted'),
		sortKey: (row) => row.pod.metadata.namespace,
	},
	{
		id: 'ready',
		title: 'READY',
		minCells: 5,
		maxCells: 5,
		keep: 90,
		align: 'right',
		cell: (row) =>
			plain(
				row.containersKnown ? `${row.readyCount}/${row.totalCount}` : '-',
				row.readyCount < row.totalCount && row.health !== 'done' ? 'warn' : undefined,
			),
		sortKey: (row) => (row.totalCount === 0 ? 1 : row.readyCount / row.totalCount),
	},
	{
		id: 'restarts',
		title: 'RST',
		minCells: 3,
		maxCells: 5,
		keep: 85,
		align: 'right',
		cell: (row) => plain(`${row.restarts}`, row.restarts > 0 ? 'warn' : 'muted'),
		sortKey: (row) => row.restarts,
		biggestFirst: true,
	},
	{
		id: 'ip',
		title: 'IP',
		minCells: 12,
		maxCells: 39,
		keep: 59,
		field: 'ip',
		cell: (row, { ranges }) => matched(ipOf(row), ranges),
		sortKey: (row) => ipOf(row),
	},
	{
		id: 'cpu',
		growsLast: true,
		title: 'CPU',
		minCells: 5,
		maxCells: 20,
		keep: 72,
		align: 'right',
		cell: (row, { widthCells }) =>
			cpuCell(row.cpuMillicores, undefined, podCpuHistory(row), widthCells, false),
		sortKey: (row) => row.cpuMillicores,
		biggestFirst: true,
	},
	{
		id: 'memory',
		growsLast: true,
		title: 'MEM',
		minCells: 5,
		maxCells: 6,
		keep: 71,
		align: 'right',
		cell: (row, { widthCells }) => memoryCell(row.memoryBytes, undefined, [], widthCells),
		sortKey: (row) => row.memoryBytes,
		biggestFirst: true,
	},
	{
		id: 'age',
		title: 'AGE',
		minCells: 5,
		maxCells: 6,
		keep: 80,
		align: 'right',
		cell: (row, { nowMs }) => plain(formatAge(row.pod.createdAtNanos, nowMs), 'muted'),
		sortKey: (row) => row.pod.createdAtNanos,
		biggestFirst: true,
	},
	idColumn(),
];

/** Pods, as the CRI's sandboxes are shown to people. */
export const podsResource: Resource<PodRow> = {
	list: 'pods',
	title: 'Pods',
	noun: 'pod',
	columns,
	rows: podRows,
	searchFields: (row) => [
		{ name: 'name', text: row.name },
		{ name: 'namespace', text: row.pod.metadata.namespace, weight: 0.8 },
		{ name: 'ip', text: ipOf(row), kind: 'address' },
		{ name: 'id', text: row.id, kind: 'id' },
		{ name: 'image', text: imagesOf(row), weight: 0.7 },
		{ name: 'labels', text: labelsText(row.pod.labels), weight: 0.6 },
	],
	emptyText: (state) => {
		if (state.inventory.refreshedAtMs.pods === undefined) return 'Waiting for the runtime to list its pods.';
		// Said only where the key can act.
		const offered =
			state.connection.takesImages && !state.readOnly.enabled && demoChange(state) === undefined;
		return `This node runs no pods.${offered ? ' E starts a demo, after asking.' : ''}`;
	},
};
