/** crictl's form of run: `run CONTAINER-CONFIG POD-CONFIG`. Source: cri-tools v1.36 cmd/crictl/container.go (RunContainer). */
import { sanitizeLine } from '../../text/sanitize.ts';
import { print } from '../output/print.ts';
import { cancelTimeout, createPullFlags, pullFor, wantsPull } from '../requests/pull-flags.ts';
import { readContainerConfig, readPodConfig } from '../requests/read-config.ts';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';
import { letFinish } from './let-finish.ts';
import type { RunFlags } from './run-flags.ts';

const undoWithinMs = 60_000;

/** Whether the words are two configuration files, and not an image with a command. */
export function areConfigs(words: readonly string[]): boolean {
	return words.length === 2 && words.every((word) => /\.(?:json|ya?ml)$/iu.test(word));
}

/**
 * Runs a pod and a container in it from two files, and prints the container's id. What fails midway is undone.
 * @throws UsageError for flags that belong to `run IMAGE`; what the runtime throws.
 */
export async function runConfigs(
	[containerFile = '', podFile = '']: readonly string[],
	flags: RunFlags,
	given: ReadonlySet<string>,
	context: VerbContext,
): Promise<number> {
	const known = new Set<string>([...Object.keys(createPullFlags), 'runtime', 'quiet']);
	const others = [...given].filter((name) => !known.has(name) && !connection.has(name));
	if (others.length > 0) {
		throw new UsageError(`--${others[0]} does not go together with configuration files: write it into them`);
	}
	const pulls = wantsPull(flags, true);
	const config = await readContainerConfig(containerFile, context);
	const sandboxConfig = await readPodConfig(podFile, context);
	const client = await context.connect();
	const { runtime } = client;
	const whole = { signal: letFinish(context.signal) };
	const request = { config: sandboxConfig, runtimeHandler: flags.runtime ?? '' };
	const podSandboxId = await runtime.runPodSandbox(request, whole);
	await using undo = new AsyncDisposableStack();
	undo.defer(async () => {
		const still = { signal: AbortSignal.timeout(undoWithinMs) };
		await runtime.stopPodSandbox(podSandboxId, still);
		await runtime.removePodSandbox(podSandboxId, still);
	});
	context.signal.throwIfAborted();
	if (pulls) await pullFor(client, { config, sandboxConfig }, flags, context);
	const call = { ...whole, ...cancelTimeout(flags) };
	const id = await runtime.createContainer({ podSandboxId, config, sandboxConfig }, call);
	context.signal.throwIfAborted();
	await runtime.startContainer(id, whole);
	context.signal.throwIfAborted();
	undo.move();
	await print(context, `${sanitizeLine(id)}\n`);
	return 0;
}

const connection: ReadonlySet<string> = new Set([
	'runtime-endpoint',
	'image-endpoint',
	'config',
	'timeout',
	'help',
]);
