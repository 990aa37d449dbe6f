/** Manifests, configs and whatever else hangs on an image: files beside images.json. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { FailedPreconditionError, NotFoundError } from '../../cri/errors.ts';
import { errnoCode } from '../sys/errno.ts';
import type { Digest, StoredImage, WaitOptions } from './model.ts';

/** Name of the file for a key. Source: c/storage, makeBigDataBaseName */
export function bigDataFileName(key: string): string {
	return /^[a-z0-9.]+$/.test(key) ? key : `=${Buffer.from(key).toString('base64')}`;
}

/** `sha256:…` of bytes. */
export function digestOf(bytes: Uint8Array): Digest {
	return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * Reads one, and verifies it.
 * @param imagesDir where the image's store keeps them
 * @throws NotFoundError where the image has no such key; FailedPreconditionError where the file is not what was written
 */
export async function readBigData(
	imagesDir: string,
	image: StoredImage,
	key: string,
	{ signal }: WaitOptions = {},
): Promise<Buffer> {
	const expected = image.bigData.get(key);
	if (expected === undefined)
		throw new NotFoundError(`cannot read "${key}" of image "${image.id}": it has none`);
	const fail = (cause: string, error?: unknown): never => {
		throw new FailedPreconditionError(
			`cannot read "${key}" of image "${image.id}": ${cause}; pull the image again`,
			{ cause: error },
		);
	};
	const bytes = await readFile(path.join(imagesDir, image.id, bigDataFileName(key)), {
		...(signal === undefined ? {} : { signal }),
	}).catch((error: unknown) => {
		if (errnoCode(error) === 'ENOENT') return fail('its file is missing', error);
		throw error;
	});
	const damage = bigDataDamage(key, expected, bytes.length);
	if (damage !== undefined) return fail(damage);
	if (expected.digest.startsWith('sha256:') && digestOf(bytes) !== expected.digest && !isSigned(key, bytes)) {
		return fail('its file is damaged, the digest differs');
	}
	return bytes;
}

/** What a file's length says about it; undefined where nothing is wrong. */
export function bigDataDamage(
	key: string,
	expected: { readonly sizeBytes: number },
	lengthBytes: number,
): string | undefined {
	if (expected.sizeBytes < 0 || lengthBytes === expected.sizeBytes) return undefined;
	if (lengthBytes === 0) return `the file of "${key}" is empty`;
	return `the file of "${key}" has ${lengthBytes} bytes instead of ${expected.sizeBytes}`;
}

/** Docker's old signed manifests are known by the digest of their payload, without the signatures. */
function isSigned(key: string, bytes: Buffer): boolean {
	return key.startsWith('manifest') && /"schemaVersion"\s*:\s*1\b/.test(bytes.toString('latin1'));
}
