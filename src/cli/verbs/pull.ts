import { isUnimplemented, UnimplementedError } from '../../cri/errors.ts';
import type { AuthConfig, StringMap } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { PodSandboxConfig } from '../../cri/sandbox-config.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObject } from '../failures.ts';
import { credentialFlags, filedCredentials, givenCredentials } from '../images/credentials.ts';
import { pullFailure } from '../images/pull-failure.ts';
import { parsePairs } from '../key-values.ts';
import { formatFlags, outputFormat } from '../output/format-flag.ts';
import { print } from '../output/print.ts';
import { printResults } from '../output/results.ts';
import { readPodConfig } from '../requests/read-config.ts';
import { type ProgressMode, progressFlag, progressMode } from '../transfers/progress-flag.ts';
import { showTransfer } from '../transfers/show-transfer.ts';
import { takeEvents } from '../transfers/take-events.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

/** What every image of one call is pulled with. */
type PullOptions = {
	readonly auth: AuthConfig | undefined;
	readonly platform: string | undefined;
	readonly annotations: StringMap | undefined;
	readonly sandboxConfig: PodSandboxConfig | undefined;
	/** Milliseconds; Infinity where nobody set a limit. */
	readonly timeoutMs: number;
	readonly mode: ProgressMode;
};

/** What came of one pull. */
type Pulled = {
	readonly image: string;
	readonly imageId: string;
	/** undefined from a runtime that does not tell. */
	readonly manifestDigest?: string | undefined;
	readonly names?: readonly string[] | undefined;
	readonly upToDate?: boolean | undefined;
};

/** Far beyond any pull, and what a timer can hold; who waits can press Ctrl+C. */
const longestMs = 24 * 3_600_000;

/** By the second service, with progress. @returns undefined where the runtime has none. */
async function pullByTransfer(
	client: CriClient,
	image: string,
	options: PullOptions,
	context: VerbContext,
): Promise<Pulled | undefined> {
	const { auth, platform, mode } = options;
	const call = { signal: context.signal, timeoutMs: Math.min(options.timeoutMs, longestMs) };
	using shown = showTransfer(context, { mode, direction: 'pull', subject: image });
	try {
		const events = client.transfers.pullImage({ image, auth, platform }, call);
		const [{ imageId, manifestDigest, names, upToDate }] = await takeEvents(events, shown);
		shown.done();
		return { image, imageId, manifestDigest, names, upToDate };
	} catch (error) {
		if (isUnimplemented(error) && shown.state().resolved === undefined) return undefined;
		throw error;
	}
}

/** By the CRI alone, which tells nothing before the end. */
async function pullByCri(
	client: CriClient,
	image: string,
	options: PullOptions,
	context: VerbContext,
): Promise<Pulled> {
	const { annotations, sandboxConfig, mode } = options;
	const { signal } = context;
	using shown = showTransfer(context, { mode, direction: 'pull', subject: image, blind: true });
	const filed = options.auth ? undefined : await filedCredentials(image, context);
	const auth = options.auth ?? filed?.auth;
	try {
		const spec = annotations && { annotations };
		const call = { signal, timeoutMs: Math.min(options.timeoutMs, longestMs) };
		const imageId = await client.images.pullImage({ image, auth, spec, sandboxConfig }, call);
		shown.done();
		return { image, imageId };
	} catch (error) {
		signal.throwIfAborted();
		shown[Symbol.dispose]();
		throw new PullError(error, filed?.problems ?? []);
	}
}

/** A failed pull with what went wrong before it. */
class PullError extends Error {
	readonly problems: readonly string[];
	constructor(cause: unknown, problems: readonly string[]) {
		super('pull failed', { cause });
		this.problems = problems;
	}
}

async function pullOne(
	client: CriClient,
	image: string,
	options: PullOptions,
	context: VerbContext,
): Promise<Pulled> {
	// These two travel in the CRI's own request only.
	if (options.annotations || options.sandboxConfig) return pullByCri(client, image, options, context);
	const pulled = await pullByTransfer(client, image, options, context);
	if (pulled) return pulled;
	if (options.platform !== undefined) {
		throw new UnimplementedError(
			`this runtime cannot choose a platform: it speaks the CRI only, and pulls for its own`,
		);
	}
	return pullByCri(client, image, options, context);
}

function failureText(error: unknown, image: string): string {
	return error instanceof PullError
		? pullFailure(error.cause, image, error.problems)
		: pullFailure(error, image);
}

/** `criscope pull` */
export const pullVerb = defineVerb({
	name: 'pull',
	aliases: [],
	summary: 'Pull images from registries',
	operands: { least: 1, most: Number.POSITIVE_INFINITY, words: 'IMAGE…' },
	flags: {
		quiet: { kind: 'switch', short: 'q', help: 'print ids only, and no progress' },
		...formatFlags,
		...progressFlag,
		...credentialFlags,
		platform: {
			kind: 'text',
			value: 'OS/ARCH[/VARIANT]',
			help: "pull for another platform than the runtime's",
		},
		annotation: { kind: 'list', short: 'a', value: 'KEY=VALUE', help: 'annotation of the request' },
		'pod-config': { kind: 'text', value: 'FILE', help: 'pull on behalf of this pod (JSON or YAML)' },
		'pull-timeout': {
			kind: 'duration',
			aliases: ['pt'],
			value: 'DURATION',
			help: 'longest time for each image; 0 is no limit',
			env: 'CRICTL_PULL_TIMEOUT',
		},
	},
	notes: `Without credentials, those of podman, docker and kubelet on this machine are used. Several images are pulled one
after the other; when one fails, the others are pulled all the same, and the exit code is 1.`,
	async run({ flags, operands }, context) {
		const format = outputFormat(flags, 'table');
		const platform = flags.platform;
		const podConfig = flags['pod-config'];
		if (platform !== undefined && !/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9.]+)?$/u.test(platform)) {
			throw new UsageError(`flag --platform is os/architecture[/variant], not "${platform}"`);
		}
		if (platform !== undefined && (podConfig !== undefined || flags.annotation.length > 0)) {
			throw new UsageError('--platform does not go together with --pod-config and --annotation');
		}
		const options: PullOptions = {
			auth: await givenCredentials(flags, context),
			platform,
			annotations: flags.annotation.length > 0 ? parsePairs(flags.annotation, '--annotation') : undefined,
			sandboxConfig: podConfig === undefined ? undefined : await readPodConfig(podConfig, context),
			timeoutMs: flags['pull-timeout'] || Number.POSITIVE_INFINITY,
			mode: progressMode(flags, context),
		};
		const client = await context.connect();
		const results: (Pulled | { readonly image: string; readonly error: string })[] = [];
		const exitCode = await forEachObject(
			operands,
			context,
			async (image) => {
				const pulled = await pullOne(client, image, options, context);
				results.push(pulled);
				if (format !== 'table') return;
				const id = sanitizeLine(pulled.imageId);
				await print(context, flags.quiet ? `${id}\n` : `Image is up to date for ${id}\n`);
			},
			(error, image) => {
				const text = failureText(error, image);
				results.push({ image, error: text });
				return text;
			},
		);
		await printResults(results, format, context);
		return exitCode;
	},
});
