/** An image whose layers are in the store gets its record. */
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { InternalError, NotFoundError } from '../../cri/errors.ts';
import { syncPath, writeFileAtomically } from '../sys/atomic-file.ts';
import { nowNanos } from '../sys/clock.ts';
import { bigDataFileName, digestOf } from './big-data.ts';
import { takeNames } from './image-names.ts';
import { inspectingLayers } from './inspect-layers.ts';
import type { Digest, ImageToCommit, StoredImage, WaitOptions } from './model.ts';
import { type JsonRecord, mapField, textListField } from './records/json-records.ts';
import { formatRecordTime } from './records/record-time.ts';
import type { StoreParts } from './store-parts.ts';

type BigDatum = { readonly key: string; readonly bytes: Uint8Array; readonly digest: Digest };

/**
 * The files come before the record: a record whose files are missing would be a damaged image, files without a record
 * are nothing. The layers are locked meanwhile, so that nobody removes them in between.
 * @throws NotFoundError where one of the layers has gone
 */
export async function commitImage(
	parts: StoreParts,
	image: ImageToCommit,
	options: WaitOptions = {},
): Promise<StoredImage> {
	const id = image.configDigest.slice(image.configDigest.indexOf(':') + 1);
	return inspectingLayers(
		parts,
		async (inspector) => {
			if (image.topLayer !== undefined) {
				const found = await inspector.inspect(image.topLayer);
				if (found === undefined || (found.damage !== undefined && !found.onlyTarSplit)) {
					throw new NotFoundError(
						`cannot commit image "${id}": its layer "${image.topLayer}" is not in the store or damaged; pull it again`,
					);
				}
			}
			return parts.images.change(async (change) => {
				const data = bigDataOf(image);
				await writeBigData(path.join(parts.imagePlace.imagesDir, id), data);
				const before = change.records(0);
				const old = change.index.byId.get(id);
				const record = imageRecord(id, image, data, old?.record);
				const others = before.map((other) => (other['id'] === id ? record : other));
				const all = old === undefined ? [...others, record] : others;
				await change.save(0, takeNames(all, id, image.names));
				const committed = change.index.byId.get(id);
				if (committed === undefined)
					throw new InternalError(`cannot commit image "${id}": its record was lost`);
				return committed.image;
			}, options);
		},
		options,
	);
}

/** In the order in which Podman lists them. Source: c/image storage_dest.go */
function bigDataOf(image: ImageToCommit): readonly BigDatum[] {
	const { index, manifest: bytes, manifestDigest: digest } = image;
	const withIndex = index !== undefined && index.digest !== digest;
	return [
		{ key: image.configDigest, bytes: image.config, digest: digestOf(image.config) },
		...(withIndex ? [{ key: `manifest-${index.digest}`, bytes: index.bytes, digest: index.digest }] : []),
		{ key: `manifest-${digest}`, bytes, digest },
		{ key: 'manifest', bytes, digest },
	];
}

async function writeBigData(dir: string, data: readonly BigDatum[]): Promise<void> {
	await mkdir(dir, { recursive: true, mode: 0o700 });
	await chmod(dir, 0o700);
	await Promise.all(
		data.map(({ key, bytes }) =>
			writeFileAtomically(path.join(dir, bigDataFileName(key)), bytes, {
				mode: 0o600,
				durable: true,
				syncFolder: false,
			}),
		),
	);
	await Promise.all([syncPath(dir), syncPath(path.dirname(dir))]);
}

function imageRecord(
	id: string,
	image: ImageToCommit,
	data: readonly BigDatum[],
	old: JsonRecord | undefined,
): JsonRecord {
	const keys = new Set([...(old === undefined ? [] : textListField(old, 'big-data-names'))]);
	for (const { key } of data) keys.add(key);
	const sizes = Object.fromEntries(data.map(({ key, bytes }) => [key, bytes.length]));
	const digests = Object.fromEntries(data.map(({ key, digest }) => [key, digest]));
	return {
		...old,
		id,
		// As Podman 4.3 and 5.8 record it: of the index, where the image came by one.
		digest: image.index?.digest ?? image.manifestDigest,
		...(image.topLayer === undefined ? {} : { layer: image.topLayer }),
		metadata: old?.['metadata'] ?? '{}',
		'big-data-names': [...keys],
		'big-data-sizes': { ...(old === undefined ? {} : mapField(old, 'big-data-sizes')), ...sizes },
		'big-data-digests': { ...(old === undefined ? {} : mapField(old, 'big-data-digests')), ...digests },
		created: old?.['created'] ?? formatRecordTime(image.createdAtNanos ?? nowNanos()),
	};
}
