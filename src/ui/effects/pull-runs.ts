/** The two ways to have a runtime pull an image: told step by step where it can, else one long call. */
import { CriError, isUnimplemented } from '../../cri/errors.ts';
import type { ImageTransferService, TransferEvent } from '../../cri/image-transfer.ts';
import type { AuthConfig } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { PullResult } from '../store/slices/pulls.ts';
import { createTransferBatch } from './transfer-batch.ts';
import type { TransferMemory } from './transfer-memory.ts';

/** Layers may take long on a slow line; the person can cancel at any time. */
const longestPullMs = 4 * 3_600_000;

/** What is pulled. */
export type PullRequest = { readonly image: string; readonly auth: AuthConfig | undefined };

/** How a pull that goes on is told of. */
export type PullListener = {
	readonly progressed: (events: readonly TransferEvent[]) => void;
	/** The runtime cannot tell how far it is; the pull goes on without. */
	readonly untold: () => void;
	/** Least time between two calls of `progressed`. */
	readonly everyMs: number;
};

/** @throws the errors of PullImage; nothing is pulled twice whatever the runtime offers. */
export async function pullImage(
	client: CriClient,
	memory: TransferMemory,
	request: PullRequest,
	listener: PullListener,
	{ signal }: { readonly signal: AbortSignal },
): Promise<PullResult> {
	const service = memory.of(client);
	if (service) {
		const completed = await pullTold(service, request, listener, signal);
		if (completed) {
			const after = await statusOf(client, completed.imageId, signal);
			return {
				imageId: after?.id ?? completed.imageId,
				sizeBytes: after?.sizeBytes,
				unchanged: completed.upToDate,
			};
		}
		memory.lacks(client);
	}
	listener.untold();
	return pullPlain(client, request, signal);
}

type Completed = Extract<TransferEvent, { readonly kind: 'completed' }>;

/** @returns what came of it; undefined where the runtime has no such service and nothing was begun. */
async function pullTold(
	service: ImageTransferService,
	request: PullRequest,
	{ progressed, everyMs }: PullListener,
	signal: AbortSignal,
): Promise<Completed | undefined> {
	using batch = createTransferBatch((events) => {
		if (!signal.aborted) progressed(events);
	}, everyMs);
	let begun = false;
	let completed: Completed | undefined;
	try {
		for await (const event of service.pullImage(request, { signal, timeoutMs: longestPullMs })) {
			begun = true;
			if (event.kind === 'completed') completed = event;
			batch.add(event);
		}
	} catch (error) {
		// Once anything was told a pull is under way: to begin another one would hide why this one failed.
		if (!begun && isUnimplemented(error)) return undefined;
		throw error;
	} finally {
		batch.flush();
	}
	if (!completed) {
		throw new CriError(
			'unknown',
			`cannot pull image "${request.image}": the runtime ended the call without saying that the image is complete`,
		);
	}
	return completed;
}

async function statusOf(client: CriClient, image: string, signal: AbortSignal) {
	const answer = client.images.imageStatus(image, { verbose: false }, { signal });
	return (await answer.catch(() => undefined))?.image;
}

async function pullPlain(client: CriClient, request: PullRequest, signal: AbortSignal): Promise<PullResult> {
	const before = await statusOf(client, request.image, signal);
	const ref = await client.images.pullImage(request, { signal, timeoutMs: longestPullMs });
	// The answer may be a digest; the store's own id is what the list shows.
	const after = await statusOf(client, ref, signal);
	return {
		imageId: after?.id ?? ref,
		sizeBytes: after?.sizeBytes,
		unchanged: before !== undefined && before.id === after?.id,
	};
}
