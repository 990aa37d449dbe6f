/** How many processes a container has, which the CRI does not tell: the host's control groups do. */
import { readCgroup } from '../../node/cgroup.ts';
import { type CgroupLayout, detectCgroupLayout } from '../../node/cgroup-layout.ts';
import { readProcessCgroups } from '../../node/procfs.ts';

/** Counts processes and threads. */
export type ProcessCounter = (
	containerId: string,
	pid: number | undefined,
	options: { readonly signal: AbortSignal },
) => Promise<number | undefined>;

/**
 * @returns a counter. It answers undefined for a runtime on another host, or for a process that is not the container's: the
 * group's path must name the container.
 */
export function processCounter(): ProcessCounter {
	let layout: Promise<CgroupLayout> | undefined;
	return async (containerId, pid, options) => {
		if (pid === undefined) return undefined;
		layout ??= detectCgroupLayout(options);
		const groups = await readProcessCgroups(pid, options);
		if (!groups) return undefined;
		const paths = [groups.unified ?? '', ...groups.controllers.values()];
		if (!paths.some((path) => path.includes(containerId))) return undefined;
		return (await readCgroup(await layout, groups, options))?.pidsCurrent;
	};
}
