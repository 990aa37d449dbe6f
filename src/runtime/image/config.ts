/** The config of an image. Source: OCI image-spec v1.1 config.md; Docker image spec v1.2. */
import { InvalidArgumentError } from '../../cri/errors.ts';
import { isDigest } from './digest.ts';
import { asArray, asObject, asString, parseJsonObject, parseTimeNanos } from './json-fields.ts';
import { maxManifestBytes } from './manifest.ts';
import type { ImageConfig } from './model.ts';

/**
 * Parses a config.
 * @throws InvalidArgumentError, a whole sentence without the image's name: `the config …`.
 */
export function parseConfig(bytes: Uint8Array): ImageConfig {
	if (bytes.length > maxManifestBytes) {
		throw new InvalidArgumentError(`the config has ${bytes.length} bytes, more than ${maxManifestBytes}`);
	}
	let raw: ReturnType<typeof parseJsonObject>;
	try {
		raw = parseJsonObject(bytes);
	} catch (cause) {
		throw new InvalidArgumentError(`the config cannot be read: ${(cause as Error).message}`, { cause });
	}
	const rootfs = asObject(raw['rootfs']);
	// An image FROM scratch without files has no rootfs, or null for its list.
	const diffIds = asArray(rootfs?.['diff_ids'] ?? []);
	if (diffIds === undefined) throw new InvalidArgumentError('the config has no list of diff_ids');
	const wrong = diffIds.find((diffId) => !isDigest(diffId));
	if (wrong !== undefined) {
		throw new InvalidArgumentError(`the config has the diff_id ${JSON.stringify(wrong)}`);
	}
	return {
		os: asString(raw['os']) ?? '',
		architecture: asString(raw['architecture']) ?? '',
		variant: asString(raw['variant']) || undefined,
		createdAtNanos: parseTimeNanos(raw['created']),
		user: asString(asObject(raw['config'])?.['User']) ?? '',
		diffIds: diffIds.filter(isDigest),
		history: (asArray(raw['history']) ?? []).map((item) => {
			const entry = asObject(item) ?? {};
			return {
				createdAtNanos: parseTimeNanos(entry['created']),
				createdBy: asString(entry['created_by']) ?? '',
				comment: asString(entry['comment']) ?? '',
				emptyLayer: entry['empty_layer'] === true,
			};
		}),
		raw,
	};
}

/**
 * Compares manifest and config: as many layers as diffIds.
 * @throws InvalidArgumentError
 */
export function checkLayerCount(layers: number, config: ImageConfig): void {
	if (layers === config.diffIds.length) return;
	throw new InvalidArgumentError(
		`the manifest has ${layers} layers, but the config has ${config.diffIds.length} diff_ids`,
	);
}
