/** Puts the parts together: everything that is done to the processes of containers, with real conmon and OCI runtimes. */
import { closeSync } from 'node:fs';
import { errorMessage, InvalidArgumentError } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import type { ChildWaits } from '../sys/child-waits.ts';
import type { ContainerCalls } from '../sys/container-calls.ts';
import { isRunning, readProcStat } from '../sys/proc-stat.ts';
import type { StartProgram } from '../sys/program-start.ts';
import { createReaper } from '../sys/reaper.ts';
import { attachToConmon } from './attach.ts';
import { createByConmon } from './conmon.ts';
import { reopenConmonLog } from './conmon-control.ts';
import type {
	ContainerPaths,
	ContainerProcesses,
	CreatedProcess,
	ProcessIdentity,
} from './container-process.ts';
import { execToEnd, execWithStreams } from './exec.ts';
import { readContainerExit, writeContainerExit } from './exit-files.ts';
import {
	runsInitItself,
	runtimeDelete,
	runtimeKill,
	runtimeList,
	runtimeStart,
	runtimeState,
	runtimeUpdate,
} from './runtime-cli.ts';
import { signalNumberOf } from './signal-number.ts';

/** What it takes. */
export type ContainerProcessesParts = {
	readonly sys: ContainerCalls;
	/** Whose children are told apart from orphans. */
	readonly waits: ChildWaits;
	/** How conmon and OCI runtimes are started. */
	readonly start: StartProgram;
	readonly log: Log;
	/** Told when a conmon that was started here has ended, whatever it could write down. */
	readonly onMonitorEnd?: ((id: string) => void) | undefined;
};

/**
 * Makes the processes of containers. At its first use this process becomes a subreaper: conmon and commands that run in
 * containers become its children, and are waited for. Only one in a process.
 */
export function createContainerProcesses({
	sys,
	waits,
	start,
	log,
	onMonitorEnd = () => undefined,
}: ContainerProcessesParts): ContainerProcesses & Disposable {
	/** Of containers created by this process: spares asking the runtime, which is asked for all others. */
	const created = new Map<string, Created>();
	const reaper = createReaper(sys, waits, (pid, exitCode) => {
		for (const [id, { init, monitor, paths }] of created) {
			if (init.pid === pid) void recordOrphan(id, paths, exitCode, log);
			if (monitor.pid === pid) onMonitorEnd(id);
		}
	});

	return {
		async create(request, options) {
			reaper.adopt();
			const processes = await createByConmon(request, { ...options, start });
			created.set(request.id, { ...processes, paths: request.paths });
			return processes;
		},
		start: (id, handler, options) => runtimeStart(id, handler, { ...options, start }),
		async kill(id, handler, signalName, options) {
			const signalNumber = signalNumberOf(signalName);
			if (signalNumber === undefined) {
				throw new InvalidArgumentError(`cannot signal container "${id}": there is no signal "${signalName}"`);
			}
			const init = created.get(id)?.init;
			// Starting the runtime takes tens of milliseconds, and it does nothing else for one process.
			if (options?.all !== true && init !== undefined && runsInitItself(handler)) {
				signalProcess(sys, init, signalNumber);
			} else {
				await runtimeKill(id, handler, String(signalNumber), { ...options, start });
			}
		},
		async delete(id, handler, options) {
			await runtimeDelete(id, handler, { ...options, start });
			created.delete(id);
		},
		state: (id, handler, options) => runtimeState(id, handler, { ...options, start }),
		list: (handler, options) => runtimeList(handler, { ...options, start }),
		update: (id, handler, resources, options) => runtimeUpdate(id, handler, resources, { ...options, start }),
		execSync: (request, options) => execToEnd({ sys, reaper, start }, request, options),
		exec: (request, options) => execWithStreams({ sys, reaper, start }, request, options),
		attach: (paths, options) => attachToConmon(sys, paths, options),
		reopenLog: reopenConmonLog,
		readExit: readContainerExit,
		inherits: (id) => created.has(id),
		isAlive: isSameProcess,
		[Symbol.dispose]: () => reaper[Symbol.dispose](),
	};
}

type Created = CreatedProcess & { readonly paths: ContainerPaths };

/** Init comes to us only when its conmon was killed. */
async function recordOrphan(id: string, paths: ContainerPaths, exitCode: number, log: Log): Promise<void> {
	log('warn', 'a container has ended after its conmon', { container: id, exitCode });
	try {
		await writeContainerExit(id, paths, exitCode);
	} catch (error) {
		log('error', 'cannot write down the exit of a container', { container: id, error: errorMessage(error) });
	}
}

function isSameProcess({ pid, startTimeTicks }: ProcessIdentity): boolean {
	const stat = readProcStat(pid);
	return isRunning(stat) && stat?.startTimeTicks === startTimeTicks;
}

function signalProcess(sys: ContainerCalls, target: ProcessIdentity, signalNumber: number): void {
	// The descriptor is taken first: once the start time has been compared, it cannot mean anybody else.
	const descriptor = sys.openProcess(target.pid);
	if (descriptor === undefined) return;
	try {
		if (isSameProcess(target)) sys.signalProcess(descriptor, signalNumber);
	} finally {
		closeSync(descriptor);
	}
}
