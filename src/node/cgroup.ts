import type { CgroupLayout } from './cgroup-layout.ts';
import {
	type HostOptions,
	listHostFolder,
	parseKeyedNumbers,
	readHostFile,
	readHostLine,
} from './host-file.ts';
import { noPressures, type Pressures, readPressures } from './pressure.ts';
import type { ProcessCgroups } from './procfs.ts';

/** What one cgroup has used and may use. A limit that is absent means unlimited; a count that is absent, unknown. */
export type CgroupReading = {
	readonly cpuUsageNanos: bigint | undefined;
	/** Enforcement periods in which the group had something to run; the ratio below is over these. */
	readonly cpuPeriods: number | undefined;
	readonly cpuThrottledPeriods: number | undefined;
	readonly cpuThrottledNanos: bigint | undefined;
	/** 0–1, over the life of the group; for "now", take the difference of two readings. */
	readonly throttledRatio: number | undefined;
	readonly cpuLimitMillicores: number | undefined;
	readonly memoryUsageBytes: number | undefined;
	readonly memoryPeakBytes: number | undefined;
	readonly memoryLimitBytes: number | undefined;
	/** Usage without the inactive page cache: what the kubelet evicts by. */
	readonly memoryWorkingSetBytes: number | undefined;
	readonly pidsCurrent: number | undefined;
	readonly pidsLimit: number | undefined;
	readonly oomKillCount: number | undefined;
	readonly pressure: Pressures;
};

/** v1 says "no limit" by a number near 2^63, rounded down to the page size. */
const v1UnlimitedBytes = 2n ** 62n;

/**
 * Reads the counters of a cgroup; absent when the group is in none of the hierarchies.
 * `path` is the group's path below the mount (as in a CRI `cgroupsPath` under the cgroupfs driver), or what
 * `readProcessCgroups` gave, which is right even where the hierarchies differ.
 * Source: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
 */
export async function readCgroup(
	layout: CgroupLayout,
	path: string | ProcessCgroups,
	options: HostOptions = {},
): Promise<CgroupReading | undefined> {
	if (layout.mode === 'none') return undefined;
	if (layout.mode === 'v2') {
		const own = typeof path === 'string' ? path : path.unified;
		if (own === undefined || layout.unifiedMount === undefined) return undefined;
		return readV2(below(layout.unifiedMount, own), options);
	}
	const folderOf = (controller: string) => {
		const mount = layout.controllerMounts.get(controller);
		const own = typeof path === 'string' ? path : path.controllers.get(controller);
		return mount === undefined || own === undefined ? undefined : below(mount, own);
	};
	return readV1(folderOf, options);
}

async function readV2(folder: string, options: HostOptions): Promise<CgroupReading | undefined> {
	if ((await listHostFolder(folder, options)) === undefined) return undefined;
	const [cpuStat, cpuMax, current, peak, max, memoryStat, events, pidsCurrent, pidsMax, pressure] =
		await Promise.all([
			keyed(`${folder}/cpu.stat`, options),
			readHostLine(`${folder}/cpu.max`, options),
			readHostLine(`${folder}/memory.current`, options),
			readHostLine(`${folder}/memory.peak`, options),
			readHostLine(`${folder}/memory.max`, options),
			keyed(`${folder}/memory.stat`, options),
			keyed(`${folder}/memory.events`, options),
			readHostLine(`${folder}/pids.current`, options),
			readHostLine(`${folder}/pids.max`, options),
			readPressures(folder, { cpu: 'cpu.pressure', memory: 'memory.pressure', io: 'io.pressure' }, options),
		]);
	const [quota, period] = (cpuMax ?? '').split(' ');
	return reading({
		cpuUsageNanos: thousandfold(cpuStat.get('usage_usec')),
		cpuPeriods: cpuStat.get('nr_periods'),
		cpuThrottledPeriods: cpuStat.get('nr_throttled'),
		cpuThrottledNanos: thousandfold(cpuStat.get('throttled_usec')),
		cpuQuota: whole(quota),
		cpuPeriod: whole(period),
		memoryUsage: whole(current),
		memoryPeak: whole(peak),
		memoryLimit: whole(max),
		inactiveFile: memoryStat.get('inactive_file'),
		pidsCurrent: whole(pidsCurrent),
		pidsLimit: whole(pidsMax),
		oomKills: events.get('oom_kill'),
		pressure,
	});
}

