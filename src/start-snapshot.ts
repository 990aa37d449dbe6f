import { hostname } from 'node:os';
import type { ProgramOptions } from './arguments.ts';
import { describeOrigin } from './cri/endpoints.ts';
import { readConfig } from './read-config.ts';
import { chooseRuntime, connectRuntime, restartPatienceMs } from './runtime-access.ts';
import { detectCapabilities } from './text/terminal-capabilities.ts';
import { collectState } from './ui/plain/collect.ts';
import { linearLine } from './ui/plain/linear-output.ts';
import { snapshotJson, snapshotText } from './ui/plain/snapshot.ts';
import type { UiState } from './ui/store/state.ts';

/** A snapshot that takes longer than this prints nothing and fails: scripts must not hang on a hung socket. */
const deadlineMs = 15_000;

/**
 * Prints one snapshot of the node on stdout. A notice about several sockets goes to stderr.
 * @returns 0; 1 where the runtime did not answer a list, with what is known printed all the same.
 * @throws Error in one sentence where there is no runtime to ask.
 */
export async function printSnapshot(options: ProgramOptions): Promise<number> {
	const config = await readConfig(options);
	const signal = AbortSignal.timeout(deadlineMs);
	const choice = await chooseRuntime(options, config.runtime, { signal, patienceMs: restartPatienceMs });
	if (choice.kind !== 'chosen') throw new Error(choice.message);
	if (choice.others.length > 0) {
		const others = choice.others.map(({ endpoint }) => endpoint).join(', ');
		process.stderr.write(
			`criscope: using ${choice.runtimeEndpoint} (${describeOrigin(choice.origin)}); also found ${others}\n`,
		);
	}
	const client = await connectRuntime(choice.runtimeEndpoint, {
		imageEndpoint: choice.imageEndpoint,
		timeoutMs: config.runtime.timeoutMs ?? choice.timeoutMs,
		patienceMs: restartPatienceMs,
	});
	try {
		const state = await collectState(client, { hostname: hostname(), signal, now: Date.now });
		if (heardNothing(state)) {
			const problem = state.connection.problem ?? '';
			const { runtimeEndpoint } = choice;
			throw new Error(
				problem.includes(runtimeEndpoint) ? problem : `cannot read runtime "${runtimeEndpoint}": ${problem}`,
			);
		}
		await written(options.json ? snapshotJson(state) : textFor(snapshotText(state), config.ui.ascii));
		if (!state.connection.problem) return 0;
		process.stderr.write(`criscope: ${state.connection.problem}\n`);
		return 1;
	} catch (error) {
		if (!signal.aborted) throw error;
		throw new Error(
			`cannot read runtime "${choice.runtimeEndpoint}": no answer within ${deadlineMs / 1000} s`,
		);
	} finally {
		client.close();
	}
}

/** No list came: empty tables would say that the node is empty, which nobody knows. */
function heardNothing({ connection, inventory }: UiState): boolean {
	const { pods, containers, images } = inventory.refreshedAtMs;
	const heard = [connection.version, connection.status, pods, containers, images];
	return connection.problem !== undefined && heard.every((answer) => answer === undefined);
}

/** In ASCII where the locale has no more, or where that was asked for. */
function textFor(text: string, ascii: boolean | undefined): string {
	const unicode = ascii === undefined ? detectCapabilities(process.env, false).unicode : !ascii;
	if (unicode) return text;
	return text
		.split('\n')
		.map((line) => linearLine(line, false))
		.join('\n');
}

/**
 * Writes to a pipe that may be slow, or closed early by `head`, which is no failure.
 * @throws Error where it cannot be written: a snapshot cut by a full disk must not look whole.
 */
async function written(text: string): Promise<void> {
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	process.stdout.on('error', (error: NodeJS.ErrnoException) =>
		error.code === 'EPIPE'
			? resolve()
			: reject(new Error(`cannot write the snapshot: ${error.message}`, { cause: error })),
	);
	process.stdout.write(text, (error) => {
		if (!error) resolve();
	});
	await promise;
}
