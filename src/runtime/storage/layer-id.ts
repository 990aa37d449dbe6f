/** Ids of layers. Source: c/image storage transport: not the chain ID of the OCI spec, which hashes the prefixes too. */
import { createHash } from 'node:crypto';
import type { Digest } from './model.ts';

/**
 * The id of the layer that a chain of diffIds ends in.
 * @param diffIds base first, `sha256:…`
 * @returns an empty text for an empty chain
 */
export function layerIdOf(diffIds: readonly Digest[]): string {
	let id = '';
	for (const diffId of diffIds) {
		const hex = diffId.slice(diffId.indexOf(':') + 1);
		id = id === '' ? hex : createHash('sha256').update(`${id}+${hex}`).digest('hex');
	}
	return id;
}
