/** Brings the images that a pod needs, by a policy of Podman's, Docker's and kubelet's. */
import type { AuthConfig } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { describePullFailure, pullOneImage } from '../images/pull-image.ts';
import type { ProgressMode } from '../transfers/progress-flag.ts';
import type { VerbContext } from '../verb.ts';

/** When to pull. */
export type PullPolicy = 'always' | 'missing' | 'never';

/** How a pull that is needed goes. */
export type EnsureOptions = {
	readonly policy: PullPolicy;
	readonly auth: AuthConfig | undefined;
	readonly platform: string | undefined;
	readonly timeoutMs: number;
	readonly mode: ProgressMode;
};

/**
 * Sees to it that an image is there.
 * @throws Error in one sentence.
 */
export async function ensureImage(
	client: CriClient,
	image: string,
	{ policy, ...options }: EnsureOptions,
	context: VerbContext,
): Promise<void> {
	if (policy !== 'always') {
		const { image: there } = await client.images.imageStatus(image, { verbose: false }, context);
		if (there) return;
		if (policy === 'never') throw new Error(`cannot find image "${image}", and it is not to be pulled`);
	}
	try {
		const request = { ...options, annotations: undefined, sandboxConfig: undefined };
		await pullOneImage(client, image, request, context);
	} catch (error) {
		context.signal.throwIfAborted();
		throw new Error(describePullFailure(error, image), { cause: error });
	}
}
