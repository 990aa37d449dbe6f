/** Commands in containers: to the end with all they said, or with their streams. */
import { DeadlineError } from '../../cri/errors.ts';
import type { DescriptorOutput } from '../sys/descriptor-streams.ts';
import type { ExecOutcome, ExecRequest, RunningExec } from './container-process.ts';
import { type ExecParts, type StartedExec, startExec } from './exec-start.ts';

/** What each stream keeps; the rest is read and thrown away, so that the command can end. */
const outputMaxBytes = 16 * 2 ** 20;
/** What the command's status is where nobody can tell it any more. */
const unknownExitCode = 255;

type WaitOptions = { readonly signal?: AbortSignal | undefined };

/**
 * Runs a command to its end. On timeout and on abort the command, its whole tree and its session are killed first.
 * Background processes that the command has left are left alone when it ends by itself.
 * @throws OciRuntimeError where it could not be started, the signal's reason
 */
export async function execToEnd(
	parts: ExecParts,
	request: ExecRequest & { readonly timeoutMs: number | undefined },
	{ signal }: WaitOptions = {},
): Promise<ExecOutcome> {
	const { timeoutMs } = request;
	const late = new AbortController();
	// Longer than a timer can be is no deadline.
	const timer =
		timeoutMs === undefined || timeoutMs > 2 ** 31 - 1
			? undefined
			: setTimeout(() => late.abort(new DeadlineError('the command took too long')), timeoutMs);
	const stop = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
	try {
		const spec = { ...request.process, terminal: false };
		const started = await startExec(parts, { ...request, process: spec }, { stdin: false, signal: stop });
		return await outcomeOf(started, stop);
	} catch (error) {
		if (late.signal.aborted && error === late.signal.reason) return { kind: 'timedOut' };
		throw error;
	} finally {
		clearTimeout(timer);
	}
}

async function outcomeOf(started: StartedExec, stop: AbortSignal): Promise<ExecOutcome> {
	const stdout = collect(started.stdout);
	const stderr = started.stderr === undefined ? Buffer.alloc(0) : collect(started.stderr);
	const stopped = Promise.withResolvers<never>();
	stopped.promise.catch(() => undefined);
	const onStop = (): void => stopped.reject(stop.reason);
	stop.addEventListener('abort', onStop, { once: true });
	if (stop.aborted) onStop();
	try {
		const end = Promise.all([endOfOutput(started), stdout, stderr]);
		const [exitCode, out, err] = await Promise.race([end, stopped.promise]);
		return { kind: 'exited', exitCode, stdout: out, stderr: err };
	} catch (error) {
		await started.kill();
		for (const output of [started.stdout, started.stderr]) output?.stream.destroy();
		throw error;
	} finally {
		stop.removeEventListener('abort', onStop);
	}
}

/**
 * Starts a command with its streams; they must be read, or it waits. Disposing kills it.
 * @throws OciRuntimeError where it could not be started, the signal's reason
 */
export async function execWithStreams(
	parts: ExecParts,
	request: ExecRequest & { readonly stdin: boolean },
	{ signal }: WaitOptions = {},
): Promise<RunningExec> {
	const started = await startExec(parts, request, { stdin: request.stdin, signal });
	const { pid, terminal } = started;
	let running = true;
	const exited = endOfOutput(started).then((exitCode) => {
		running = false;
		return { exitCode };
	});
	return {
		pid,
		stdin: started.stdin,
		stdout: started.stdout.stream,
		stderr: started.stderr?.stream,
		resize(columns, rows) {
			// Its descriptor is closed afterwards, and may mean another file.
			if (terminal !== undefined && running && !terminal.stream.destroyed) {
				parts.sys.setWindowSize(terminal.descriptor, columns, rows);
			}
		},
		exited,
		kill: () => void started.kill(),
		async [Symbol.asyncDispose]() {
			const gone = await started.kill();
			started.stdin?.destroy();
			for (const output of [started.stdout, started.stderr]) output?.stream.destroy();
			// One that even the kernel cannot end yet is not waited for.
			if (gone) await exited;
		},
	};
}

/** Waits for the exit, and reads what was said until then. */
async function endOfOutput({ exitCode, stdout, stderr }: StartedExec): Promise<number> {
	const code = await exitCode;
	const outputs = stderr === undefined ? [stdout] : [stdout, stderr];
	for (const output of outputs) output.drain();
	await Promise.all(outputs.map(({ ended }) => ended));
	return code ?? unknownExitCode;
}

/** Keeps the first bytes of a stream until it ends, or is destroyed. */
function collect({ stream }: DescriptorOutput): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let sizeBytes = 0;
	stream.on('data', (chunk: Buffer) => {
		if (sizeBytes >= outputMaxBytes) return;
		const kept = chunk.subarray(0, outputMaxBytes - sizeBytes);
		chunks.push(kept);
		sizeBytes += kept.length;
	});
	return new Promise((resolve) => {
		stream.once('close', () => resolve(Buffer.concat(chunks, sizeBytes)));
	});
}
