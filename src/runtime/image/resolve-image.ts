/** From a name to one manifest: candidates, mirrors, indexes within indexes. */

import { errorMessage, InvalidArgumentError, isAbort, NotFoundError } from '../../cri/errors.ts';
import { formatImageReference, type ImageReference } from '../../cri/image-reference.ts';
import type { Digest, WaitOptions } from '../storage/model.ts';
import { parseManifest } from './manifest.ts';
import {
	type Descriptor,
	type FetchedManifest,
	type ImageManifest,
	type Platform,
	RegistryError,
	type Repository,
} from './model.ts';
import { chooseManifest } from './platform.ts';
import type { PullCandidate } from './registry.ts';

/** A manifest, and where the rest of its image is to be had. */
export type ResolvedImage = {
	readonly reference: ImageReference;
	/** First the one that gave the manifest, then those after it. */
	readonly sources: readonly Repository[];
	readonly fetched: FetchedManifest;
	readonly manifest: ImageManifest;
	/** The index that was asked for, where it was one. */
	readonly index: { readonly bytes: Buffer; readonly digest: Digest } | undefined;
};

/** An index may lead to an index, but not for ever. */
const maxIndexDepth = 3;

/**
 * Tries candidates and their sources in order until one gives the manifest.
 * @throws the error of the last one, which tells of the others; InvalidArgumentError where what came is no image
 */
export async function resolveImage(
	candidates: readonly PullCandidate[],
	platform: Platform,
	onNote: (text: string) => void,
	{ signal }: WaitOptions = {},
): Promise<ResolvedImage> {
	const failures: { readonly where: string; readonly error: unknown }[] = [];
	for (const { reference, sources } of candidates) {
		for (const [place, source] of sources.entries()) {
			try {
				const asked = reference.digest ?? reference.tag ?? 'latest';
				const found = await resolveFrom(source, asked, platform, { signal });
				return { ...found, reference, sources: sources.slice(place) };
			} catch (error) {
				signal?.throwIfAborted();
				if (isAbort(error)) throw error;
				failures.push({ where: source.name, error });
				const isLast = place === sources.length - 1;
				if (!isLast) onNote(`${source.host}: ${errorMessage(error)}; trying ${sources[place + 1]?.host}`);
				else if (candidates.length > 1) onNote(`${formatImageReference(reference)}: ${errorMessage(error)}`);
			}
		}
	}
	throw withOthers(failures);
}

async function resolveFrom(
	source: Repository,
	asked: string,
	platform: Platform,
	{ signal }: WaitOptions,
): Promise<Pick<ResolvedImage, 'fetched' | 'manifest' | 'index'>> {
	let fetched = await source.manifest(asked, { signal });
	let parsed = parseManifest(fetched.bytes, fetched.mediaType);
	const index = parsed.kind === 'index' ? { bytes: fetched.bytes, digest: fetched.digest } : undefined;
	for (let depth = 0; parsed.kind === 'index'; depth += 1) {
		if (depth === maxIndexDepth) {
			throw new InvalidArgumentError(`its index leads to indexes more than ${maxIndexDepth} deep`);
		}
		const chosen = chooseManifest(parsed, platform);
		fetched = await instanceOf(source, chosen, signal);
		parsed = parseManifest(fetched.bytes, chosen.mediaType || fetched.mediaType);
	}
	return { fetched, manifest: parsed, index };
}

/** A manifest that an index names; the registry client verifies its digest, and its size is compared here. */
async function instanceOf(
	source: Repository,
	descriptor: Descriptor,
	signal: AbortSignal | undefined,
): Promise<FetchedManifest> {
	const fetched = await source.manifest(descriptor.digest, { signal });
	if (fetched.bytes.length !== descriptor.sizeBytes) {
		throw new InvalidArgumentError(
			`the manifest ${descriptor.digest} has ${fetched.bytes.length} bytes instead of ${descriptor.sizeBytes}`,
		);
	}
	return fetched;
}

/** The last failure, with what the sources before it said. */
function withOthers(failures: readonly { readonly where: string; readonly error: unknown }[]): unknown {
	const last = failures.at(-1);
	if (last === undefined) return new NotFoundError('there is no registry to ask');
	const others = failures.slice(0, -1).map(({ where, error }) => `${where}: ${errorMessage(error)}`);
	if (others.length === 0) return last.error;
	const message = `${errorMessage(last.error)} (before: ${others.join('; ')})`;
	// The class of the error that tells most: a registry that answered knows more than one that did not.
	const told = failures.map(({ error }) => error).filter((error) => !isUnreachableError(error));
	const chosen = told.at(-1) ?? last.error;
	if (chosen instanceof RegistryError) {
		const { kind, status, retryAfterMs } = chosen;
		return new RegistryError(kind, message, { cause: last.error, status, retryAfterMs });
	}
	if (chosen instanceof NotFoundError) return new NotFoundError(message, { cause: chosen });
	return chosen instanceof InvalidArgumentError
		? new InvalidArgumentError(message, { cause: chosen })
		: last.error;
}

function isUnreachableError(error: unknown): boolean {
	return error instanceof RegistryError && error.kind === 'unreachable';
}
