/**
 * Starts a command in a container. The runtime is told to leave it to us (`--detach`): nothing stands between its streams
 * and ours, nothing else runs as long as it runs, and its exit is seen at once even if somebody still holds its output.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContainerCalls } from '../sys/container-calls.ts';
import { killTree } from '../sys/proc-stat.ts';
import { minimalEnvironment, spawnFailure } from '../sys/process.ts';
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
	/** Undefined where somebody else has waited for it. */
	readonly exitCode: Promise<number | undefined>;
};

/** What starting takes. */
export type ExecParts = { readonly sys: ContainerCalls; readonly reaper: Reaper };

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
		const child = spawnRuntime(request, files, streams);
		streams.closeChildEnds();
		const exitCode = await endOfRuntime(child, request, signal);
		if (signal?.aborted === true) {
			const pid = readPid(files.pidFile);
			if (pid !== undefined) await killTree(pid, pid);
			throw signal.reason;
		}
		if (exitCode !== 0) {
			const stderr = await streams.complaints(child);
			const words = runtimeWords(stderr);
			const reason = words === '' ? `${request.handler.path} ended with exit code ${exitCode}` : words;
			throw new OciRuntimeError(
				`${request.handler.path} exec`,
				`cannot run a command in container "${request.id}": ${reason}`,
				{ exitCode, stderr },
			);
		}
		const pid = readPid(files.pidFile);
		if (pid === undefined) {
			const reason = `${request.handler.path} has left no pid`;
			throw new OciRuntimeError('exec', `cannot run a command in container "${request.id}": ${reason}`);
		}
		// Asked at once, so that its end is not taken for an orphan's.
		const ended = parts.reaper.ended(pid);
		return { pid, exitCode: ended, ...streams.opened() };
	} catch (error) {
		streams.abandon();
		throw error;
	}
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

function spawnRuntime(request: ExecRequest, files: ExecFiles, streams: ExecStreams): ChildProcess {
	const { id, handler, systemdCgroup } = request;
	const args = [
		...globalArguments(handler, systemdCgroup),
		...['exec', '--detach', '--process', files.processFile, '--pid-file', files.pidFile],
		...(request.process.terminal ? ['--console-socket', files.consoleSocket] : []),
		id,
	];
	return spawn(handler.path, args, {
		cwd: '/',
		env: minimalEnvironment(),
		detached: true,
		stdio: [...streams.stdio],
	});
}

/** Its exit code, which does not matter once `signal` has killed it. @throws OciRuntimeError where it could not be started */
async function endOfRuntime(
	child: ChildProcess,
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
