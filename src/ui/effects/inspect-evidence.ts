/** Collects what this host itself knows about a container: kernel log, cgroup, the last lines it logged. */
import type { ContainerStatus } from '../../cri/model.ts';
import { parseVerboseInfo } from '../../cri/verbose-info.ts';
import { type CgroupReading, readCgroup } from '../../node/cgroup.ts';
import { detectCgroupLayout } from '../../node/cgroup-layout.ts';
import { type OomKills, readOomKills } from '../../node/kernel-log.ts';
import { openLogHistory } from '../../node/logs/open-log-history.ts';
import { oomKillsOf } from '../../node/oom-kill.ts';
import { readProcessCgroups } from '../../node/procfs.ts';
import type { ContainerRow } from '../resources/rows.ts';
import type { InspectEvidence } from '../store/slices/inspect.ts';

const lastLineCount = 10;

/** The attempt whose end is to be explained, and where it logged. */
type Dead = { readonly attempt: number; readonly logPath: string };

/** The container itself when it has ended, else the newest attempt before it that the runtime still lists. */
function deadAttempt(status: ContainerStatus, earlier: readonly ContainerRow[]): Dead | undefined {
	if (status.state === 'exited') return { attempt: status.metadata.attempt, logPath: status.logPath };
	const before = earlier.find((row) => row.facts?.state === 'exited');
	return before?.facts && { attempt: before.container.metadata.attempt, logPath: before.facts.logPath };
}

async function lastLinesOf(
	dead: Dead | undefined,
	signal: AbortSignal,
): Promise<InspectEvidence['lastLines']> {
	if (!dead?.logPath) return undefined;
	await using history = await openLogHistory({
		logPath: dead.logPath,
		includeEarlierAttempts: false,
		signal,
	});
	const lines = await history.readBackward('end', lastLineCount, { signal });
	const problem = history.segments().find((segment) => segment.problem)?.problem;
	return {
		...dead,
		lines: lines.map(({ timestampNanos, stream, text }) => ({ timestampNanos, stream, text })),
		problem: lines.length === 0 ? problem : undefined,
	};
}

async function cgroupOf(status: ContainerStatus, signal: AbortSignal): Promise<CgroupReading | undefined> {
	const { pid, cgroupsPath } = parseVerboseInfo(status.info);
	if (status.state !== 'running' || pid === undefined) return undefined;
	const options = { signal };
	const own = await readProcessCgroups(pid, options);
	// A pid of another host, or one given away since, would show a stranger's numbers.
	const paths = own ? [own.unified ?? '', ...own.controllers.values()] : [];
	const id: string = status.id;
	if (!own || !paths.some((path) => path.includes(id) || (cgroupsPath && path.endsWith(cgroupsPath)))) {
		return undefined;
	}
	return readCgroup(await detectCgroupLayout(options), own, options);
}

/** Whether the kernel log can have something to say. The counter of a cgroup that lives on answers it for less. */
function mayBeOom(status: ContainerStatus, cgroup: CgroupReading | undefined): boolean {
	if (status.state === 'exited') return status.exitCode !== 0 || status.reason === 'OOMKilled';
	return status.state === 'running' && cgroup?.oomKillCount !== 0;
}

/**
 * Reads everything at once; what cannot be read is left out. The kernel log is handed in, because reading it is
 * the dear part and its answer holds for a while.
 * @throws only the signal's reason.
 */
export async function gatherEvidence(
	status: ContainerStatus,
	earlier: readonly ContainerRow[],
	kernel: (moment: string) => Promise<OomKills>,
	{ signal }: { readonly signal: AbortSignal },
): Promise<InspectEvidence> {
	const quietly = async <Answer>(work: Promise<Answer>): Promise<Answer | undefined> => {
		try {
			return await work;
		} catch {
			signal.throwIfAborted();
			return undefined;
		}
	};
	const [cgroup, lastLines] = await Promise.all([
		quietly(cgroupOf(status, signal)),
		quietly(lastLinesOf(deadAttempt(status, earlier), signal)),
	]);
	const moment = `${status.id} ${status.state} ${cgroup?.oomKillCount ?? ''}`;
	const kills = mayBeOom(status, cgroup) ? await quietly(kernel(moment)) : undefined;
	const { cgroupsPath } = parseVerboseInfo(status.info);
	return {
		oomKills:
			kills?.kind === 'read'
				? oomKillsOf(kills.kills, { containerId: status.id, cgroupPath: cgroupsPath })
				: [],
		oomProblem: kills?.kind === 'unreadable' ? kills.reason : undefined,
		cgroup,
		lastLines,
	};
}

/** Longest that one reading of the kernel log is used: it costs a system call a record, of which there are thousands. */
const kernelLogMs = 300_000;

/** Reads the kernel log anew when something happened: each `moment` differs from those before, or time has passed. */
export function createKernelReader(
	signal: AbortSignal,
	now: () => number = Date.now,
): (moment: string) => Promise<OomKills> {
	let last: { readonly moment: string; readonly atMs: number; readonly kills: Promise<OomKills> } | undefined;
	return (moment) => {
		if (last?.moment !== moment || now() - last.atMs > kernelLogMs) {
			last = { moment, atMs: now(), kills: readOomKills({ signal }) };
		}
		return last.kills;
	};
}
