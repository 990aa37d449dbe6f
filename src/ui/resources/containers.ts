import { formatAge } from '../../text/age.ts';
import {
	cpuCell,
	healthToken,
	imageCell,
	labelsText,
	matched,
	memoryCell,
	nameCell,
	plain,
} from './cells.ts';
import { containerRows } from './container-rows.ts';
import type { Column, Resource } from './resource.ts';
import { type ContainerRow, namespaceOf, podNameOf } from './rows.ts';
import { idColumn } from './shared-columns.ts';

function commandOf(row: ContainerRow): string {
	return row.facts?.command.join(' ') ?? '';
}

/** Ports as kubectl writes them, the host's port first where there is one. */
function portsOf(row: ContainerRow): string {
	return (row.facts?.ports ?? [])
		.map(
			({ containerPort, hostPort, protocol }) =>
				`${hostPort ? `${hostPort}→` : ''}${containerPort}${protocol === 'TCP' ? '' : `/${protocol.toLowerCase()}`}`,
		)
		.join(' ');
}

function stateText(row: ContainerRow): string {
	const { facts } = row;
	if (row.container.state !== 'exited' || !facts || row.departed) return row.stateText;
	const words = row.stateText;
	return facts.exitCode !== 0 && !words.endsWith(` ${facts.exitCode}`) ? `${words} ${facts.exitCode}` : words;
}

const columns: readonly Column<ContainerRow>[] = [
	{
		id: 'state',
		title: 'STATE',
		minCells: 9,
		maxCells: 18,
		keep: 100,
		cell: (row) => matched(stateText(row), [], healthToken[row.health]),
		sortKey: stateText,
	},
	{
		id: 'name',
		title: 'NAME',
		minCells: 12,
		maxCells: 40,
		keep: 99,
		field: 'name',
		cell: (row, { ranges, widthCells }) =>
			nameCell(row.name, ranges, widthCells, row.departed || row.superseded ? 'muted' : undefined),
		sortKey: (row) => row.name,
	},
	{
		id: 'pod',
		title: 'POD',
		minCells: 10,
		maxCells: 50,
		// Shown only among the containers of all pods, where names repeat.
		keep: 97,
		field: 'pod',
		cell: (row, { ranges, widthCells }) => nameCell(podNameOf(row), ranges, widthCells, 'muted'),
		sortKey: podNameOf,
	},
	{
		id: 'attempt',
		title: 'ATT',
		minCells: 3,
		maxCells: 4,
		keep: 88,
		align: 'right',
		cell: (row) =>
			plain(`${row.container.metadata.attempt}`, row.container.metadata.attempt > 0 ? 'warn' : 'muted'),
		sortKey: (row) => row.container.metadata.attempt,
		biggestFirst: true,
	},
	{
		id: 'cpu',
		growsLast: true,
		title: 'CPU',
		minCells: 10,
		maxCells: 22,
		keep: 75,
		align: 'right',
		cell: (row, { widthCells }) =>
			cpuCell(
				row.usage?.cpuMillicores,
				row.facts?.cpuLimitMillicores,
				row.usage?.cpuHistory ?? [],
				widthCells,
			),
		sortKey: (row) => row.usage?.cpuMillicores,
		biggestFirst: true,
	},
	{
		id: 'memory',
		growsLast: true,
		title: 'MEM',
		minCells: 10,
		maxCells: 22,
		keep: 76,
		align: 'right',
		cell: (row, { widthCells }) =>
			memoryCell(
				row.usage?.memoryBytes,
				row.facts?.memoryLimitBytes,
				row.usage?.memoryHistory ?? [],
				widthCells,
			),
		sortKey: (row) => row.usage?.memoryBytes,
		biggestFirst: true,
	},
	{
		id: 'image',
		title: 'IMAGE',
		minCells: 14,
		maxCells: 50,
		keep: 55,
		field: 'image',
		cell: (row, { ranges, widthCells }) => imageCell(row.imageName, ranges, widthCells),
		sortKey: (row) => row.imageName,
	},
	{
		id: 'ports',
		title: 'PORTS',
		minCells: 7,
		maxCells: 24,
		keep: 45,
		// Only a kubelet tells of ports, and of few containers.
		leftOutWhenEmpty: true,
		cell: (row) => matched(portsOf(row), []),
		sortKey: portsOf,
	},
	{
		id: 'command',
		title: 'COMMAND',
		minCells: 12,
		maxCells: 80,
		keep: 50,
		field: 'command',
		cell: (row, { ranges }) => matched(commandOf(row), ranges, 'muted'),
		sortKey: commandOf,
	},
	{
		id: 'age',
		title: 'AGE',
		minCells: 5,
		maxCells: 6,
		keep: 86,
		align: 'right',
		cell: (row, { nowMs }) =>
			plain(formatAge(row.facts?.startedAtNanos ?? row.container.createdAtNanos, nowMs), 'muted'),
		sortKey: (row) => row.facts?.startedAtNanos ?? row.container.createdAtNanos,
		biggestFirst: true,
	},
	idColumn(),
];

/** Containers, of one pod or of all. */
export const containersResource: Resource<ContainerRow> = {
	list: 'containers',
	title: 'Containers',
	noun: 'container',
	columns,
	rows: containerRows,
	searchFields: (row) => [
		{ name: 'name', text: row.name },
		{ name: 'pod', text: podNameOf(row), weight: 0.9 },
		{ name: 'namespace', text: namespaceOf(row), weight: 0.8 },
		{ name: 'image', text: row.imageName, weight: 0.8 },
		{ name: 'command', text: commandOf(row), weight: 0.7 },
		{ name: 'id', text: row.id, kind: 'id' },
		{ name: 'labels', text: labelsText(row.container.labels), weight: 0.6 },
	],
	emptyText: (state) =>
		state.inventory.refreshedAtMs.containers === undefined
			? 'Waiting for the runtime to list its containers.'
			: state.lists.allPods
				? 'This node has no containers.'
				: state.inventory.pods.length === 0
					? 'Without a pod there are none.'
					: 'This pod has no containers.',
};
