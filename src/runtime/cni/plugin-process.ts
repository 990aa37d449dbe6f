/** One run of a CNI plugin as a process: its stdin, its answer, its end. */
import { DeadlineError } from '../../cri/errors.ts';
import { killGroup } from '../sys/process.ts';
import { type StartProgram, startByFork } from '../sys/program-start.ts';

/** What a plugin is given. */
export type PluginRun = {
	readonly file: string;
	/** The CNI_ variables. */
	readonly env: Readonly<Record<string, string>>;
	readonly input: string;
	/** After this it is killed, with all that it started. */
	readonly timeoutMs: number;
};

/** How it is run. */
export type PluginRunOptions = {
	readonly signal?: AbortSignal | undefined;
	/** Forks by default. */
	readonly start?: StartProgram | undefined;
};

/** How it ended; texts are cut to what is sane for an answer. */
export type PluginEnd = {
	/** Undefined where a signal ended it. */
	readonly exitCode: number | undefined;
	readonly signalName: string | undefined;
	readonly stdout: string;
	readonly stderr: string;
};

const stdoutMaxBytes = 4 * 2 ** 20;
const stderrMaxBytes = 16_384;
/** A daemon that the plugin started may hold its pipes; nobody waits for that one. */
const drainMs = 200;

/**
 * Runs a plugin to its end. It leads a process group of its own, so that it outlives us: what it has begun it finishes,
 * and the cache tells the next run that it was begun.
 * @throws DeadlineError, the signal's reason, an Error where it prints without end, or the error of starting it; then its
 * whole group is killed
 */
export async function runPlugin(
	{ file, env, input, timeoutMs }: PluginRun,
	{ signal, start = startByFork }: PluginRunOptions = {},
): Promise<PluginEnd> {
	signal?.throwIfAborted();
	const child = start(file, [], { env: { ...environment(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
	let stopReason: unknown;
	const stop = (reason: unknown) => {
		stopReason ??= reason;
		if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
	};
	const stdout = collect(child.stdout, stdoutMaxBytes, () =>
		stop(new Error(`it printed more than ${stdoutMaxBytes} bytes, and was killed`)),
	);
	const stderr = collect(child.stderr, stderrMaxBytes);
	// A plugin may end without reading its configuration.
	child.stdin?.on('error', () => undefined);
	child.stdin?.end(input);
	const ending = Promise.withResolvers<PluginEnd>();
	let drain: NodeJS.Timeout | undefined;
	child.once('error', ending.reject);
	child.once('exit', () => {
		const leave = () => {
			for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
		};
		// After a busy moment timers come first: what has been printed long ago is read before an immediate.
		drain = setTimeout(() => setImmediate(() => setImmediate(leave)), drainMs);
	});
	child.once('close', (exitCode, signalName) => {
		ending.resolve({
			exitCode: exitCode ?? undefined,
			signalName: signalName ?? undefined,
			stdout: stdout(),
			stderr: stderr(),
		});
	});
	const late = setTimeout(
		() => stop(new DeadlineError(`no end within ${timeoutMs} ms, killed`, { timeoutMs })),
		timeoutMs,
	);
	const onAbort = () => stop(signal?.reason);
	signal?.addEventListener('abort', onAbort, { once: true });
	try {
		const end = await ending.promise;
		if (stopReason !== undefined) throw stopReason;
		return end;
	} finally {
		clearTimeout(late);
		clearTimeout(drain);
		signal?.removeEventListener('abort', onAbort);
	}
}

/** Plugins are configured by our environment too (proxies, KUBECONFIG), but never by CNI_ variables we did not set. */
function environment(): NodeJS.ProcessEnv {
	return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CNI_')));
}

/** @param onExcess called each time more comes than is kept */
function collect(
	stream: NodeJS.ReadableStream | null,
	limitBytes: number,
	onExcess: () => void = () => undefined,
): () => string {
	const chunks: Buffer[] = [];
	let sizeBytes = 0;
	stream?.on('error', () => undefined);
	stream?.on('data', (chunk: Buffer) => {
		if (sizeBytes < limitBytes) chunks.push(chunk);
		sizeBytes += chunk.length;
		if (sizeBytes > limitBytes) onExcess();
	});
	return () => Buffer.concat(chunks).subarray(0, limitBytes).toString('utf8');
}
