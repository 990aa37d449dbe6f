/** The OCI runtime's command line. Source: runc(8), crun(1); runsc takes the same words. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DeadlineError, errorMessage } from '../../cri/errors.ts';
import { type CommandOutput, ExecError, minimalEnvironment, runCommand } from '../sys/process.ts';
import type { StartProgram } from '../sys/program-start.ts';
import { hasBecomeProgram, startThroughFifo } from './exec-fifo.ts';
import { type HandlerConfig, type OciResources, OciRuntimeError } from './model.ts';
import { runtimeWords } from './runtime-words.ts';

type WaitOptions = {
	readonly signal?: AbortSignal | undefined;
	/** How the runtime's process is started: by a fork unless this says otherwise. */
	readonly start?: StartProgram | undefined;
};

/** What the runtime says of a container. */
export type RuntimeState = {
	readonly status: 'creating' | 'created' | 'running' | 'paused' | 'stopped';
	/** 0 once it is stopped. */
	readonly pid: number;
};

/** Of a start: hooks of the spec may take their time. */
const startTimeoutMs = 120_000;
/** Of everything else, on a machine that is badly loaded. */
const commandTimeoutMs = 60_000;

/** How runc, crun and runsc say that they know no such container. */
const missing = /does not exist|\/status[`'"]?: no such file/i;
/** How they say that its init has ended, so that there is nobody to signal. */
const ended =
	/process already finished|not running|no such process|container (?:is |has )?stopped|init is not/i;

/** @throws OciRuntimeError with the runtime's own words, DeadlineError */
export async function runtimeStart(
	id: string,
	handler: HandlerConfig,
	options: WaitOptions = {},
): Promise<void> {
	if (await startThroughFifo(id, handler, { ...options, timeoutMs: startTimeoutMs })) return;
	await runRuntime(handler, ['start', id], `start container "${id}"`, {
		...options,
		timeoutMs: startTimeoutMs,
	});
}

/** A container that is gone, or whose init has ended, is no error. @throws as {@link runtimeStart} */
export async function runtimeKill(
	id: string,
	handler: HandlerConfig,
	signalName: string,
	{ all = false, ...options }: WaitOptions & { readonly all?: boolean | undefined } = {},
): Promise<void> {
	const args = ['kill', ...(all ? ['--all'] : []), id, signalName];
	try {
		await runRuntime(handler, args, `signal container "${id}"`, options);
	} catch (error) {
		if (!says(error, missing) && !says(error, ended)) throw error;
	}
}

/** Kills what still runs. A container that is not there is no error. @throws as {@link runtimeStart} */
export async function runtimeDelete(
	id: string,
	handler: HandlerConfig,
	options: WaitOptions = {},
): Promise<void> {
	try {
		await runRuntime(handler, ['delete', '--force', id], `delete container "${id}"`, options);
	} catch (error) {
		if (!says(error, missing)) throw error;
	}
}

/** @returns undefined where the runtime knows no such container. @throws as {@link runtimeStart} */
export async function runtimeState(
	id: string,
	handler: HandlerConfig,
	options: WaitOptions = {},
): Promise<RuntimeState | undefined> {
	const action = `read the state of container "${id}"`;
	try {
		const { stdout } = await runRuntime(handler, ['state', id], action, options);
		const { status, pid = 0 } = JSON.parse(stdout) as { status: RuntimeState['status']; pid?: number };
		// A start that was cut off between its two steps: runc takes the container for one that waits.
		const started = status === 'created' && path.basename(handler.path) === 'runc' && hasBecomeProgram(pid);
		return { status: started ? 'running' : status, pid };
	} catch (error) {
		if (says(error, missing)) return undefined;
		if (error instanceof SyntaxError) {
			const command = `${handler.path} state`;
			throw new OciRuntimeError(command, `cannot ${action}: ${error.message}`, { cause: error });
		}
		throw error;
	}
}

/** Ids of all containers below the handler's root. @throws as {@link runtimeStart} */
export async function runtimeList(
	handler: HandlerConfig,
	options: WaitOptions = {},
): Promise<readonly string[]> {
	const { stdout } = await runRuntime(handler, ['list', '--quiet'], 'list the containers', options);
	return stdout.split('\n').filter((line) => line !== '');
}

/** Changes cgroup limits of a container that is created or runs. @throws as {@link runtimeStart} */
export async function runtimeUpdate(
	id: string,
	handler: HandlerConfig,
	resources: OciResources,
	options: WaitOptions = {},
): Promise<void> {
	// A file of its own: for `-` crun opens /dev/stdin, which cannot be done with the socket that Node gives a child.
	const dir = await mkdtemp(path.join(tmpdir(), 'criscope-update-'));
	try {
		const file = path.join(dir, 'resources.json');
		await writeFile(file, JSON.stringify(resources), { mode: 0o600 });
		await runRuntime(handler, ['update', '--resources', file, id], `update container "${id}"`, options);
	} finally {
		await rm(dir, { recursive: true, force: true });
	}
}

/** Arguments that come before the command's own. */
export function globalArguments(handler: HandlerConfig, systemdCgroup = false): readonly string[] {
	return [`--root=${handler.root}`, ...(systemdCgroup ? ['--systemd-cgroup'] : [])];
}

/** Whose command line acts on the very process that it reports as init; others (runsc) report one of their own. */
export function runsInitItself(handler: HandlerConfig): boolean {
	return ['runc', 'crun'].includes(path.basename(handler.path));
}

/**
 * True for gVisor, by the program's name or the handler's: a script with flags may stand before the program. It takes a
 * container that names its pod for a guest of that pod's first container, whose end conmon would see in place of its own.
 */
export function isGvisor({ path: program, name }: Pick<HandlerConfig, 'path' | 'name'>): boolean {
	return [path.basename(program), name].some((word) => /runsc|gvisor/i.test(word));
}

async function runRuntime(
	handler: HandlerConfig,
	args: readonly string[],
	action: string,
	options: WaitOptions & { readonly timeoutMs?: number | undefined },
): Promise<CommandOutput> {
	const { timeoutMs = commandTimeoutMs, signal, start } = options;
	try {
		return await runCommand(handler.path, [...globalArguments(handler), ...args], {
			timeoutMs,
			signal,
			start,
			env: minimalEnvironment(),
			cwd: '/',
		});
	} catch (error) {
		if (error instanceof DeadlineError) {
			const message = `cannot ${action}: ${handler.path} did not end within ${timeoutMs} ms`;
			throw new DeadlineError(message, { timeoutMs, cause: error });
		}
		if (!(error instanceof ExecError)) throw error;
		const words = runtimeWords(error.stderr);
		const message = `cannot ${action}: ${words === '' ? errorMessage(error) : words}`;
		throw new OciRuntimeError(`${handler.path} ${args[0]}`, message, {
			cause: error,
			exitCode: error.exitCode,
			stderr: error.stderr,
		});
	}
}

function says(error: unknown, words: RegExp): boolean {
	return error instanceof OciRuntimeError && words.test(error.stderr);
}
