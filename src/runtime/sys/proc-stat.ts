/** Processes as /proc shows them: which one a pid means, its children, and the end of a whole tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoCode } from './errno.ts';

/** The fields of /proc/PID/stat that matter here. Source: proc_pid_stat(5). */
export type ProcStat = {
	readonly pid: number;
	/** `R`, `S`, `D`, `T`, `Z` (ended, not yet waited for), `X` and others. */
	readonly state: string;
	readonly parentPid: number;
	readonly sessionId: number;
	/** Ticks since boot; with the pid it names one process for ever. */
	readonly startTimeTicks: bigint;
};

/** Reads a process; undefined where there is none. A zombie is there. */
export function readProcStat(pid: number): ProcStat | undefined {
	let text: string;
	try {
		text = readFileSync(`/proc/${pid}/stat`, 'latin1');
	} catch (error) {
		// ESRCH: it went away between open and read.
		if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ESRCH') return undefined;
		throw error;
	}
	// The name may hold blanks and brackets of its own, so the last closing one ends it.
	const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
	const [state, parentPid, , sessionId] = fields;
	const startTime = fields[19];
	if (state === undefined || startTime === undefined) return undefined;
	return {
		pid,
		state,
		parentPid: Number(parentPid),
		sessionId: Number(sessionId),
		startTimeTicks: BigInt(startTime),
	};
}

/** True while the process runs (or is stopped or frozen); a zombie has ended. */
export function isRunning(stat: ProcStat | undefined): boolean {
	return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X' && stat.state !== 'x';
}

/** Pids of the direct children of all its threads; zombies among them. Empty for a process that is gone. */
export function childPids(pid: number): readonly number[] {
	const children: number[] = [];
	for (const thread of namesIn(`/proc/${pid}/task`)) {
		try {
			const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim();
			if (text !== '') children.push(...text.split(' ').map(Number));
		} catch {
			// The thread, or the process, is gone.
		}
	}
	return children;
}

/**
 * Kills a process, all that descend from it and all of its session, and waits until they are gone, for at most
 * `waitMs`: one in uninterruptible sleep goes later. The root itself may be gone already.
 * @param sessionId kills what has left the tree but not the session; undefined where the root leads none of its own
 * @returns false where something was still there
 */
export async function killTree(
	rootPid: number,
	sessionId: number | undefined,
	waitMs = 2000,
): Promise<boolean> {
	const deadlineMs = performance.now() + waitMs;
	// Kept from round to round: children of a parent that was killed first are no longer in its tree.
	const known = new Map<number, bigint>();
	for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 50)) {
		addTree(known, [rootPid, ...known.keys(), ...(sessionId === undefined ? [] : sessionPids(sessionId))]);
		const found = [...known.keys()].map(readProcStat).filter((stat) => isKnown(known, stat));
		if (!found.some(isRunning)) return true;
		// A zombie, too: it may be the first thread only that has ended.
		for (const { pid } of found) kill(pid);
		if (performance.now() > deadlineMs) return false;
		// They may fork between the look and the blow, so it is looked at again until nothing is left.
		await delay(pauseMs);
	}
}

function isKnown(known: ReadonlyMap<number, bigint>, stat: ProcStat | undefined): stat is ProcStat {
	return stat !== undefined && known.get(stat.pid) === stat.startTimeTicks;
}

function addTree(known: Map<number, bigint>, pids: readonly number[]): void {
	const queue = [...pids];
	const seen = new Set<number>();
	for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
		if (seen.has(pid)) continue;
		seen.add(pid);
		const stat = readProcStat(pid);
		const before = known.get(pid);
		// The number of one that was killed may belong to somebody else by now.
		if (stat === undefined || (before !== undefined && before !== stat.startTimeTicks)) continue;
		known.set(pid, stat.startTimeTicks);
		queue.push(...childPids(pid));
	}
}

function sessionPids(sessionId: number): readonly number[] {
	return namesIn('/proc')
		.map(Number)
		.filter((pid) => Number.isInteger(pid) && readProcStat(pid)?.sessionId === sessionId);
}

function kill(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch (error) {
		if (errnoCode(error) !== 'ESRCH') throw error;
	}
}

function namesIn(folder: string): readonly string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}
