import { shortId } from '../../cri/ids.ts';
import { humanSize } from '../output/human-size.ts';
import { tableText } from '../output/table.ts';
import { percentText } from './cpu-percent.ts';
import type { UsageRow } from './usage-rows.ts';

/** Narrower than crictl's tables: it is a row of numbers. */
const layout = { leastCells: 8, gapCells: 2 };

function cells(row: UsageRow): readonly string[] {
	const { memoryBytes, memoryLimitBytes, cpuLimitCores, processCount } = row;
	const share =
		memoryBytes === undefined || memoryLimitBytes === undefined
			? undefined
			: (Number(memoryBytes) / memoryLimitBytes) * 100;
	return [
		shortId(row.id),
		row.name,
		percentText(row.cpuPercent),
		cpuLimitCores === undefined ? '-' : String(Math.round(cpuLimitCores * 1000) / 1000),
		memoryBytes === undefined ? '-' : humanSize(memoryBytes, 4),
		memoryLimitBytes === undefined ? '-' : humanSize(memoryLimitBytes, 4),
		percentText(share),
		processCount === undefined ? '-' : String(processCount),
		row.pod,
		row.namespace,
	];
}

/** The table of `top`. */
export function usageTable(rows: readonly UsageRow[]): string {
	const header = [
		'CONTAINER',
		'NAME',
		'CPU %',
		'CPU LIMIT',
		'MEM',
		'MEM LIMIT',
		'MEM %',
		'PIDS',
		'POD',
		'NAMESPACE',
	];
	return tableText([header, ...rows.map(cells)], layout);
}
