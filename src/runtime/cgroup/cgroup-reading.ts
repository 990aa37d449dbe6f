/** Reads what a cgroup has used. Source: Linux Documentation/admin-guide/cgroup-v1 (memory, cpuacct, blkio-controller), cgroup-v2.rst. */
import { existsSync } from 'node:fs';
import type { PsiLine, PsiStats } from '../../cri/model.ts';
import { type PressureLine, parsePressure } from '../../node/pressure.ts';
import { nowNanos } from '../sys/clock.ts';
import { readCgroupNumber, readCgroupTable, readCgroupText } from './cgroup-files.ts';
import type { CgroupReading } from './cgroups.ts';

/** v1 says "no limit" by a number near 2^63. */
const unlimitedBytes = 2n ** 62n;

/**
 * @param folderOf the cgroup's folder in a controller's hierarchy; undefined where there is none
 * @param unified its folder in the hierarchy of version 2 beside them: without controllers it knows of pressure all the same
 */
export function readCgroupV1(
	folderOf: (controller: string) => string | undefined,
	unified?: string | undefined,
): CgroupReading | undefined {
	const [cpuacct, memory, pids, blkio] = ['cpuacct', 'memory', 'pids', 'blkio'].map((controller) => {
		const folder = folderOf(controller);
		return folder !== undefined && existsSync(folder) ? folder : undefined;
	});
	if (cpuacct === undefined && memory === undefined && pids === undefined) return undefined;
	const timestampNanos = nowNanos();
	const stat = memory === undefined ? undefined : readCgroupTable(`${memory}/memory.stat`);
	return {
		timestampNanos,
		// Without accounting of swap the kernel has no such line.
		swapBytes: stat?.get('total_swap') ?? stat?.get('swap'),
		cpu:
			cpuacct === undefined
				? undefined
				: {
						timestampNanos,
						usageCoreNanos: readCgroupNumber(`${cpuacct}/cpuacct.usage`),
						usageNanoCores: undefined,
						psi: readPsi(unified, 'cpu'),
					},
		memory:
			memory === undefined || stat === undefined
				? undefined
				: memoryUsage(timestampNanos, {
						usage: readCgroupNumber(`${memory}/memory.usage_in_bytes`),
						limit: stat.get('hierarchical_memory_limit'),
						inactiveFile: stat.get('total_inactive_file'),
						rss: stat.get('total_rss'),
						pageFaults: stat.get('total_pgfault') ?? stat.get('pgfault'),
						majorPageFaults: stat.get('total_pgmajfault') ?? stat.get('pgmajfault'),
						psi: readPsi(unified, 'memory'),
					}),
		pids: pids === undefined ? undefined : readCgroupNumber(`${pids}/pids.current`),
		oomKills:
			memory === undefined ? undefined : readCgroupTable(`${memory}/memory.oom_control`).get('oom_kill'),
		ioPsi: readPsi(unified, 'io'),
		io: blkio === undefined ? undefined : readBlkio(blkio),
	};
}

/** Bytes and operations; without a throttling policy the kernel counts in the second pair only when BFQ is used. */
function readBlkio(folder: string): CgroupReading['io'] {
	const sums = (name: string) => {
		let reads = 0n;
		let writes = 0n;
		for (const line of (readCgroupText(`${folder}/${name}`) ?? '').split('\n')) {
			const match = /^\S+ (Read|Write) (\d+)$/.exec(line);
			if (match?.[1] === 'Read') reads += BigInt(match[2] ?? 0);
			else if (match) writes += BigInt(match[2] ?? 0);
		}
		return { reads, writes };
	};
	const bytes = sums('blkio.throttle.io_service_bytes_recursive');
	const operations = sums('blkio.throttle.io_serviced_recursive');
	return {
		readBytes: bytes.reads,
		writeBytes: bytes.writes,
		reads: operations.reads,
		writes: operations.writes,
	};
}

