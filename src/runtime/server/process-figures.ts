/** What the processes of a container hold, counted from /proc. */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Undefined where nobody could be looked at. */
export type ProcessFigures = {
	readonly count: bigint | undefined;
	readonly descriptors: bigint | undefined;
	readonly sockets: bigint | undefined;
	/** Soft limit of the first process; undefined for no limit too. */
	readonly maxOpenFiles: bigint | undefined;
};

/** Processes of one container that are looked at one after the other; more would be a fork bomb, and say nothing. */
const mostProcesses = 1000;

/** @param pids of a container. @param initPid its first process. Those that end meanwhile count for nothing. */
export async function countProcesses(
	pids: readonly number[],
	initPid: number | undefined,
): Promise<ProcessFigures> {
	if (pids.length === 0) {
		return { count: undefined, descriptors: undefined, sockets: undefined, maxOpenFiles: undefined };
	}
	let descriptors = 0;
	let sockets = 0;
	for (const pid of pids.slice(0, mostProcesses)) {
		const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
		descriptors += names.length;
		const targets = await Promise.all(
			names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')),
		);
		sockets += targets.filter((target) => target.startsWith('socket:')).length;
	}
	const limits = await readFile(`/proc/${initPid ?? pids[0]}/limits`, 'latin1').catch(() => '');
	return {
		count: BigInt(pids.length),
		descriptors: BigInt(descriptors),
		sockets: BigInt(sockets),
		maxOpenFiles: softLimit(limits, 'Max open files'),
	};
}

/** Source: proc_pid_limits(5). Pure. */
export function softLimit(limits: string, name: string): bigint | undefined {
	const line = limits.split('\n').find((one) => one.startsWith(name));
	const soft = /\s(\d+|unlimited)\s/.exec(line?.slice(name.length) ?? '')?.[1];
	return soft === undefined || soft === 'unlimited' ? undefined : BigInt(soft);
}
