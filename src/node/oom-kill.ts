/** One process the kernel killed for want of memory. */
export type OomKill = {
	/** Milliseconds since the epoch, by the boot time: off by the time the host has slept since. */
	readonly occurredAtMs: number | undefined;
	readonly sinceBootMicros: number;
	/** The kernel's name for the process, at most 15 bytes; may hold any character. */
	readonly taskName: string;
	readonly pid: number;
	/** cgroup the process was in. */
	readonly taskCgroup: string | undefined;
	/** cgroup whose limit was reached; absent when the whole host ran out. */
	readonly limitCgroup: string | undefined;
	readonly anonRssBytes: number | undefined;
	readonly totalVmBytes: number | undefined;
	/** `memcg`: a limit of its own; `host`: the whole host, a cpuset or a memory policy ran out. */
	readonly constraint: 'memcg' | 'host' | undefined;
};

type Announcement = Pick<OomKill, 'taskCgroup' | 'limitCgroup' | 'constraint'> & {
	readonly pid: number | undefined;
};

/**
 * Collects OOM kills out of kernel log lines, fed in order. A kill is told in two lines: one with the cgroups, one
 * with the sizes; between them stand stack traces and tables of up to thousands of lines. Kernels before 4.19 word the
 * first one otherwise, and in a group kill (memory.oom.group) one announcement precedes several kills.
 * Source: Linux mm/oom_kill.c and mm/memcontrol.c, 4.4 to 6.12.
 */
export function createOomParser(bootTimeMs: number | undefined): {
	readonly push: (line: string) => void;
	readonly kills: () => readonly OomKill[];
} {
	const kills: OomKill[] = [];
	let announced: Announcement | undefined;
	const push = (line: string) => {
		const record = /^\d+,\d+,(\d+),[^;]*;(.*)$/s.exec(line);
		if (record?.[1] === undefined || record[2] === undefined) return;
		const announcement = parseAnnouncement(record[2]);
		if (announcement !== undefined) announced = announcement;
		// Kernels before 5.0 begin a kill on a full host like this, and end it with a line that fits any kind.
		else if (record[2].startsWith('Out of memory: Kill process')) announced = undefined;
		const killed = parseKilled(record[2]);
		if (killed === undefined) return;
		const sinceBootMicros = Number(record[1]);
		const isMemcg = record[2].startsWith('Memory cgroup');
		const isHost = record[2].startsWith('Out of memory');
		// An announcement that names a pid is for that one kill; one that names none is for all that follow.
		const isFor = announced?.pid === undefined ? !isHost : announced.pid === killed.pid;
		const origin = isFor ? announced : undefined;
		kills.push({
			occurredAtMs: bootTimeMs === undefined ? undefined : bootTimeMs + Math.round(sinceBootMicros / 1000),
			sinceBootMicros,
			...killed,
			taskCgroup: origin?.taskCgroup,
			limitCgroup: origin?.limitCgroup,
			constraint: origin?.constraint ?? (isMemcg ? 'memcg' : 'host'),
		});
	};
	return { push, kills: () => [...kills] };
}

/**
 * Picks the kills that hit a container: its id is part of the last folders of the task's cgroup under every driver
 * (`…/<id>`, `…/cri-containerd-<id>.scope`, `…/crio-<id>.scope`, nested cgroups below them), or the cgroup path given
 * is the task's or one above it.
 */
export function oomKillsOf(
	kills: readonly OomKill[],
	container: { readonly containerId: string; readonly cgroupPath?: string | undefined },
): readonly OomKill[] {
	const { containerId, cgroupPath } = container;
	const own =
		cgroupPath === undefined || cgroupPath === '' || cgroupPath === '/'
			? undefined
			: cgroupPath.replace(/\/+$/, '');
	return kills.filter(({ taskCgroup }) => {
		if (taskCgroup === undefined) return false;
		if (own !== undefined && (taskCgroup === own || taskCgroup.startsWith(`${own}/`))) return true;
		if (containerId === '') return false;
		return taskCgroup.split('/').some((part) => folderContainerId(part) === containerId);
	});
}

/** `cri-containerd-<id>.scope` and `crio-<id>` are the id with what the drivers put around it. */
function folderContainerId(folder: string): string {
	const scope = folder.replace(/\.scope$/, '');
	return scope.slice(scope.lastIndexOf('-') + 1).replace(/^.*:/, '');
}

function parseAnnouncement(text: string): Announcement | undefined {
	const modern =
		/^oom-kill:constraint=(CONSTRAINT_\w+),.*?(?:,oom_memcg=(\/.*?))?(?:,global_oom)?,task_memcg=(\/.*),task=(?:.*),pid=(\d+),uid=\d+$/s.exec(
			text,
		);
	if (modern !== null) {
		return {
			constraint: modern[1] === 'CONSTRAINT_MEMCG' ? 'memcg' : 'host',
			limitCgroup: modern[2],
			taskCgroup: modern[3],
			pid: Number(modern[4]),
		};
	}
	const older = /^Task in (\/.*) killed as a result of limit of (\/.*)$/.exec(text);
	if (older !== null)
		return { constraint: 'memcg', taskCgroup: older[1], limitCgroup: older[2], pid: undefined };
	const group = /^Tasks in (\/.*) are going to be killed due to memory\.oom\.group set$/.exec(text);
	if (group !== null)
		return { constraint: 'memcg', taskCgroup: group[1], limitCgroup: group[1], pid: undefined };
	return undefined;
}

function parseKilled(
	text: string,
): Pick<OomKill, 'taskName' | 'pid' | 'anonRssBytes' | 'totalVmBytes'> | undefined {
	const match =
		/^(?:Memory cgroup out of memory(?: \(oom_kill_allocating_task\))?: |Out of memory(?: \([^)]*\))?: )?Killed process (\d+),? (?:UID \d+,? )?\((.*)\),? total-vm:(\d+)kB, anon-rss:(\d+)kB/s.exec(
			text,
		);
	if (match?.[2] === undefined) return undefined;
	return {
		pid: Number(match[1]),
		taskName: match[2],
		totalVmBytes: Number(match[3]) * 1024,
		anonRssBytes: Number(match[4]) * 1024,
	};
}
