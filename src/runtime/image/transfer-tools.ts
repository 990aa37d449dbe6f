/** What transfers share. */
import type { LayerProgress } from '../../cri/image-transfer.ts';
import type { Store } from '../storage/model.ts';
import type { LayerLimits, LayerUnpacker } from '../storage/unpacker.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { FetchLimits } from './fetch-blob.ts';
import type { ImportTools } from './import-layers.ts';
import type { LayerClaims } from './layer-claims.ts';
import type { Descriptor } from './model.ts';
import type { Registries } from './registry.ts';
import { createSlots } from './slots.ts';
import type { TransferLog } from './transfer-log.ts';
import type { YoungMemory } from './young-memory.ts';

/** Collaborators and limits of all transfers of one runtime. */
export type TransferTools = {
	readonly store: Store;
	readonly registries: Registries;
	readonly unpacker: LayerUnpacker;
	readonly claims: LayerClaims;
	readonly layerLimits: LayerLimits;
	readonly fetchLimits: FetchLimits;
	readonly parallel: ParallelLimits;
	readonly archiveLimits: ArchiveLimits;
	readonly memory: YoungMemory;
	/** For blobs that never see a file. */
	readonly smallBlobs: ByteBudget;
};

/** How many layers one transfer moves at once. Source: containers/image (6 down), Docker (3 up). */
export type ParallelLimits = { readonly downloads: number; readonly uploads: number };

export const defaultParallelLimits: ParallelLimits = { downloads: 6, uploads: 3 };

/** What an archive to be loaded may cost at most. */
export type ArchiveLimits = {
	/** Bytes of the archive, uncompressed. */
	readonly maxBytes: number;
	readonly maxEntries: number;
};

export const defaultArchiveLimits: ArchiveLimits = { maxBytes: 256 * 2 ** 30, maxEntries: 100_000 };

/** The tools for the layers of one image, with download slots of its own. */
export function imageTools(tools: Omit<TransferTools, 'registries'>, log: TransferLog): ImportTools {
	const { store, unpacker, claims, layerLimits, parallel } = tools;
	return { store, unpacker, claims, layerLimits, log, downloads: createSlots(parallel.downloads) };
}

/** Layers of which nothing is known yet. */
export function waitingLayers(
	descriptors: readonly Pick<Descriptor, 'digest' | 'sizeBytes'>[],
): readonly LayerProgress[] {
	return descriptors.map(({ digest, sizeBytes }, index) => ({
		index,
		digest,
		state: 'waiting',
		transferredBytes: 0,
		totalBytes: sizeBytes,
		unpackedBytes: 0,
		source: '',
	}));
}