/** Reads a cgroup of the unified hierarchy. */
export function readCgroupV2(folder: string): CgroupReading | undefined {
	if (!existsSync(`${folder}/cgroup.procs`)) return undefined;
	const timestampNanos = nowNanos();
	const cpuMicros = readCgroupTable(`${folder}/cpu.stat`).get('usage_usec');
	const usage = readCgroupNumber(`${folder}/memory.current`);
	const stat = readCgroupTable(`${folder}/memory.stat`);
	return {
		timestampNanos,
		swapBytes: readCgroupNumber(`${folder}/memory.swap.current`),
		cpu: {
			timestampNanos,
			usageCoreNanos: cpuMicros === undefined ? undefined : cpuMicros * 1_000n,
			usageNanoCores: undefined,
			psi: readPsi(folder, 'cpu'),
		},
		memory:
			usage === undefined
				? undefined
				: memoryUsage(timestampNanos, {
						usage,
						limit: readCgroupNumber(`${folder}/memory.max`),
						inactiveFile: stat.get('inactive_file'),
						rss: stat.get('anon'),
						pageFaults: stat.get('pgfault'),
						majorPageFaults: stat.get('pgmajfault'),
						psi: readPsi(folder, 'memory'),
					}),
		pids: readCgroupNumber(`${folder}/pids.current`),
		oomKills: readCgroupTable(`${folder}/memory.events`).get('oom_kill'),
		ioPsi: readPsi(folder, 'io'),
		io: readIoStat(`${folder}/io.stat`),
	};
}

function readIoStat(path: string): CgroupReading['io'] {
	const text = readCgroupText(path);
	if (text === undefined) return undefined;
	const sums = new Map<string, bigint>();
	for (const [, key = '', value = '0'] of text.matchAll(/\b(rbytes|wbytes|rios|wios)=(\d+)/g)) {
		sums.set(key, (sums.get(key) ?? 0n) + BigInt(value));
	}
	return {
		readBytes: sums.get('rbytes') ?? 0n,
		writeBytes: sums.get('wbytes') ?? 0n,
		reads: sums.get('rios') ?? 0n,
		writes: sums.get('wios') ?? 0n,
	};
}

function memoryUsage(
	timestampNanos: bigint,
	found: {
		readonly usage: bigint | undefined;
		readonly limit: bigint | undefined;
		readonly inactiveFile: bigint | undefined;
		readonly rss: bigint | undefined;
		readonly pageFaults: bigint | undefined;
		readonly majorPageFaults: bigint | undefined;
		readonly psi: PsiStats | undefined;
	},
): CgroupReading['memory'] {
	const { usage, inactiveFile = 0n, limit } = found;
	// What the kubelet evicts by: usage without the page cache that can be dropped at once.
	const workingSetBytes = usage === undefined ? undefined : usage > inactiveFile ? usage - inactiveFile : 0n;
	const limited = limit !== undefined && limit > 0n && limit < unlimitedBytes;
	return {
		timestampNanos,
		workingSetBytes,
		availableBytes:
			limited && workingSetBytes !== undefined
				? limit > workingSetBytes
					? limit - workingSetBytes
					: 0n
				: undefined,
		usageBytes: usage,
		rssBytes: found.rss,
		pageFaults: found.pageFaults,
		majorPageFaults: found.majorPageFaults,
		psi: found.psi,
	};
}

/**
 * The pressure file of a cgroup; undefined where the kernel keeps none. Source: Linux Documentation/accounting/psi.rst
 * @param folder in the hierarchy of version 2, if there is one
 */
export function readPsi(folder: string | undefined, of: 'cpu' | 'memory' | 'io'): PsiStats | undefined {
	if (folder === undefined) return undefined;
	const pressure = parsePressure(readCgroupText(`${folder}/${of}.pressure`) ?? '');
	return pressure && { some: psiLine(pressure.some), full: psiLine(pressure.full) };
}

function psiLine(line: PressureLine | undefined): PsiLine | undefined {
	return (
		line && {
			totalNanos: line.totalMicros * 1_000n,
			avg10: line.avg10Percent,
			avg60: line.avg60Percent,
			avg300: line.avg300Percent,
		}
	);
}