async function readV1(
	folderOf: (controller: string) => string | undefined,
	options: HostOptions,
): Promise<CgroupReading | undefined> {
	const folders = ['cpu', 'cpuacct', 'memory', 'pids'].map(folderOf);
	const present = await Promise.all(
		folders.map(
			async (folder) => folder !== undefined && (await listHostFolder(folder, options)) !== undefined,
		),
	);
	if (!present.includes(true)) return undefined;
	const [cpu, cpuacct, memory, pids] = folders.map((folder, index) => (present[index] ? folder : undefined));
	const value = async (folder: string | undefined, name: string) =>
		folder === undefined ? undefined : whole(await readHostLine(`${folder}/${name}`, options));
	const table = async (folder: string | undefined, name: string) =>
		folder === undefined ? new Map<string, bigint>() : keyed(`${folder}/${name}`, options);
	const [
		usage,
		cpuStat,
		quota,
		period,
		current,
		peak,
		limit,
		memoryStat,
		oomControl,
		pidsCurrent,
		pidsLimit,
	] = await Promise.all([
		value(cpuacct, 'cpuacct.usage'),
		table(cpu, 'cpu.stat'),
		value(cpu, 'cpu.cfs_quota_us'),
		value(cpu, 'cpu.cfs_period_us'),
		value(memory, 'memory.usage_in_bytes'),
		value(memory, 'memory.max_usage_in_bytes'),
		value(memory, 'memory.limit_in_bytes'),
		table(memory, 'memory.stat'),
		table(memory, 'memory.oom_control'),
		value(pids, 'pids.current'),
		value(pids, 'pids.max'),
	]);
	return reading({
		cpuUsageNanos: usage,
		cpuPeriods: cpuStat.get('nr_periods'),
		cpuThrottledPeriods: cpuStat.get('nr_throttled'),
		cpuThrottledNanos: cpuStat.get('throttled_time'),
		// A quota of -1 means none.
		cpuQuota: quota !== undefined && quota > 0n ? quota : undefined,
		cpuPeriod: period,
		memoryUsage: current,
		memoryPeak: peak,
		memoryLimit: limit !== undefined && limit < v1UnlimitedBytes ? limit : undefined,
		inactiveFile: memoryStat.get('total_inactive_file'),
		pidsCurrent,
		pidsLimit,
		oomKills: oomControl.get('oom_kill'),
		pressure: noPressures,
	});
}

type RawCounters = {
	readonly [name in
		| 'cpuUsageNanos'
		| 'cpuPeriods'
		| 'cpuThrottledPeriods'
		| 'cpuThrottledNanos'
		| 'cpuQuota'
		| 'cpuPeriod'
		| 'memoryUsage'
		| 'memoryPeak'
		| 'memoryLimit'
		| 'inactiveFile'
		| 'pidsCurrent'
		| 'pidsLimit'
		| 'oomKills']: bigint | undefined;
} & { readonly pressure: Pressures };

/** Turns the kernel's counters, the same in both versions by now, into a reading. */
function reading(raw: RawCounters): CgroupReading {
	const { cpuPeriods, cpuThrottledPeriods, cpuQuota, cpuPeriod, memoryUsage, inactiveFile } = raw;
	let workingSet = memoryUsage;
	// The two files are read one after the other: the cache may be the larger by then.
	if (memoryUsage !== undefined && inactiveFile !== undefined) {
		workingSet = memoryUsage > inactiveFile ? memoryUsage - inactiveFile : 0n;
	}
	return {
		cpuUsageNanos: raw.cpuUsageNanos,
		cpuPeriods: plain(cpuPeriods),
		cpuThrottledPeriods: plain(cpuThrottledPeriods),
		cpuThrottledNanos: raw.cpuThrottledNanos,
		throttledRatio:
			cpuPeriods !== undefined && cpuThrottledPeriods !== undefined && cpuPeriods > 0n
				? Number(cpuThrottledPeriods) / Number(cpuPeriods)
				: undefined,
		cpuLimitMillicores:
			cpuQuota !== undefined && cpuPeriod !== undefined && cpuPeriod > 0n
				? Math.round((Number(cpuQuota) * 1000) / Number(cpuPeriod))
				: undefined,
		memoryUsageBytes: plain(memoryUsage),
		memoryPeakBytes: plain(raw.memoryPeak),
		memoryLimitBytes: plain(raw.memoryLimit),
		memoryWorkingSetBytes: plain(workingSet),
		pidsCurrent: plain(raw.pidsCurrent),
		pidsLimit: plain(raw.pidsLimit),
		oomKillCount: plain(raw.oomKills),
		pressure: raw.pressure,
	};
}

/** Joins a mount point and a group's path; `..` of a group outside our namespace must not climb above the mount. */
function below(mount: string, path: string): string {
	const parts = path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
	return parts.length === 0 ? mount : `${mount}/${parts.join('/')}`;
}

async function keyed(path: string, options: HostOptions): Promise<ReadonlyMap<string, bigint>> {
	return parseKeyedNumbers((await readHostFile(path, options)) ?? '');
}

function whole(text: string | undefined): bigint | undefined {
	return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

function plain(value: bigint | undefined): number | undefined {
	return value === undefined ? undefined : Number(value);
}

function thousandfold(value: bigint | undefined): bigint | undefined {
	return value === undefined ? undefined : value * 1000n;
}
