import { FailedPreconditionError, InvalidArgumentError } from '../../../cri/errors.ts';
import {
	formatImageReference,
	type ImageReference,
	parseImageReference,
} from '../../../cri/image-reference.ts';
import type { RegistryConf } from './conf-model.ts';

/** One place where an image may be had. */
export type Source = {
	readonly reference: ImageReference;
	readonly insecure: boolean;
	readonly isMirror: boolean;
};

/** How much of a reference a prefix covers; undefined where it does not fit. */
function matchedLength(text: string, prefix: string): number | undefined {
	if (prefix.startsWith('*.')) {
		const suffix = prefix.slice(1);
		const host = /^[^/@]*?(?=:\d+(?:\/|$)|[/@]|$)/.exec(text)?.[0] ?? '';
		return host.endsWith(suffix) && host.length > suffix.length ? host.length : undefined;
	}
	if (!text.startsWith(prefix)) return undefined;
	const next = text[prefix.length];
	return next === undefined || next === '/' || next === ':' || next === '@' ? prefix.length : undefined;
}

/**
 * The [[registry]] with the longest prefix that fits.
 *
 * @param text a reference in full, or its beginning
 */
export function findRegistry(text: string, registries: readonly RegistryConf[]): RegistryConf | undefined {
	let best: RegistryConf | undefined;
	for (const registry of registries) {
		if (matchedLength(text, registry.prefix) === undefined) continue;
		if (best === undefined || registry.prefix.length > best.prefix.length) best = registry;
	}
	return best;
}

/** Puts `location` where the prefix stood. @throws FailedPreconditionError where no reference comes of it */
function rewrite(text: string, prefix: string, location: string): ImageReference {
	if (location === '') return parseImageReference(text);
	const rewritten = `${location}${text.slice(matchedLength(text, prefix) ?? 0)}`;
	const fail = (cause: string, error?: unknown): never => {
		throw new FailedPreconditionError(
			`cannot use location "${location}" of registries.conf for "${text}": ${cause}`,
			{ cause: error },
		);
	};
	let reference: ImageReference;
	try {
		reference = parseImageReference(rewritten);
	} catch (error) {
		if (!(error instanceof InvalidArgumentError)) throw error;
		return fail(error.message, error);
	}
	// A location such as "mirror" would be read as a folder of docker.io.
	return rewritten.startsWith(`${reference.domain}/`) ? reference : fail('it does not begin with a registry');
}

/**
 * Where the image of a reference may be had: mirrors in order, then the registry itself, unless it is blocked. (A blocked
 * registry with mirrors is how clusters say "only from the mirrors"; containers/image reads it so, too.)
 *
 * @param registries of registries.conf
 * @returns with the prefix that blocks the registry itself; empty sources are possible then
 * @throws FailedPreconditionError for a location that cannot be used
 */
export function pullSources(
	reference: ImageReference,
	registries: readonly RegistryConf[],
): { readonly sources: readonly Source[]; readonly blockedBy: string | undefined } {
	const text = formatImageReference(reference);
	const registry = findRegistry(text, registries);
	if (registry === undefined) {
		return { sources: [{ reference, insecure: false, isMirror: false }], blockedBy: undefined };
	}
	const { prefix, location, insecure } = registry;
	const without: RegistryConf['mirrors'][number]['use'] =
		reference.digest === undefined ? 'digest-only' : 'tag-only';
	const places: readonly Source[] = [
		...registry.mirrors
			.filter(({ use }) => use !== without)
			.map((mirror) => ({
				reference: rewrite(text, prefix, mirror.location),
				insecure: mirror.insecure,
				isMirror: true,
			})),
		{ reference: rewrite(text, prefix, location), insecure, isMirror: false },
	];
	let blockedBy: string | undefined;
	const sources = places.filter((source) => {
		// What a name leads to may be blocked under its own name.
		const own = findRegistry(formatImageReference(source.reference), registries);
		const blocker = !source.isMirror && registry.blocked ? registry : own?.blocked ? own : undefined;
		blockedBy = blocker?.prefix ?? blockedBy;
		return blocker === undefined;
	});
	return { sources, blockedBy };
}
