/** Records of images.json and containers.json: what we read of them and how to find them. */
import type { Digest, StoredContainer, StoredImage } from '../model.ts';
import { type JsonRecord, mapField, textField, textListField } from './json-records.ts';
import { parseRecordTime } from './record-time.ts';

/** Images of one place. */
export type ImageIndex = {
	readonly byId: ReadonlyMap<string, ImageEntry>;
	readonly byName: ReadonlyMap<string, ImageEntry>;
	/** By every digest of a manifest that it is known under. */
	readonly byDigest: ReadonlyMap<Digest, readonly ImageEntry[]>;
};

export type ImageEntry = {
	readonly image: StoredImage;
	readonly record: JsonRecord;
	/** The same image for other id mappings; they go when it goes. */
	readonly mappedLayers: readonly string[];
};

/** Indexes images.json. Of two images with one name the later one has it, as in c/storage. */
export function indexImages(
	[records = []]: readonly (readonly JsonRecord[])[],
	readOnly: boolean,
): ImageIndex {
	const byId = new Map<string, ImageEntry>();
	const byName = new Map<string, ImageEntry>();
	const byDigest = new Map<Digest, ImageEntry[]>();
	for (const record of records) {
		const image = storedImage(record, readOnly);
		if (image === undefined || byId.has(image.id)) continue;
		const entry = { image, record, mappedLayers: textListField(record, 'mapped-layers') };
		byId.set(image.id, entry);
		for (const name of image.names) byName.set(name, entry);
		for (const digest of manifestDigests(image)) {
			const others = byDigest.get(digest);
			if (others === undefined) byDigest.set(digest, [entry]);
			else others.push(entry);
		}
	}
	return { byId, byName, byDigest };
}

/** Every digest under which the image's manifests are known: of its own, and of the index it was chosen from. */
export function manifestDigests(image: StoredImage): ReadonlySet<Digest> {
	const digests = new Set<Digest>(image.digest === undefined ? [] : [image.digest]);
	for (const [key, { digest }] of image.bigData) {
		if (key.startsWith('manifest') && digest !== '') digests.add(digest);
	}
	return digests;
}

function storedImage(record: JsonRecord, readOnly: boolean): StoredImage | undefined {
	const id = textField(record, 'id');
	if (id === undefined) return undefined;
	const sizes = mapField(record, 'big-data-sizes');
	const digests = mapField(record, 'big-data-digests');
	const bigData = new Map<string, { sizeBytes: number; digest: Digest }>();
	for (const key of textListField(record, 'big-data-names')) {
		bigData.set(key, { sizeBytes: Number(sizes[key] ?? -1), digest: String(digests[key] ?? '') });
	}
	return {
		id,
		digest: textField(record, 'digest'),
		names: textListField(record, 'names'),
		layer: textField(record, 'layer'),
		bigData,
		createdAtNanos: parseRecordTime(textField(record, 'created')),
		readOnly,
	};
}

/** Containers of all programs. */
export type ContainerIndex = {
	readonly all: readonly StoredContainer[];
	readonly byId: ReadonlyMap<string, ContainerEntry>;
	/** Ids by name. */
	readonly byName: ReadonlyMap<string, string>;
};

/** A container and where its record stands. */
export type ContainerEntry = {
	readonly container: StoredContainer;
	readonly record: JsonRecord;
	/** Number of the record file. */
	readonly file: number;
};

/** Indexes containers.json and volatile-containers.json. */
export function indexContainers(files: readonly (readonly JsonRecord[])[]): ContainerIndex {
	const byId = new Map<string, ContainerEntry>();
	const byName = new Map<string, string>();
	for (const [file, records] of files.entries()) {
		for (const record of records) {
			const id = textField(record, 'id');
			if (id === undefined || byId.has(id)) continue;
			const container = {
				id,
				names: textListField(record, 'names'),
				imageId: textField(record, 'image') ?? '',
				layerId: textField(record, 'layer') ?? '',
			};
			byId.set(id, { container, record, file });
			for (const name of container.names) byName.set(name, id);
		}
	}
	return { all: [...byId.values()].map(({ container }) => container), byId, byName };
}
