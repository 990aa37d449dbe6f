/**
 * Manifests and indexes: parsed, and refused where they are not what the runtime can run.
 * Source: OCI image-spec v1.1 manifest.md, image-index.md; Docker image manifest v2 schema 2.
 */
import { InvalidArgumentError } from '../../cri/errors.ts';
import { isDigest } from './digest.ts';
import {
	asArray,
	asObject,
	asString,
	asStringMap,
	asStrings,
	type JsonObject,
	parseJsonObject,
} from './json-fields.ts';
import { dockerSchema1Types, mediaTypes } from './media-types.ts';
import type { Descriptor, ImageIndex, ImageManifest, Platform } from './model.ts';

/** A manifest, index or config may be this large; 4 MiB is what containers/image takes. */
export const maxManifestBytes = 4 * 2 ** 20;

/** Layers an image may have: the kernel mounts at most 500 lower directories. */
export const maxLayers = 500;

const manifestTypes: readonly string[] = [mediaTypes.docker.manifest, mediaTypes.oci.manifest];
const indexTypes: readonly string[] = [mediaTypes.docker.index, mediaTypes.oci.index];
/** The config of an image; of an artifact (a chart, a signature) it is something else. */
const configTypes: readonly string[] = [mediaTypes.docker.config, mediaTypes.oci.config];

/**
 * Parses a manifest or an index.
 * @param mediaType what the server called it; used where the document itself does not say.
 * @throws InvalidArgumentError, a whole sentence without the image's name: `the manifest is …`.
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): ImageManifest | ImageIndex {
	if (bytes.length > maxManifestBytes) {
		throw new InvalidArgumentError(`the manifest has ${bytes.length} bytes, more than ${maxManifestBytes}`);
	}
	const json = refuse('the manifest cannot be read', () => parseJsonObject(bytes));
	const type = kindOf(json, mediaType.split(';', 1)[0]?.trim() ?? '');
	if (dockerSchema1Types.includes(type)) {
		throw new InvalidArgumentError(
			"the manifest is of Docker's schema 1, which is no longer supported; push the image anew with a current tool",
		);
	}
	if (indexTypes.includes(type)) return indexOf(json, type);
	if (manifestTypes.includes(type)) return manifestOf(json, type);
	throw new InvalidArgumentError(`the manifest is of the unknown type "${type}"`);
}

/** What the document is: its own word first, then what it looks like, then the server's word. */
function kindOf(json: JsonObject, served: string): string {
	const own = asString(json['mediaType']) ?? '';
	if (json['schemaVersion'] === 1) return dockerSchema1Types[0] ?? '';
	// One who reads "layers" and one who reads "manifests" would see two images under one digest.
	if (json['layers'] !== undefined && json['manifests'] !== undefined) {
		throw new InvalidArgumentError('the manifest has both layers and manifests');
	}
	if (own !== '') return own;
	if (manifestTypes.includes(served) || indexTypes.includes(served)) {
		return asArray(json['manifests']) !== undefined && manifestTypes.includes(served)
			? mediaTypes.oci.index
			: served;
	}
	if (asArray(json['manifests'])) return mediaTypes.oci.index;
	return asObject(json['config']) ? mediaTypes.oci.manifest : served;
}

function manifestOf(json: JsonObject, mediaType: string): ImageManifest {
	const config = descriptorOf(json['config'], 'its config');
	const artifactType = asString(json['artifactType']);
	if (!configTypes.includes(config.mediaType)) {
		const type = artifactType ?? config.mediaType;
		throw new InvalidArgumentError(`it is not an image but an artifact of the type "${type}"`);
	}
	if (config.sizeBytes > maxManifestBytes) {
		throw new InvalidArgumentError(`the config has ${config.sizeBytes} bytes, more than ${maxManifestBytes}`);
	}
	const items = asArray(json['layers']);
	if (items === undefined) throw new InvalidArgumentError('the manifest has no list of layers');
	if (items.length > maxLayers) {
		throw new InvalidArgumentError(`the image has ${items.length} layers, more than ${maxLayers}`);
	}
	const layers = items.map((layer, index) => descriptorOf(layer, `its layer ${index + 1}`));
	return { kind: 'manifest', mediaType, config, layers, artifactType };
}

function indexOf(json: JsonObject, mediaType: string): ImageIndex {
	const items = asArray(json['manifests']);
	if (items === undefined) throw new InvalidArgumentError('the index has no list of manifests');
	const manifests = items.map((item, index) => ({
		...descriptorOf(item, `its manifest ${index + 1}`),
		platform: platformOf(asObject(item)?.['platform']),
	}));
	return { kind: 'index', mediaType, manifests };
}

function platformOf(value: unknown): Platform | undefined {
	const platform = asObject(value);
	if (platform === undefined) return undefined;
	return {
		os: asString(platform['os']) ?? '',
		architecture: asString(platform['architecture']) ?? '',
		variant: asString(platform['variant']) || undefined,
	};
}

function descriptorOf(value: unknown, what: string): Descriptor {
	const json = asObject(value);
	const fail = (cause: string): never => {
		throw new InvalidArgumentError(`the manifest is wrong: ${what} ${cause}`);
	};
	if (json === undefined) return fail('has no descriptor');
	const { digest, size } = json;
	if (!isDigest(digest)) return fail(`has the digest ${JSON.stringify(digest)}`);
	if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
		return fail(`has the size ${JSON.stringify(size)}`);
	}
	return {
		mediaType: asString(json['mediaType']) ?? '',
		digest,
		sizeBytes: size,
		annotations: asStringMap(json['annotations']),
		urls: asStrings(json['urls']),
	};
}

/** Runs a reader whose errors are sentence parts, and says what it was about. */
function refuse<T>(what: string, read: () => T): T {
	try {
		return read();
	} catch (cause) {
		throw new InvalidArgumentError(`${what}: ${(cause as Error).message}`, { cause });
	}
}
