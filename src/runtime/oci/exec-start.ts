/**
 * Starts a command in a container. The runtime is told to leave it to us (`--detach`): nothing stands between its streams
 * and ours, nothing else runs as long as it runs, and its exit is seen at once even if somebody still holds its output.
 */

import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContainerCalls } from '../sys/container-calls.ts';
import { killTree } from '../sys/proc-stat.ts';
import { minimalEnvironment, spawnFailure } from '../sys/process.ts';
import { type StartedProgram, type StartProgram, startByFork } from '../sys/program-start.ts';
import type { Reaper } from '../sys/reaper.ts';
import type { ExecRequest } from './container-process.ts';
import { consoleStreams, type ExecStreams, type OpenedStreams, pipeStreams } from './exec-streams.ts';
import { OciRuntimeError } from './model.ts';
import { globalArguments } from './runtime-cli.ts';
import { runtimeWords } from './runtime-words.ts';

/** A command that has been started. */
export type StartedExec = OpenedStreams & {
	/** Leader of a session of its own. */
	readonly pid: number;
	/**
	 * Kills it with its tree and its session, unless it has ended: its pid may mean somebody else then.
	 * @returns false where something was still there after some seconds
	 */
	kill(): Promise<boolean>;
	/** Undefined where somebody else has waited for it. */
	readonly exitCode: Promise<number | undefined>;
};

/** What starting takes. */
export type ExecParts = {
	readonly sys: ContainerCalls;
	readonly reaper: Reaper;
	/** Forks by default. */
	readonly start?: StartProgram | undefined;
};

/**
 * @param signal also ends a start that hangs, say in a frozen container
 * @throws OciRuntimeError with the runtime's own words, the signal's reason; nothing is left then
 */
export async function startExec(
	parts: ExecParts,
	request: ExecRequest,
	{ stdin, signal }: { readonly stdin: boolean; readonly signal?: AbortSignal | undefined },
): Promise<StartedExec> {
	signal?.throwIfAborted();
	parts.reaper.adopt();
	using files = execFiles(request);
	const streams = request.process.terminal
		? consoleStreams(parts.sys, files.consoleSocket)
		: pipeStreams(parts.sys, stdin);
	try {
		const child = spawnRuntime(parts.start ?? startByFork, request, files, streams);
		streams.closeChildEnds();
		const exitCode = await endOfRuntime(child, request, signal);
		const pid = readPid(files.pidFile);
		if (exitCode === 0 && signal?.aborted !== true && pid !== undefined) {
			return { ...adopted(parts.reaper, pid), ...streams.opened() };
		}
		// The runtime itself may have been killed after it had started the command.
		if (pid !== undefined) await killTree(pid, pid);
		signal?.throwIfAborted();
		throw startFailure(request, exitCode, await streams.complaints(child));
	} catch (error) {
		streams.abandon();
		throw error;
	}
}

/** Its end is asked for at once, so that it is not taken for an orphan's. */
function adopted(reaper: Reaper, pid: number): Pick<StartedExec, 'pid' | 'exitCode' | 'kill'> {
	let running = true;
	const exitCode = reaper.ended(pid).finally(() => {
		running = false;
	});
	return {
		pid,
		exitCode,
		kill: async () => !running || (await killTree(pid, pid)),
	};
}

function startFailure({ id, handler }: ExecRequest, exitCode: number, stderr: string): OciRuntimeError {
	const how =
		exitCode === 0 ? 'left no pid' : exitCode < 0 ? 'was killed' : `ended with exit code ${exitCode}`;
	const words = runtimeWords(stderr);
	const reason = words === '' ? `${handler.path} ${how}` : words;
	return new OciRuntimeError(`${handler.path} exec`, `cannot run a command in container "${id}": ${reason}`, {
		exitCode,
		stderr,
	});
}

type ExecFiles = Disposable & {
	readonly processFile: string;
	readonly pidFile: string;
	readonly consoleSocket: string;
};

/** Three names in the bundle, reached through a descriptor of it: a socket's path must be short. */
function execFiles({ paths, process: spec }: ExecRequest): ExecFiles {
	const name = `exec-${randomBytes(8).toString('hex')}`;
	const bundle = openSync(paths.bundleDir, 'r');
	const files = {
		processFile: path.join(paths.bundleDir, `${name}.json`),
		pidFile: path.join(paths.bundleDir, `${name}.pid`),
		// Ours by pid, not `self`: it is the runtime that connects.
		consoleSocket: `/proc/${process.pid}/fd/${bundle}/${name}.tty`,
		[Symbol.dispose]() {
			for (const suffix of ['json', 'pid', 'tty']) {
				rmSync(path.join(paths.bundleDir, `${name}.${suffix}`), { force: true });
			}
			closeSync(bundle);
		},
	};
	try {
		// Holds the container's environment, which may have secrets.
		writeFileSync(files.processFile, JSON.stringify(spec), { mode: 0o600, flag: 'wx' });
		return files;
	} catch (error) {
		files[Symbol.dispose]();
		throw error;
	}
}

function spawnRuntime(
	start: StartProgram,
	request: ExecRequest,
	files: ExecFiles,
	streams: ExecStreams,
): StartedProgram {
	const { id, handler, systemdCgroup } = request;
	const args = [
		...globalArguments(handler, systemdCgroup),
		...['exec', '--detach', '--process', files.processFile, '--pid-file', files.pidFile],
		...(request.process.terminal ? ['--console-socket', files.consoleSocket] : []),
		id,
	];
	return start(handler.path, args, {
		cwd: '/',
		env: minimalEnvironment(),
		stdio: [...streams.stdio],
	});
}

/** Its exit code, which does not matter once `signal` has killed it. @throws OciRuntimeError where it could not be started */
async function endOfRuntime(
	child: StartedProgram,
	{ id, handler }: ExecRequest,
	signal: AbortSignal | undefined,
): Promise<number> {
	const { promise, resolve, reject } = Promise.withResolvers<number>();
	let killed: Promise<unknown> | undefined;
	const onAbort = (): void => {
		if (child.pid !== undefined) killed = killTree(child.pid, undefined);
	};
	signal?.addEventListener('abort', onAbort, { once: true });
	child.once('error', (cause) => {
		const message = `cannot run a command in container "${id}": cannot run "${handler.path}": ${spawnFailure(cause)}`;
		reject(new OciRuntimeError(`${handler.path} exec`, message, { cause }));
	});
	child.once('exit', (exitCode) => resolve(exitCode ?? -1));
	try {
		return await promise;
	} finally {
		signal?.removeEventListener('abort', onAbort);
		await killed;
	}
}

function readPid(file: string): number | undefined {
	try {
		const pid = Number(readFileSync(file, 'latin1').trim());
		return Number.isInteger(pid) && pid > 1 ? pid : undefined;
	} catch {
		return undefined;
	}
}
