/** Short-lived programs: run to their end within a deadline, with all that they said on stderr when they fail. */
import { DeadlineError } from '../../cri/errors.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { errnoCode } from './errno.ts';
import { type StartedProgram, type StartProgram, startByFork } from './program-start.ts';

/** A program failed: which, how, and the end of what it said. */
export class ExecError extends Error {
	override readonly name = 'ExecError';
	readonly file: string;
	readonly args: readonly string[];
	/** Undefined where it was not started, or ended by a signal. */
	readonly exitCode: number | undefined;
	/** Its last 16 KiB, as they came. */
	readonly stderr: string;

	constructor(
		command: { readonly file: string; readonly args: readonly string[] },
		reason: string,
		options?: ErrorOptions & { readonly exitCode?: number | undefined; readonly stderr?: string | undefined },
	) {
		super(`cannot run "${command.file}": ${reason}`, options);
		this.file = command.file;
		this.args = command.args;
		this.exitCode = options?.exitCode;
		this.stderr = options?.stderr ?? '';
	}
}

/** How a command is run. */
export type CommandOptions = {
	/** After this the program is told to go, and soon after killed with all it started. */
	readonly timeoutMs: number;
	/** Its whole environment; without it only PATH. */
	readonly env?: NodeJS.ProcessEnv | undefined;
	readonly cwd?: string | undefined;
	/** Written to its stdin, which is empty otherwise. */
	readonly input?: string | Uint8Array | undefined;
	readonly signal?: AbortSignal | undefined;
	/** Forks by default. */
	readonly start?: StartProgram | undefined;
};

/** What a program that ended with 0 has said. */
export type CommandOutput = { readonly stdout: string; readonly stderr: string };

/** Between SIGTERM and SIGKILL. */
const graceMs = 500;
/** A program that is gone may have left somebody who holds its pipes; nobody waits for that one. */
const drainMs = 1000;
const stderrTailBytes = 16_384;
const stdoutMaxBytes = 64 * 2 ** 20;

/**
 * Runs a program to its end. It is the leader of a process group of its own, which is killed as a whole.
 * @throws ExecError where it cannot be started or ends with anything but 0; DeadlineError; the signal's reason. In each
 * case it has ended before.
 */
export async function runCommand(
	file: string,
	args: readonly string[],
	options: CommandOptions,
): Promise<CommandOutput> {
	const { timeoutMs, env = minimalEnvironment(), cwd, input, signal, start = startByFork } = options;
	signal?.throwIfAborted();
	const command = { file, args };
	const child = start(file, args, {
		env,
		cwd,
		stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
	});
	const stdout = collect(child.stdout, stdoutMaxBytes, 'start');
	const stderr = collect(child.stderr, stderrTailBytes, 'end');
	// A program may end without reading what it is given.
	child.stdin?.on('error', () => undefined);
	child.stdin?.end(input);
	let stopReason: unknown;
	const stop = (reason: unknown): void => {
		stopReason ??= reason;
		killLadder(child);
	};
	const late = setTimeout(
		() => stop(new DeadlineError(`cannot run "${file}": no end within ${timeoutMs} ms`, { timeoutMs })),
		timeoutMs,
	);
	const onAbort = (): void => stop(signal?.reason);
	signal?.addEventListener('abort', onAbort, { once: true });
	try {
		const end = await endOf(child);
		if (stopReason !== undefined) throw stopReason;
		if ('failure' in end) throw new ExecError(command, spawnFailure(end.failure), { cause: end.failure });
		if (end.exitCode !== 0) {
			const how = end.exitCode === undefined ? `ended by ${end.signalName}` : `exit code ${end.exitCode}`;
			const words = lastLine(stderr());
			throw new ExecError(command, words === '' ? how : `${words} (${how})`, {
				exitCode: end.exitCode,
				stderr: stderr(),
			});
		}
		return { stdout: stdout(), stderr: stderr() };
	} finally {
		clearTimeout(late);
		signal?.removeEventListener('abort', onAbort);
	}
}

/** What a helper program needs of our environment, and nothing that could steer it. */
export function minimalEnvironment(): NodeJS.ProcessEnv {
	const { PATH, XDG_RUNTIME_DIR } = process.env;
	return {
		PATH: PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
		...(XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR }),
	};
}

/** The last line that says something, fit for one line of a log. */
function lastLine(text: string): string {
	const lines = text.split('\n').filter((line) => line.trim() !== '');
	return sanitizeLine(lines.at(-1)?.trim() ?? '');
}

/** Signals a process group; one that is gone already is no error. */
export function killGroup(leaderPid: number, signalName: NodeJS.Signals): void {
	try {
		process.kill(-leaderPid, signalName);
	} catch (error) {
		if (errnoCode(error) !== 'ESRCH') throw error;
	}
}

type End =
	| { readonly failure: Error }
	| { readonly exitCode: number | undefined; readonly signalName: string | undefined };

/** The process has ended, and its pipes are read to their end as far as that comes soon. */
function endOf(child: StartedProgram): Promise<End> {
	return new Promise((resolve) => {
		let drain: NodeJS.Timeout | undefined;
		child.once('error', (failure) => resolve({ failure }));
		child.once('exit', () => {
			drain = setTimeout(() => {
				for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
			}, drainMs);
		});
		child.once('close', (exitCode, signalName) => {
			clearTimeout(drain);
			resolve({ exitCode: exitCode ?? undefined, signalName: signalName ?? undefined });
		});
	});
}

function killLadder(child: StartedProgram): void {
	if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
	const pid = child.pid;
	killGroup(pid, 'SIGTERM');
	const kill = setTimeout(() => killGroup(pid, 'SIGKILL'), graceMs);
	child.once('exit', () => clearTimeout(kill));
}

/** Keeps the first or the last bytes of a stream. */
function collect(
	stream: NodeJS.ReadableStream | null,
	limitBytes: number,
	keep: 'start' | 'end',
): () => string {
	const chunks: Buffer[] = [];
	let sizeBytes = 0;
	stream?.on('error', () => undefined);
	stream?.on('data', (chunk: Buffer) => {
		if (keep === 'start' && sizeBytes >= limitBytes) return;
		chunks.push(chunk);
		sizeBytes += chunk.length;
		while (keep === 'end' && sizeBytes - chunks[0]!.length >= limitBytes) sizeBytes -= chunks.shift()!.length;
	});
	return () => {
		const all = Buffer.concat(chunks);
		return (keep === 'start' ? all.subarray(0, limitBytes) : all.subarray(-limitBytes)).toString('utf8');
	};
}

/** Why a program could not be started; a folder that is not there is told as the program's absence, too. */
export function spawnFailure(failure: Error): string {
	if (errnoCode(failure) === 'ENOENT') return 'there is no such program';
	return sanitizeLine(failure.message);
}
