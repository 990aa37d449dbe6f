import { createHash } from 'node:crypto';
import { type FetchedManifest, RegistryError } from '../model.ts';
import { networkError } from './network-error.ts';
import type { RegistryRequests } from './registry-requests.ts';
import { readBody } from './response-error.ts';

/** More than this is no manifest. Source: containers/image, iolimits. */
const longestManifestBytes = 4 * 1024 * 1024;

/** Schema 1 is asked for too, so that the refusal can say what was found. */
const manifestTypes = [
	'application/vnd.oci.image.manifest.v1+json',
	'application/vnd.oci.image.index.v1+json',
	'application/vnd.docker.distribution.manifest.v2+json',
	'application/vnd.docker.distribution.manifest.list.v2+json',
	'application/vnd.docker.distribution.manifest.v1+prettyjws',
	'application/vnd.docker.distribution.manifest.v1+json',
];

/** `sha256:…` or `sha512:…`; anything else is a tag. */
export const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** A tag becomes part of a URL: nothing else may come in by it. Source: distribution/reference, grammar. */
const tagPattern = /^\w[\w.-]{0,127}$/;

/** @throws RegistryError (invalid) for what is neither a tag nor a digest that can be verified */
export function checkReference(reference: string, what: string): void {
	if (reference.includes(':') ? digestPattern.test(reference) : tagPattern.test(reference)) return;
	const cause = reference.includes(':') ? 'no digest that can be verified' : 'no tag';
	throw new RegistryError('invalid', `${what}: "${reference}" is ${cause}`);
}

/**
 * The type of a manifest: what the header says, and where that says nothing of use, what the manifest says of itself or
 * looks like.
 *
 * @throws RegistryError (invalid) where it is no JSON object at all
 */
export function manifestTypeOf(contentType: string | undefined, bytes: Buffer, what: string): string {
	const said = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
	let parsed: unknown;
	try {
		parsed = JSON.parse(bytes.toString('utf8'));
	} catch (error) {
		const page = said.includes('html') || /^\s*</.test(bytes.toString('latin1', 0, 64));
		const cause = page
			? 'the answer is an HTML page: no registry, or a captive portal or proxy on the way'
			: 'the answer is not JSON';
		throw new RegistryError('invalid', `${what}: ${cause}`, { cause: error });
	}
	if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
		throw new RegistryError('invalid', `${what}: the answer is no JSON object`);
	}
	if (manifestTypes.includes(said)) return said;
	const { mediaType, manifests, config, schemaVersion, signatures } = parsed as Readonly<
		Record<string, unknown>
	>;
	if (typeof mediaType === 'string' && mediaType !== '') return mediaType;
	if (schemaVersion === 1) {
		return `application/vnd.docker.distribution.manifest.v1+${signatures === undefined ? 'json' : 'prettyjws'}`;
	}
	if (Array.isArray(manifests)) return 'application/vnd.oci.image.index.v1+json';
	if (typeof config === 'object' && config !== null) return 'application/vnd.oci.image.manifest.v1+json';
	throw new RegistryError('invalid', `${what}: the answer is no manifest`);
}

/**
 * Fetches a manifest by tag or digest; of a digest every byte is verified.
 *
 * @param name `mirror.example:5000/library/busybox`, for messages
 * @throws RegistryError; the reason of the signal
 */
export async function fetchManifest(
	requests: RegistryRequests,
	request: {
		readonly name: string;
		readonly repository: string;
		readonly reference: string;
		readonly scopes: readonly string[];
		readonly signal?: AbortSignal | undefined;
	},
): Promise<FetchedManifest> {
	const { name, repository, reference, scopes, signal } = request;
	const byDigest = reference.includes(':');
	const what = `cannot read manifest "${name}${byDigest ? '@' : ':'}${reference}"`;
	checkReference(reference, what);
	const response = await requests.send({
		method: 'GET',
		target: `/v2/${repository}/manifests/${reference}`,
		headers: { accept: manifestTypes.join(', ') },
		scopes,
		accept: [200],
		what,
		signal,
	});
	let bytes: Buffer | undefined;
	try {
		bytes = await readBody(response, longestManifestBytes);
	} catch (error) {
		signal?.throwIfAborted();
		throw networkError(what, name.split('/')[0] ?? name, error);
	}
	if (bytes === undefined) throw new RegistryError('invalid', `${what}: it is larger than 4 MiB`);
	if (byDigest) {
		const algorithm = reference.slice(0, reference.indexOf(':'));
		const found = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
		// A page or an empty answer is told as what it is.
		if (found !== reference) {
			manifestTypeOf(response.headers['content-type'], bytes, what);
			throw new RegistryError('invalid', `${what}: the bytes that came have digest ${found}`);
		}
	}
	const mediaType = manifestTypeOf(response.headers['content-type'], bytes, what);
	const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
	return { bytes, digest, mediaType };
}
