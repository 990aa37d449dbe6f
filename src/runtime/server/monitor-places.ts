/**
 * The control groups of monitors (conmon). To move a process the kernel waits for all processors, ten milliseconds in which no
 * other group can be made or entered, the container's own included. So monitors go there some time after their containers were
 * made, all that are waiting in one go; until then they are in the runtime's own group. What ends before needs none.
 */
import { errorMessage } from '../../cri/errors.ts';
import type { Cgroups } from '../cgroup/cgroups.ts';
import type { Log } from '../log.ts';
import type { ContainerProcesses, ProcessIdentity } from '../oci/container-process.ts';
import type { HandlerConfig } from '../oci/model.ts';
import { runsInitItself } from '../oci/runtime-cli.ts';

const usualPauseMs = 500;

/** Places monitors behind the calls that started them. Disposing of it places at once what still waits. */
export type MonitorPlaces = AsyncDisposable & {
	/** @param id of its container, or sandbox. A failure is logged: the container runs all the same */
	place(id: string, cgroup: string, monitor: ProcessIdentity): void;
	/** Resolves once nothing more is made for it. */
	leave(id: string): Promise<void>;
};

type Waiting = { readonly cgroup: string; readonly monitor: ProcessIdentity };

/** @param pauseMs from the first that waits until all are placed */
export function createMonitorPlaces(
	cgroups: Pick<Cgroups, 'addMonitor'>,
	processes: Pick<ContainerProcesses, 'isAlive'>,
	{ log, pauseMs = usualPauseMs }: { readonly log: Log; readonly pauseMs?: number | undefined },
): MonitorPlaces {
	const waiting = new Map<string, Waiting>();
	let timer: NodeJS.Timeout | undefined;
	let placing: Promise<void> = Promise.resolve();
	/** The one that is being placed now. */
	let current: { readonly id: string; readonly placed: Promise<void> } | undefined;

	async function placeOne(id: string, { cgroup, monitor }: Waiting): Promise<void> {
		try {
			if (processes.isAlive(monitor)) await cgroups.addMonitor(cgroup, monitor.pid);
		} catch (error) {
			if (hasEnded(monitor)) return;
			log('warn', 'the monitor of a container stays in the control group of the runtime', {
				object: id,
				error: errorMessage(error),
			});
		}
	}
	/** What cannot be asked (no descriptor is left) is no proof. */
	function hasEnded(monitor: ProcessIdentity): boolean {
		try {
			return !processes.isAlive(monitor);
		} catch {
			return false;
		}
	}
	async function placeAll(): Promise<void> {
		for (let [next] = waiting; next !== undefined; [next] = waiting) {
			const [id, one] = next;
			waiting.delete(id);
			current = { id, placed: placeOne(id, one) };
			await current.placed;
		}
		current = undefined;
	}
	function begin(): Promise<void> {
		clearTimeout(timer);
		timer = undefined;
		placing = placing.then(placeAll);
		return placing;
	}

	return {
		place(id, cgroup, monitor) {
			waiting.set(id, { cgroup, monitor });
			timer ??= setTimeout(() => void begin(), pauseMs).unref();
		},
		async leave(id) {
			waiting.delete(id);
			// Not for the others: a removal must not wait until a hundred are placed.
			if (current?.id === id) await current.placed;
		},
		[Symbol.asyncDispose]: begin,
	};
}

/**
 * Whether a monitor may be placed later. Not where its group is more than an account: systemd must know of it before it starts
 * anything, and other OCI runtimes than these two may leave processes of the container in the group they were started in.
 */
export function isPlacedLater({ driver }: Pick<Cgroups, 'driver'>, handler: HandlerConfig): boolean {
	return driver === 'cgroupfs' && runsInitItself(handler);
}
