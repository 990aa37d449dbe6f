import { parseVerboseInfo } from '../../cri/verbose-info.ts';
import type { Pressure } from '../../node/pressure.ts';
import { formatBytes } from '../../text/bytes.ts';
import { formatCpu } from '../../text/cpu.ts';
import { formatPercent, formatRatio } from '../../text/percent.ts';
import type { ContainerKnowledge } from './container-summary.ts';
import { objectAt, textAt, verboseObject } from './field.ts';
import type { Summary } from './summary.ts';

function share(used: number | undefined, limit: number | undefined): string {
	return used === undefined || !limit ? '' : ` (${formatRatio(used / limit)} of the limit)`;
}

function pressureText(pressure: Pressure | undefined): string | undefined {
	const { some, full } = pressure ?? {};
	if (!some) return undefined;
	const line = (avg: { avg10Percent: number; avg60Percent: number; avg300Percent: number }): string =>
		[avg.avg10Percent, avg.avg60Percent, avg.avg300Percent].map(formatPercent).join(' ');
	return `some tasks waited ${line(some)}${full ? `, all of them ${line(full)}` : ''} of the last 10, 60, 300 s`;
}

/** What the container may use, what it uses now, and whether that hurts: throttling and pressure from its cgroup. */
export function writeResources(out: Summary, { row, status, evidence }: ContainerKnowledge): void {
	const verbose = parseVerboseInfo(status?.info ?? {});
	const linux = objectAt(verboseObject(status?.info), 'runtimeSpec', 'linux', 'resources');
	const resources = status?.resources;
	const cgroup = evidence?.cgroup;
	const { facts, usage } = row ?? {};
	const cpuLimit =
		resources?.cpuQuotaMicros && resources.cpuQuotaMicros > 0n
			? (Number(resources.cpuQuotaMicros) / Number(resources.cpuPeriodMicros ?? 100_000n)) * 1000
			: (verbose.cpuLimitMillicores ?? facts?.cpuLimitMillicores ?? cgroup?.cpuLimitMillicores);
	const shares = resources?.cpuShares ?? textAt(objectAt(linux, 'cpu'), 'shares');
	const memoryLimit =
		resources?.memoryLimitBytes && resources.memoryLimitBytes > 0n
			? Number(resources.memoryLimitBytes)
			: (verbose.memoryLimitBytes ?? facts?.memoryLimitBytes ?? cgroup?.memoryLimitBytes);
	const memory = usage?.memoryBytes ?? cgroup?.memoryWorkingSetBytes;
	out.section('Resources');
	out.fact(
		'CPU now',
		usage?.cpuMillicores === undefined
			? undefined
			: `${formatCpu(usage.cpuMillicores)}${share(usage.cpuMillicores, cpuLimit)}`,
	);
	out.fact(
		'CPU limit',
		status || facts ? (cpuLimit === undefined ? 'none' : formatCpu(cpuLimit)) : undefined,
	);
	// Kubelet makes shares of the request: 1024 a core. 2 is what it writes for none.
	const request = shares === undefined ? undefined : Math.round((Number(shares) * 1000) / 1024);
	out.fact(
		'CPU request',
		request === undefined
			? undefined
			: `${Number(shares) <= 2 ? 'none' : `about ${formatCpu(request)}`} (${shares} shares)`,
	);
	if (cgroup?.cpuPeriods) {
		const throttled = cgroup.cpuThrottledPeriods ?? 0;
		out.fact(
			'Throttled',
			`in ${formatRatio(cgroup.throttledRatio ?? 0)} of its periods (${throttled} of ${cgroup.cpuPeriods}), ${(Number(cgroup.cpuThrottledNanos ?? 0n) / 1e9).toFixed(1)} s in all`,
			(cgroup.throttledRatio ?? 0) > 0.05 ? 'warn' : undefined,
		);
	}
	out.fact(
		'Memory now',
		memory === undefined ? undefined : `${formatBytes(memory)}${share(memory, memoryLimit)}`,
	);
	out.fact(
		'Memory peak',
		cgroup?.memoryPeakBytes === undefined
			? undefined
			: `${formatBytes(cgroup.memoryPeakBytes)}${share(cgroup.memoryPeakBytes, memoryLimit)}`,
	);
	out.fact(
		'Memory limit',
		status || facts ? (memoryLimit === undefined ? 'none' : formatBytes(memoryLimit)) : undefined,
	);
	const swap = resources?.memorySwapLimitBytes;
	if (swap !== undefined && swap > 0n) {
		const beyond = memoryLimit === undefined ? Number(swap) : Number(swap) - memoryLimit;
		out.fact('Swap', beyond <= 0 ? 'none' : formatBytes(beyond));
	}
	out.fact('OOM kills', cgroup?.oomKillCount, cgroup?.oomKillCount ? 'fail' : undefined);
	const score = textAt(objectAt(verbose.runtimeSpec, 'process'), 'oomScoreAdj') ?? resources?.oomScoreAdj;
	out.fact('OOM score adj', score === undefined ? undefined : `${score}`);
	const pidsLimit = cgroup?.pidsLimit ?? textAt(objectAt(linux, 'pids'), 'limit');
	const hasPidsLimit = pidsLimit !== undefined && Number(pidsLimit) > 0;
	out.fact(
		'Processes',
		cgroup?.pidsCurrent === undefined
			? undefined
			: `${cgroup.pidsCurrent}${hasPidsLimit ? ` of ${pidsLimit}` : ', no limit'}`,
	);
	if (cgroup?.pidsCurrent === undefined && hasPidsLimit) out.fact('Process limit', pidsLimit);
	out.fact('CPU set', resources?.cpusetCpus);
	out.fact('Memory nodes', resources?.cpusetMems);
	out.fact('CPU pressure', pressureText(cgroup?.pressure.cpu));
	out.fact('Mem pressure', pressureText(cgroup?.pressure.memory));
	out.fact('I/O pressure', pressureText(cgroup?.pressure.io));
	for (const [name, value] of Object.entries(resources?.unified ?? {}))
		out.fact('cgroup v2', `${name} = ${value}`);
}
