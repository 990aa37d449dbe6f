/**
 * Starts programs that this process then speaks with and waits for.
 *
 * Node forks: with the memory of a runtime that holds its main thread for 5 to 10 ms a program, and a pod takes five of
 * them. posix_spawn shares the memory until the program is there: half a millisecond, whatever is in use.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { ChildWaits, WaitedEnd } from './child-waits.ts';
import type { SpawnCalls } from './libc-spawn.ts';

/** What a program is given besides its arguments. It leads a session of its own. */
export type ProgramOptions = {
	/** The whole environment. */
	readonly env: NodeJS.ProcessEnv;
	readonly cwd?: string | undefined;
	/** Its descriptors 0, 1, …: /dev/null, a stream of ours, or a descriptor of ours. */
	readonly stdio: readonly ('ignore' | 'pipe' | number)[];
};

/** A program that was started, as Node's ChildProcess tells of it: its events come when they do there. */
export type StartedProgram = Pick<
	ChildProcess,
	'pid' | 'stdin' | 'stdout' | 'stderr' | 'exitCode' | 'signalCode'
> & {
	readonly stdio: readonly (Readable | Writable | null | undefined)[];
	once(event: 'spawn', listener: () => void): unknown;
	/** It could not be started; nothing else comes. */
	once(event: 'error', listener: (failure: Error) => void): unknown;
	/** `exit` when it has ended, `close` when its streams have, too. */
	once(
		event: 'exit' | 'close',
		listener: (exitCode: number | null, signalName: NodeJS.Signals | null) => void,
	): unknown;
};

/** Starts a program. Failing to is told by the event `error`. */
export type StartProgram = (file: string, args: readonly string[], options: ProgramOptions) => StartedProgram;

/** Node's way, which also looks for programs by the search path. */
export const startByFork: StartProgram = (file, args, { env, cwd, stdio }) =>
	spawn(file, [...args], { env, cwd, detached: true, stdio: [...stdio] });

/** By posix_spawn where the program is named by its whole path, by Node otherwise. Main thread only. */
export function startBySpawn(calls: SpawnCalls, waits: Pick<ChildWaits, 'ended'>): StartProgram {
	return (file, args, options) => {
		if (!file.startsWith('/')) return startByFork(file, args, options);
		const pipes = openPipes(calls, options.stdio);
		const descriptors = options.stdio.map((kind, index) =>
			typeof kind === 'number' ? kind : pipes.get(index)?.child,
		);
		// The lowest are being replaced while they are given; Node's own keep these numbers taken in practice.
		if (
			descriptors.some((each, target) => each !== undefined && each !== target && each < descriptors.length)
		) {
			for (const { ours, child } of pipes.values()) for (const end of [ours, child]) closeSync(end);
			return startByFork(file, args, options);
		}
		let started: number | Error;
		try {
			const env = Object.fromEntries(Object.entries(options.env).filter(isDefined));
			started = calls.spawn({ file, args, env, cwd: options.cwd, descriptors });
		} catch (error) {
			started = error instanceof Error ? error : new Error(String(error), { cause: error });
		}
		for (const { child } of pipes.values()) closeSync(child);
		const streams = options.stdio.map((_, index) => {
			const fd = pipes.get(index)?.ours;
			// Only stdin is never read from; a child may speak both ways on every other.
			return fd === undefined ? null : new Socket({ fd, readable: index > 0, writable: true });
		});
		return new SpawnedProgram(started, streams, waits);
	};
}

type Pipe = { readonly ours: number; readonly child: number };

function openPipes(calls: SpawnCalls, stdio: ProgramOptions['stdio']): ReadonlyMap<number, Pipe> {
	const pipes = new Map<number, Pipe>();
	for (const [index, kind] of stdio.entries()) {
		if (kind !== 'pipe') continue;
		const [ours, child] = calls.socketPair();
		pipes.set(index, { ours, child });
	}
	return pipes;
}

function isDefined(entry: [string, string | undefined]): entry is [string, string] {
	return entry[1] !== undefined;
}

/** Tells of its end as Node does: first `exit`, then `close` once its streams are closed too. */
class SpawnedProgram extends EventEmitter implements StartedProgram {
	readonly pid: number | undefined;
	readonly stdio: readonly (Socket | null)[];
	readonly stdin: Socket | null;
	readonly stdout: Socket | null;
	readonly stderr: Socket | null;
	exitCode: number | null = null;
	signalCode: NodeJS.Signals | null = null;

	constructor(started: number | Error, stdio: readonly (Socket | null)[], waits: Pick<ChildWaits, 'ended'>) {
		super();
		this.stdio = stdio;
		this.stdin = stdio[0] ?? null;
		this.stdout = stdio[1] ?? null;
		this.stderr = stdio[2] ?? null;
		if (typeof started === 'number') {
			this.pid = started;
			process.nextTick(() => this.emit('spawn'));
			void this.#waitFor(started, waits);
		} else {
			this.pid = undefined;
			for (const stream of stdio) stream?.destroy();
			process.nextTick(() => this.emit('error', started));
		}
	}

	async #waitFor(pid: number, waits: Pick<ChildWaits, 'ended'>): Promise<void> {
		const open = this.stdio.filter((stream) => stream !== null);
		const closed = Promise.all(
			open.map((stream) => new Promise<void>((resolve) => stream.once('close', () => resolve()))),
		);
		this.#note(await waits.ended(pid));
		this.stdin?.destroy();
		this.emit('exit', this.exitCode, this.signalCode);
		// What nobody has read by now would keep a stream open for ever.
		process.nextTick(() => {
			for (const stream of open) if (stream.readable && stream.readableFlowing === null) stream.resume();
		});
		await closed;
		this.emit('close', this.exitCode, this.signalCode);
	}

	#note(end: WaitedEnd): void {
		if (end.kind !== 'exited') return;
		if (end.signalNumber === undefined) this.exitCode = end.exitCode;
		else this.signalCode = signalName(end.signalNumber);
	}
}

function signalName(wanted: number): NodeJS.Signals {
	const found = Object.entries(constants.signals).find(([, number]) => number === wanted);
	return (found?.[0] ?? `SIG${wanted}`) as NodeJS.Signals;
}
