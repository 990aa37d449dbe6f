/** Pulls one image on whatever runtime there is: with progress where it tells any, by the CRI alone elsewhere. */
import { isUnimplemented, UnimplementedError } from '../../cri/errors.ts';
import type { AuthConfig, StringMap } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { PodSandboxConfig } from '../../cri/sandbox-config.ts';
import type { ProgressMode } from '../transfers/progress-flag.ts';
import { showTransfer } from '../transfers/show-transfer.ts';
import { takeEvents } from '../transfers/take-events.ts';
import type { VerbContext } from '../verb.ts';
import { filedCredentials } from './credentials.ts';
import { pullFailure } from './pull-failure.ts';

/** What every image of one call is pulled with. */
export type PullOptions = {
	readonly auth: AuthConfig | undefined;
	readonly platform: string | undefined;
	readonly annotations: StringMap | undefined;
	readonly sandboxConfig: PodSandboxConfig | undefined;
	/** Milliseconds; Infinity where nobody set a limit. */
	readonly timeoutMs: number;
	readonly mode: ProgressMode;
};

/** What came of one pull. */
export type Pulled = {
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

/**
 * Pulls one image and shows how far it is.
 * @throws UnimplementedError where the runtime cannot choose a platform; what a pull throws, for `describePullFailure`
 */
export async function pullOneImage(
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

/** What went wrong with a pull, as a person reads it. */
export function describePullFailure(error: unknown, image: string): string {
	return error instanceof PullError
		? pullFailure(error.cause, image, error.problems)
		: pullFailure(error, image);
}
