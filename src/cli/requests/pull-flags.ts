/** crictl's flags of verbs that may pull what they make a container of. Source: cri-tools v1.36 cmd/crictl/container.go. */
import type { CriClient } from '../../cri/ports.ts';
import type { ContainerConfig, PodSandboxConfig, ProtocolMessage } from '../../cri/sandbox-config.ts';
import type { FlagSpecs, FlagValues } from '../flags.ts';
import { credentialFlags, givenCredentials } from '../images/credentials.ts';
import { describePullFailure, pullOneImage } from '../images/pull-image.ts';
import { progressFlag, progressMode } from '../transfers/progress-flag.ts';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';

const { username, ...shared } = credentialFlags;

/** To be spread into a verb's flags. */
export const createPullFlags = {
	'no-pull': { kind: 'switch', help: 'do not pull the image' },
	'with-pull': { kind: 'switch', help: 'pull the image first' },
	...shared,
	// Without its letter, which run needs for the user of the process.
	username: { kind: 'text', value: username.value, help: username.help },
	'pull-timeout': {
		kind: 'duration',
		aliases: ['pt'],
		value: 'DURATION',
		help: 'longest time for the pull; 0 is no limit',
		env: 'CRICTL_PULL_TIMEOUT',
	},
	...progressFlag,
	'cancel-timeout': {
		kind: 'duration',
		short: 'T',
		value: 'DURATION',
		help: 'give up making the pod or container after this long',
	},
} as const satisfies FlagSpecs;

type PullFlags = FlagValues<typeof createPullFlags>;

/**
 * Whether to pull.
 * @param usual what happens without a flag
 * @throws UsageError where both are given.
 */
export function wantsPull(flags: PullFlags, usual: boolean): boolean {
	if (flags['no-pull'] && flags['with-pull']) throw new UsageError('give one of --no-pull and --with-pull');
	return flags['with-pull'] || (usual && !flags['no-pull']);
}

/** How long making something may take, for the calls of a client; as usual without the flag. */
export function cancelTimeout(flags: { readonly 'cancel-timeout': number | undefined }): {
	readonly timeoutMs?: number;
} {
	const { 'cancel-timeout': timeoutMs } = flags;
	return timeoutMs ? { timeoutMs } : {};
}

function imagesOf({ image, mounts = [] }: ContainerConfig): readonly string[] {
	const mounted = mounts.map((mount) => (mount['image'] as ProtocolMessage | undefined)?.['image']);
	return [image.image, ...mounted.filter((name) => typeof name === 'string' && name !== '')] as string[];
}

/**
 * Pulls a container's image and those it mounts, on behalf of its pod.
 * @throws Error in one sentence.
 */
export async function pullFor(
	client: CriClient,
	{ config, sandboxConfig }: { readonly config: ContainerConfig; readonly sandboxConfig: PodSandboxConfig },
	flags: PullFlags,
	context: VerbContext,
): Promise<void> {
	const auth = await givenCredentials(flags, context);
	const annotations = (config.image as ProtocolMessage)['annotations'] as Readonly<Record<string, string>>;
	const quiet = flags.progress === undefined && context.terminalSize() === undefined;
	for (const image of imagesOf(config)) {
		try {
			await pullOneImage(
				client,
				image,
				{
					auth,
					platform: undefined,
					annotations: annotations && Object.keys(annotations).length > 0 ? annotations : undefined,
					sandboxConfig,
					timeoutMs: flags['pull-timeout'] || Number.POSITIVE_INFINITY,
					mode: progressMode({ progress: flags.progress, quiet }, context),
				},
				context,
			);
		} catch (error) {
			context.signal.throwIfAborted();
			throw new Error(describePullFailure(error, image), { cause: error });
		}
	}
}
