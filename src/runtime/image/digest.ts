/** Digests of content. Only sha256 is taken: nothing else occurs in registries, and nothing else fits the store's ids. */
import { createHash } from 'node:crypto';
import type { Digest } from '../storage/model.ts';

/** `sha256:…` of bytes. */
export function sha256Digest(bytes: Uint8Array | string): Digest {
	return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** True for `sha256:` and 64 lower-case hex digits; with it, the text is safe as a file name. */
export function isDigest(value: unknown): value is Digest {
	return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
}

/** The hex part: an image's id out of its config's digest. */
export function digestHex(digest: Digest): string {
	return digest.slice(digest.indexOf(':') + 1);
}
