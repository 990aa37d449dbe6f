/**
 * The folders of a docker-archive that Docker before 1.10 reads: one a layer, each with its own small config. Podman and
 * skopeo write them still. Source: Docker image spec v1, "image JSON".
 */

import type { Digest } from '../../storage/model.ts';
import { sha256Digest } from '../digest.ts';
import type { ImageConfig } from '../model.ts';

/** One folder. */
export type LegacyLayer = { readonly id: string; readonly diffId: Digest; readonly json: Buffer };

const topFields = [
	'architecture',
	'config',
	'container',
	'container_config',
	'created',
	'docker_version',
	'os',
] as const;

/** The folders of an image, base first. */
export function legacyLayers(config: ImageConfig): readonly LegacyLayer[] {
	const layers: LegacyLayer[] = [];
	let chainId: Digest | undefined;
	for (const [index, diffId] of config.diffIds.entries()) {
		const fields: Record<string, unknown> = {};
		const parent = layers.at(-1)?.id;
		if (parent !== undefined) fields['parent'] = parent;
		if (index === config.diffIds.length - 1) {
			for (const field of topFields) fields[field] = config.raw[field] ?? null;
		}
		chainId = chainId === undefined ? diffId : sha256Digest(`${chainId} ${diffId}`);
		// The id is the hash of what the folder says, with the chain that it stands on instead of the id.
		const id = sha256Digest(goJson({ ...fields, layer_id: chainId })).slice('sha256:'.length);
		layers.push({ id, diffId, json: Buffer.from(goJson({ ...fields, id })) });
	}
	return layers;
}

/** JSON as Go writes a map: keys in order, and what HTML would take for its own escaped. */
export function goJson(map: Readonly<Record<string, unknown>>): string {
	const sorted = Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
	return JSON.stringify(sorted).replace(
		/[<>&\u2028\u2029]/g,
		(character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
}
