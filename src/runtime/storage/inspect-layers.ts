/** Whether layers are whole: their records, their folders, their tar-split, and all of that below them. */
import { statSync } from 'node:fs';
import { tarSplitPath } from './layer-table.ts';
import type { StoredLayer } from './model.ts';
import { type LayerEntry, type LayerIndex, storedLayer } from './records/layer-records.ts';
import type { StoreParts } from './store-parts.ts';
import type { StorePlace } from './store-paths.ts';

/** A layer as found: whole where `damage` is undefined. */
export type InspectedLayer = {
	readonly layer: StoredLayer;
	/** One sentence part; of the layer itself or of one below it. */
	readonly damage: string | undefined;
	/** Only its tar-split is missing: it runs, and cannot be pushed. */
	readonly onlyTarSplit: boolean;
};

/** Answers for any layer; each is looked at once. */
export type LayerInspector = {
	entry(id: string): LayerEntry | undefined;
	/** @returns undefined for a layer that is in no store, or only half. */
	inspect(id: string): Promise<InspectedLayer | undefined>;
	/** Nearest first; stops where a record is missing. */
	ancestors(id: string): readonly string[];
};

/** @param indexes of the store itself first, then of the additional ones; read under their locks */
export function createLayerInspector(
	parts: StoreParts,
	indexes: readonly { readonly index: LayerIndex; readonly place: StorePlace; readonly readOnly: boolean }[],
): LayerInspector {
	const known = new Map<string, Promise<InspectedLayer | undefined>>();
	const find = (id: string) => {
		for (const { index, place, readOnly } of indexes) {
			const entry = index.byId.get(id);
			if (entry !== undefined && !entry.incomplete) return { entry, place, readOnly };
		}
		return undefined;
	};
	const ancestors = (id: string): readonly string[] => {
		const chain: string[] = [];
		const seen = new Set([id]);
		for (let parent = find(id)?.entry.parent; parent !== undefined; parent = find(parent)?.entry.parent) {
			// A circle in damaged records must not hang us.
			if (seen.has(parent)) break;
			seen.add(parent);
			chain.push(parent);
		}
		return chain;
	};
	const look = async (id: string): Promise<InspectedLayer | undefined> => {
		const found = find(id);
		if (found === undefined) return undefined;
		const layer = storedLayer(found.entry, found.readOnly);
		const whole = { layer, damage: undefined, onlyTarSplit: false };
		const { parent } = layer;
		if (parent !== undefined) {
			const below = await inspect(parent);
			if (below === undefined) return { ...whole, damage: `layer "${parent}" below it is missing` };
			if (below.damage !== undefined && !below.onlyTarSplit) {
				return { ...whole, damage: `layer "${parent}" below it is damaged: ${below.damage}` };
			}
		}
		if (!found.readOnly && parts.writeOut.isSuspect(id)) {
			return { ...whole, damage: 'the machine stopped before it was written to the disk' };
		}
		const damage = await parts.driver.inspect(id, ancestors(id));
		if (damage !== undefined) return { ...whole, damage };
		// A container's own layer never had a tar.
		if (layer.diffDigest === undefined) return whole;
		const size = sizeOf(tarSplitPath({ place: found.place }, id));
		if (size !== undefined && size > 0) return whole;
		const cause = `its file "${id}.tar-split.gz" is ${size === undefined ? 'missing' : 'empty'}`;
		return { layer, damage: cause, onlyTarSplit: true };
	};
	const inspect = (id: string): Promise<InspectedLayer | undefined> => {
		const answer = known.get(id) ?? look(id);
		known.set(id, answer);
		return answer;
	};
	return { entry: (id) => find(id)?.entry, inspect, ancestors };
}

function sizeOf(file: string): number | undefined {
	try {
		return statSync(file, { throwIfNoEntry: false })?.size;
	} catch {
		return undefined;
	}
}

/** Calls `use` with an inspector, all layers locked for reading. */
export async function inspectingLayers<R>(
	parts: StoreParts,
	use: (inspector: LayerInspector, own: LayerIndex) => Promise<R>,
	options: { readonly signal?: AbortSignal | undefined },
): Promise<R> {
	const others = await Promise.all(
		parts.additional.map(async ({ layers, place }) => ({
			index: await layers.read((index) => index, options),
			place,
			readOnly: true,
		})),
	);
	return parts.layers.read((index) => {
		const own = { index, place: parts.place, readOnly: false };
		return use(createLayerInspector(parts, [own, ...others]), index);
	}, options);
}
