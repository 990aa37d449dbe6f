import { availableParallelism } from 'node:os';
import { type HostOptions, readHostFile, readHostLine } from './host-file.ts';
import { type Pressures, readPressures } from './pressure.ts';

/** How busy the host is. A field is absent when /proc does not tell it. */
export type HostLoad = {
	readonly loadAverage: { readonly one: number; readonly five: number; readonly fifteen: number } | undefined;
	readonly memoryTotalBytes: number | undefined;
	/** What can be had without swapping, not merely what is free. */
	readonly memoryAvailableBytes: number | undefined;
	readonly uptimeSeconds: number | undefined;
	readonly cpuCount: number | undefined;
	readonly pressure: Pressures;
};

/** One process as /proc shows it. */
export type HostProcess = {
	readonly pid: number;
	/** The kernel's name for it, at most 15 bytes; may hold any character. */
	readonly name: string;
	/** Empty for a kernel thread and for a zombie. */
	readonly commandLine: readonly string[];
	/** Milliseconds since the epoch. */
	readonly startedAtMs: number | undefined;
};

/** The cgroup of a process in every hierarchy. */
export type ProcessCgroups = {
	/** Path in the unified (v2) hierarchy, starting with `/`. */
	readonly unified: string | undefined;
	/** v1: controller name (or `name=systemd`) to path, starting with `/`. */
	readonly controllers: ReadonlyMap<string, string>;
};

/** Ticks a second of /proc/PID/stat: fixed at 100 for user space on every Linux port in use. */
const ticksPerSecond = 100;

/**
 * Reads load, memory, uptime and pressure of the host in one go.
 * Source: proc_loadavg(5), proc_meminfo(5), proc_uptime(5).
 */
export async function readHostLoad(options: HostOptions = {}): Promise<HostLoad> {
	const [loadavg, meminfo, uptime, stat, pressure] = await Promise.all([
		readHostLine('/proc/loadavg', options),
		readHostFile('/proc/meminfo', options),
		readHostLine('/proc/uptime', options),
		readHostFile('/proc/stat', options),
		readPressures('/proc/pressure', { cpu: 'cpu', memory: 'memory', io: 'io' }, options),
	]);
	const [one, five, fifteen] = (loadavg ?? '').split(' ').map(Number);
	const uptimeSeconds = Number.parseFloat(uptime ?? '');
	const cpuLines = stat?.match(/^cpu\d+ /gm)?.length;
	return {
		loadAverage:
			one !== undefined &&
			five !== undefined &&
			fifteen !== undefined &&
			Number.isFinite(one + five + fifteen)
				? { one, five, fifteen }
				: undefined,
		memoryTotalBytes: meminfoBytes(meminfo, 'MemTotal'),
		// Kernels before 3.14 have no MemAvailable; free memory is the honest lower bound there.
		memoryAvailableBytes: meminfoBytes(meminfo, 'MemAvailable') ?? meminfoBytes(meminfo, 'MemFree'),
		uptimeSeconds: Number.isFinite(uptimeSeconds) ? uptimeSeconds : undefined,
		cpuCount: cpuLines ?? (options.root === undefined ? availableParallelism() : undefined),
		pressure,
	};
}

/**
 * Reads when the host was started, in milliseconds since the epoch (whole seconds).
 * Source: `btime` in proc_stat(5).
 */
export async function readBootTimeMs(options: HostOptions = {}): Promise<number | undefined> {
	const btime = /^btime (\d+)$/m.exec((await readHostFile('/proc/stat', options)) ?? '')?.[1];
	return btime === undefined ? undefined : Number(btime) * 1000;
}

/**
 * Reads name, command line and start of one process; absent once it is gone.
 * Source: proc_pid_stat(5), field 22.
 */
export async function readProcess(pid: number, options: HostOptions = {}): Promise<HostProcess | undefined> {
	const [stat, commandLine, bootTimeMs] = await Promise.all([
		readHostFile(`/proc/${pid}/stat`, { ...options, limitBytes: 4096 }),
		readHostFile(`/proc/${pid}/cmdline`, { ...options, limitBytes: 131_072 }),
		readBootTimeMs(options),
	]);
	// The name may hold spaces and parentheses of its own, so the last closing one ends it.
	const match = /^\d+ \((.*)\) (.*)$/s.exec(stat?.trimEnd() ?? '');
	if (match?.[1] === undefined || match[2] === undefined) return undefined;
	const startTicks = Number(match[2].split(' ')[19]);
	return {
		pid,
		name: match[1],
		commandLine: (commandLine ?? '')
			.split('\0')
			.filter((argument, index, all) => argument !== '' || index < all.length - 1),
		startedAtMs:
			bootTimeMs !== undefined && Number.isFinite(startTicks)
				? bootTimeMs + Math.round((startTicks * 1000) / ticksPerSecond)
				: undefined,
	};
}

/**
 * Reads in which cgroups a process is; absent once it is gone.
 * Source: cgroups(7), /proc/pid/cgroup.
 */
export async function readProcessCgroups(
	pid: number | 'self',
	options: HostOptions = {},
): Promise<ProcessCgroups | undefined> {
	const text = await readHostFile(`/proc/${pid}/cgroup`, options);
	return text === undefined ? undefined : parseProcessCgroups(text);
}

/** Parses the text of /proc/PID/cgroup; lines that are none are passed over. */
export function parseProcessCgroups(text: string): ProcessCgroups {
	let unified: string | undefined;
	const controllers = new Map<string, string>();
	for (const line of text.split('\n')) {
		const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
		if (match?.[2] === undefined || match[3] === undefined) continue;
		if (match[2] === '') unified = match[3];
		else for (const controller of match[2].split(',')) controllers.set(controller, match[3]);
	}
	return { unified, controllers };
}

/** Takes one `Name:  123 kB` line out of /proc/meminfo. */
function meminfoBytes(text: string | undefined, name: string): number | undefined {
	const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text ?? '')?.[1];
	return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
