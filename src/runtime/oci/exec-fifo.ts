/**
 * Starts a container as `runc start` does, without starting runc: a created container's init waits until somebody opens
 * `exec.fifo` beside its state for reading, writes one byte to it and becomes the program. A process of Go would take longer
 * to load than this takes.
 * Source: runc 1.1 to 1.3, libcontainer: state.json, exec.fifo.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { DeadlineError } from '../../cri/errors.ts';
import { errnoCode } from '../sys/errno.ts';
import { isRunning, readProcStat } from '../sys/proc-stat.ts';
import { type HandlerConfig, OciRuntimeError } from './model.ts';

/** Looks without a pause at first: on a quiet machine init answers at once. */
const eagerLooks = 20;
const firstPauseMs = 1;
const lastPauseMs = 20;

/**
 * @returns false, having done nothing, where the runtime itself must start the container: it is not runc, it has something
 * else to do at a start (hooks), or the container does not wait for one
 * @throws OciRuntimeError where the container's init has ended, DeadlineError, the signal's reason
 */
export async function startThroughFifo(
	id: string,
	handler: HandlerConfig,
	{ timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
	if (path.basename(handler.path) !== 'runc') return false;
	const folder = path.join(handler.root, id);
	const init = waitingInit(path.join(folder, 'state.json'));
	if (init === undefined || !init.lives()) return false;
	const file = path.join(folder, 'exec.fifo');
	const fifo = openFifo(file);
	if (fifo === undefined) return false;
	try {
		signal?.throwIfAborted();
		const deadlineMs = performance.now() + timeoutMs;
		let pauseMs = firstPauseMs;
		for (let looks = 0; !hasByte(fifo); looks += 1) {
			if (!init.lives()) {
				// It may have done all it had to between the two looks.
				if (hasByte(fifo)) break;
				const message = `cannot start container "${id}": container process is already dead`;
				throw new OciRuntimeError(`${handler.path} start`, message);
			}
			if (performance.now() > deadlineMs) {
				const message = `cannot start container "${id}": its init did not answer within ${timeoutMs} ms`;
				throw new DeadlineError(message, { timeoutMs });
			}
			// Whoever let it go was killed before it could take the fifo away.
			if (looks >= eagerLooks && init.isProgram()) break;
			if (looks < eagerLooks) {
				await setImmediate(undefined, { signal });
			} else {
				await delay(pauseMs, undefined, { signal });
				pauseMs = Math.min(pauseMs * 2, lastPauseMs);
			}
		}
		// By its absence runc tells a container that runs from one that waits.
		rmSync(file, { force: true });
		return true;
	} finally {
		closeSync(fifo);
	}
}

/** The init that runc has written down; undefined where a start means more than a byte, or the state cannot be read. */
function waitingInit(
	stateFile: string,
): { readonly lives: () => boolean; readonly isProgram: () => boolean } | undefined {
	try {
		const state = JSON.parse(readFileSync(stateFile, 'utf8')) as RuncState;
		const { init_process_pid: pid, init_process_start: startTime } = state;
		if (typeof pid !== 'number' || typeof startTime !== 'number' || pid <= 0) return undefined;
		// From 1.3 on a start runs these; before, create has done so, and asking runc costs no more than time.
		if ((state.config?.Hooks?.poststart?.length ?? 0) > 0) return undefined;
		return {
			lives: () => {
				const stat = readProcStat(pid);
				return isRunning(stat) && stat?.startTimeTicks === BigInt(startTime);
			},
			isProgram: () => hasBecomeProgram(pid),
		};
	} catch {
		// Whatever is wrong, the runtime says it better.
		return undefined;
	}
}

/**
 * True where the init of runc that still has its fifo has gone on nevertheless: it waits under a name of its own until it
 * becomes the container's program. Source: runc 1.1 to 1.3, libcontainer/nsenter/nsexec.c
 */
export function hasBecomeProgram(pid: number): boolean {
	try {
		return !readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('runc:[');
	} catch {
		return false;
	}
}

type RuncState = {
	readonly init_process_pid?: unknown;
	readonly init_process_start?: unknown;
	readonly config?: { readonly Hooks?: { readonly poststart?: readonly unknown[] | null } | null };
};

/** Opening it is what init waits for. */
function openFifo(file: string): number | undefined {
	let fifo: number;
	try {
		fifo = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
	} catch (error) {
		if (errnoCode(error) === 'ENOENT') return undefined;
		throw error;
	}
	if (fstatSync(fifo).isFIFO()) return fifo;
	closeSync(fifo);
	return undefined;
}

/** Nothing is there before init has opened its end, and while it has not written. */
function hasByte(fifo: number): boolean {
	try {
		return readSync(fifo, Buffer.alloc(1)) > 0;
	} catch (error) {
		if (errnoCode(error) === 'EAGAIN') return false;
		throw error;
	}
}
