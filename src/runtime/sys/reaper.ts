/**
 * Children that others have started and left to us: conmon's second process, and commands that the OCI runtime starts in
 * a container and leaves. As subreaper this process becomes their parent, and must wait for them. Those that Node itself
 * has started are Node's to wait for, and must not be waited for here.
 */

import type { ChildWaits } from './child-waits.ts';
import type { ContainerCalls } from './container-calls.ts';
import { childPids, readProcStat } from './proc-stat.ts';

/** Waits for adopted children. Only one in a process; main thread only, where SIGCHLD is heard. */
export type Reaper = Disposable & {
	/** Must be called before the program is started that will leave children behind. Idempotent. */
	adopt(): void;
	/** Resolves with the exit code (128 + signal) of an adopted child; undefined where it is no child of ours. */
	ended(pid: number): Promise<number | undefined>;
};

/** Node waits for its own within one turn of its loop; who is a zombie for longer is not Node's. */
const orphanMs = 1000;

/**
 * Nothing happens before {@link Reaper.adopt}.
 * @param waits whose children are not orphans, whoever asks for them
 * @param onOrphan told of the end of every adopted child that nobody has asked for
 */
export function createReaper(
	sys: Pick<ContainerCalls, 'becomeSubreaper' | 'waitChild'>,
	waits: Pick<ChildWaits, 'ended' | 'has'>,
	onOrphan: (pid: number, exitCode: number) => void = () => undefined,
): Reaper {
	let active = false;
	let sweep: NodeJS.Timeout | undefined;
	let suspects: ReadonlySet<string> = new Set();

	function reap(pid: number): void {
		const end = sys.waitChild(pid);
		if (end.kind === 'exited') onOrphan(pid, end.exitCode);
	}

	/** Waits for the zombies that were there at the last look already, and comes back while there are any. */
	function sweepOrphans(): void {
		sweep = undefined;
		if (!active) return;
		const zombies = new Set<string>();
		for (const pid of childPids(process.pid)) {
			if (waits.has(pid)) continue;
			const stat = readProcStat(pid);
			if (stat?.state !== 'Z') continue;
			const identity = `${pid} ${stat.startTimeTicks}`;
			if (!suspects.has(identity)) zombies.add(identity);
			else reap(pid);
		}
		suspects = zombies;
		if (zombies.size > 0) sweepSoon();
	}

	function sweepSoon(): void {
		// After the loop's poll phase: between two looks Node has had its turn, however late the timers are.
		sweep ??= setTimeout(() => setImmediate(sweepOrphans), orphanMs).unref();
	}

	return {
		adopt() {
			if (active) return;
			active = true;
			sys.becomeSubreaper();
			process.on('SIGCHLD', sweepSoon);
		},
		async ended(pid) {
			const end = await waits.ended(pid);
			return end.kind === 'exited' ? end.exitCode : undefined;
		},
		[Symbol.dispose]() {
			active = false;
			process.off('SIGCHLD', sweepSoon);
			clearTimeout(sweep);
		},
	};
}
