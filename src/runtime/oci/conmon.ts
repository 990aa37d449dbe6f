/**
 * One conmon for each container: it has the OCI runtime create the container, logs what it says, keeps its exit code, and
 * outlives this process. Source: conmon(8) 2.1; runtime.md section 3.2
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { DeadlineError } from '../../cri/errors.ts';
import { readProcStat } from '../sys/proc-stat.ts';
import { spawnFailure } from '../sys/process.ts';
import { type StartedProgram, type StartProgram, startByFork } from '../sys/program-start.ts';
import { conmonArguments, conmonEnvironment, pidFiles } from './conmon-arguments.ts';
import { removeFailedCreate } from './conmon-undo.ts';
import type { CreatedProcess, CreateRequest, ProcessIdentity } from './container-process.ts';
import { OciRuntimeError } from './model.ts';
import { runtimeWords } from './runtime-words.ts';

/** Conmon says one line, with at most what the runtime wrote to stderr; longer is none of its. */
const answerMaxLength = 2 ** 20;

/**
 * Starts conmon and waits until the runtime has created the container. Conmon waits for a byte before it goes on, so
 * that the bundle is whole first, and conmon in its cgroup; its first process ends once the second runs.
 * @throws OciRuntimeError with the runtime's own words, DeadlineError, the signal's reason; nothing is left then
 */
export async function createByConmon(
	request: CreateRequest,
	{
		signal,
		start = startByFork,
	}: { readonly signal?: AbortSignal | undefined; readonly start?: StartProgram | undefined } = {},
): Promise<CreatedProcess> {
	signal?.throwIfAborted();
	const { id, paths, timeoutMs } = request;
	const files = pidFiles(paths);
	// A pidfile of an earlier try would name somebody else's process.
	for (const file of [files.init, files.monitor]) rmSync(file, { force: true });
	for (const dir of [paths.persistDir, paths.exitsDir, paths.attachDir, path.dirname(paths.logPath)]) {
		mkdirSync(dir, { recursive: true });
	}
	const late = new DeadlineError(`cannot create container "${id}": no answer within ${timeoutMs} ms`, {
		timeoutMs,
	});
	const stopped = Promise.withResolvers<never>();
	stopped.promise.catch(() => undefined);
	const timer = setTimeout(() => stopped.reject(late), timeoutMs);
	const onAbort = (): void => stopped.reject(signal?.reason);
	signal?.addEventListener('abort', onAbort, { once: true });
	let child: StartedProgram | undefined;
	try {
		child = start(request.handler.monitorPath, conmonArguments(request), {
			cwd: paths.bundleDir,
			env: conmonEnvironment(request),
			stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
		});
		await Promise.race([handshake(child, request), stopped.promise]);
		return {
			init: identityFrom(files.init, request),
			monitor: identityFrom(files.monitor, request),
		};
	} catch (error) {
		await removeFailedCreate(request, child?.pid);
		throw error;
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', onAbort);
		for (const stream of child?.stdio ?? []) stream?.destroy();
	}
}

async function handshake(child: StartedProgram, request: CreateRequest): Promise<void> {
	const { id, handler } = request;
	const spawned = Promise.withResolvers<void>();
	child.once('error', (cause) => {
		const message = `cannot create container "${id}": cannot run "${handler.monitorPath}": ${spawnFailure(cause)}`;
		spawned.reject(new OciRuntimeError(handler.monitorPath, message, { cause }));
	});
	child.once('spawn', spawned.resolve);
	// Without a process there may be no pipes either, and the error is on its way.
	if (child.pid === undefined) return spawned.promise;
	const [, , stderr, sync, start] = child.stdio as unknown as [null, null, Readable, Duplex, Duplex];
	const firstEnded = new Promise<number>((resolve) => {
		child.once('exit', (exitCode) => resolve(exitCode ?? -1));
	});
	// Listened to before anything can be lost; a pipe that breaks tells itself as an end.
	start.on('error', () => undefined);
	const said = readUntil(sync, (text) => text.includes('\n'));
	const complained = readUntil(stderr, () => false);
	await spawned.promise;
	await request.placeMonitor?.(child.pid);
	await request.bundle;
	start.end('\0');
	const [answer, exitCode] = await Promise.all([said, firstEnded]);
	const { pid, message } = parseAnswer(answer);
	if (pid !== undefined && pid > 0) return;
	const stderrText = message ?? (await complained);
	const words = runtimeWords(stderrText);
	const fallback = `conmon ended without an answer (exit code ${exitCode})`;
	throw new OciRuntimeError(
		`${handler.path} create`,
		`cannot create container "${id}": ${words === '' ? fallback : words}`,
		{ exitCode: exitCode === 0 ? undefined : exitCode, stderr: stderrText },
	);
}

type Answer = { readonly pid?: number; readonly message?: string };

/** Conmon's line: the pid, or -1 and what the runtime wrote to stderr. */
function parseAnswer(line: string): Answer {
	try {
		const { pid, message } = JSON.parse(line) as { pid?: unknown; message?: unknown };
		return {
			...(typeof pid === 'number' ? { pid } : {}),
			...(typeof message === 'string' ? { message } : {}),
		};
	} catch {
		// It was killed before it had said all.
		return {};
	}
}

/** Reads until the text is complete, the stream ends or it breaks. */
function readUntil(stream: Readable, isComplete: (text: string) => boolean): Promise<string> {
	return new Promise((resolve) => {
		let text = '';
		const done = (): void => resolve(text);
		stream.setEncoding('utf8');
		stream.on('data', (chunk: string) => {
			text += chunk;
			if (isComplete(text) || text.length > answerMaxLength) done();
		});
		stream.on('error', done);
		stream.on('end', done);
		stream.on('close', done);
	});
}

function identityFrom(file: string, { id }: CreateRequest): ProcessIdentity {
	const pid = Number(readFileSync(file, 'latin1').trim());
	const stat = Number.isInteger(pid) && pid > 0 ? readProcStat(pid) : undefined;
	if (stat !== undefined) return { pid, startTimeTicks: stat.startTimeTicks };
	const what = path.basename(file) === 'pidfile' ? 'its first process' : 'its conmon';
	throw new OciRuntimeError('create', `cannot create container "${id}": ${what} has ended at once`);
}
