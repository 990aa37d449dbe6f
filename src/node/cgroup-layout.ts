import { type HostOptions, readHostFile } from './host-file.ts';

/** Which cgroup hierarchies the host has, and where they are mounted. */
export type CgroupLayout = {
	/** `hybrid`: controllers in v1, with a v2 tree beside them that has none. `none`: no cgroup file system mounted. */
	readonly mode: 'v2' | 'v1' | 'hybrid' | 'none';
	readonly unifiedMount: string | undefined;
	/** v1: controller to mount point. */
	readonly controllerMounts: ReadonlyMap<string, string>;
};

/**
 * Finds the cgroup hierarchies by what is mounted, because distributions differ in where.
 * Source: cgroups(7), proc_pid_mountinfo(5).
 */
export async function detectCgroupLayout(options: HostOptions = {}): Promise<CgroupLayout> {
	const mountinfo = await readHostFile('/proc/self/mountinfo', { ...options, limitBytes: 8 << 20 });
	return parseCgroupLayout(mountinfo ?? '');
}

/** Parses /proc/self/mountinfo; the first mount of a hierarchy counts, later ones are copies inside containers. */
export function parseCgroupLayout(mountinfo: string): CgroupLayout {
	let unifiedMount: string | undefined;
	const controllerMounts = new Map<string, string>();
	for (const line of mountinfo.split('\n')) {
		const [left, right] = line.split(' - ', 2);
		const mountPoint = left?.split(' ')[4];
		const [type, , superOptions] = right?.split(' ') ?? [];
		if (mountPoint === undefined || type === undefined) continue;
		const path = mountPoint.replaceAll(/\\([0-7]{3})/g, (_, octal) =>
			String.fromCharCode(Number.parseInt(octal, 8)),
		);
		if (type === 'cgroup2') unifiedMount ??= path;
		if (type !== 'cgroup') continue;
		for (const option of (superOptions ?? '').split(',')) {
			if (isController(option) && !controllerMounts.has(option)) controllerMounts.set(option, path);
		}
	}
	const mode =
		controllerMounts.size > 0
			? unifiedMount === undefined
				? 'v1'
				: 'hybrid'
			: unifiedMount === undefined
				? 'none'
				: 'v2';
	return { mode, unifiedMount, controllerMounts };
}

/** Mount options of a v1 hierarchy that are no controllers. */
function isController(option: string): boolean {
	return !/^(rw|ro|xattr|noprefix|clone_children|release_agent=.*|cpuset_v2_mode|)$/.test(option);
}
