/** Records of layers.json: what we read of them, what we write, and how to find them. */

import { nowNanos } from '../../sys/clock.ts';
import type { Compression, LayerToCommit, StoredLayer } from '../model.ts';
import { type JsonRecord, mapField, numberField, textField, textListField } from './json-records.ts';
import { formatRecordTime, parseRecordTime } from './record-time.ts';

/** A record and where it stands. */
export type LayerEntry = {
	readonly id: string;
	readonly parent: string | undefined;
	/** Number of the record file. */
	readonly file: number;
	readonly record: JsonRecord;
	/** Its maker (or remover) has not finished; when the lock is free, nobody ever will. */
	readonly incomplete: boolean;
};

/** Layers of one place. */
export type LayerIndex = {
	readonly byId: ReadonlyMap<string, LayerEntry>;
	/** Ids by the id of their parent. */
	readonly children: ReadonlyMap<string, readonly string[]>;
	readonly incomplete: readonly LayerEntry[];
};

/** In the order of their numbers in layers.json. Source: c/storage pkg/archive, Compression */
const compressions: readonly Compression[] = ['none', 'bzip2', 'gzip', 'xz', 'zstd'];

/** Indexes records; the first of two with one id counts, as in c/storage. */
export function indexLayers(files: readonly (readonly JsonRecord[])[]): LayerIndex {
	const byId = new Map<string, LayerEntry>();
	const children = new Map<string, string[]>();
	const incomplete: LayerEntry[] = [];
	for (const [file, records] of files.entries()) {
		for (const record of records) {
			const id = textField(record, 'id');
			if (id === undefined || byId.has(id)) continue;
			const entry = {
				id,
				parent: textField(record, 'parent'),
				file,
				record,
				incomplete: mapField(record, 'flags')['incomplete'] === true,
			};
			byId.set(id, entry);
			if (entry.incomplete) incomplete.push(entry);
			if (entry.parent === undefined) continue;
			const siblings = children.get(entry.parent);
			if (siblings === undefined) children.set(entry.parent, [id]);
			else siblings.push(id);
		}
	}
	return { byId, children, incomplete };
}

/** @param readOnly it lies in an additional store */
export function storedLayer({ id, parent, record }: LayerEntry, readOnly: boolean): StoredLayer {
	const diffDigest = textField(record, 'diff-digest');
	const compressedDigest = textField(record, 'compressed-diff-digest');
	return {
		id,
		parent,
		diffDigest,
		diffSizeBytes: diffDigest === undefined ? undefined : (numberField(record, 'diff-size') ?? 0),
		compressedDigest,
		compressedSizeBytes:
			compressedDigest === undefined ? undefined : (numberField(record, 'compressed-size') ?? 0),
		compression: compressions[numberField(record, 'compression') ?? 0] ?? 'none',
		createdAtNanos: parseRecordTime(textField(record, 'created')),
		readOnly,
	};
}

/**
 * The record of a layer as c/storage writes it, without what is empty.
 * @param replaced the damaged record of the same id: what we do not know of it is kept
 */
export function layerRecord(layer: LayerToCommit, replaced: JsonRecord | undefined): JsonRecord {
	const { unpacked } = layer;
	const compression = compressions.indexOf(unpacked.compression);
	// A layer that came as a plain tar has that tar as its blob.
	const compressedDigest = layer.compressedDigest ?? unpacked.diffDigest;
	const compressedSize = layer.compressedSizeBytes ?? unpacked.diffSizeBytes;
	const record: Record<string, unknown> = {
		...replaced,
		id: layer.id,
		parent: layer.parent,
		created: formatRecordTime(nowNanos()),
		'compressed-diff-digest': compressedDigest,
		'compressed-size': compressedSize,
		'diff-digest': unpacked.diffDigest,
		'diff-size': unpacked.diffSizeBytes,
		compression: compression > 0 ? compression : undefined,
		uidset: unpacked.uids.length > 0 ? unpacked.uids : undefined,
		gidset: unpacked.gids.length > 0 ? unpacked.gids : undefined,
	};
	return withoutUndefined(withIncomplete(record, false));
}

/** The record with or without the flag that makes whoever finds it remove the layer. */
export function withIncomplete(record: JsonRecord, incomplete: boolean): JsonRecord {
	const { incomplete: _, ...others } = mapField(record, 'flags');
	const flags = incomplete ? { ...others, incomplete: true } : others;
	const { flags: __, ...rest } = record;
	return Object.keys(flags).length === 0 ? rest : { ...rest, flags };
}

function withoutUndefined(record: Readonly<Record<string, unknown>>): JsonRecord {
	return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

/** Names that a layer has besides its id; containers give their layers such names. */
export function layerNames(record: JsonRecord): readonly string[] {
	return textListField(record, 'names');
}
