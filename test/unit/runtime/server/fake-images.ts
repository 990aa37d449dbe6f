import { createHash } from 'node:crypto';
import type { ImageTransfers } from '../../../../src/runtime/image/images.ts';
import type { LogFields, LogLevel } from '../../../../src/runtime/log.ts';
import type { ImageParts } from '../../../../src/runtime/server/image-parts.ts';
import { createImageSummaries } from '../../../../src/runtime/server/image-summaries.ts';
import type { Store, StoredImage, StoredLayer } from '../../../../src/runtime/storage/model.ts';

/** An image for the fake store: what its config and manifest say. */
export type FakeImage = {
	readonly names: readonly string[];
	readonly config?: object;
	readonly annotations?: Readonly<Record<string, string>>;
	/** Its layer is broken. */
	readonly damaged?: boolean;
	/** Its config cannot be read. */
	readonly unreadable?: boolean;
};

/** What a server of images works with, over a store in memory. */
export type FakeParts = ImageParts & {
	readonly ids: readonly string[];
	readonly images: Map<string, StoredImage>;
	readonly reads: string[];
	readonly logged: {
		readonly level: LogLevel;
		readonly message: string;
		readonly fields?: LogFields | undefined;
	}[];
};

function hex(text: string): string {
	return createHash('sha256').update(text).digest('hex');
}

/** Only what the RPCs themselves need of a store; anything else fails loudly. */
export function fakeParts(given: readonly FakeImage[], transfers: Partial<ImageTransfers> = {}): FakeParts {
	const images = new Map<string, StoredImage>();
	const contents = new Map<string, Buffer>();
	const layers = new Map<string, StoredLayer>();
	const damaged = new Set<string>();
	const ids: string[] = [];
	for (const { names, annotations = {}, ...image } of given) {
		const config = JSON.stringify({
			os: 'linux',
			architecture: 'amd64',
			rootfs: { diff_ids: [] },
			...image.config,
		});
		const id = hex(`${config} ${names}`);
		const layer = hex(`layer of ${id}`);
		const manifest = JSON.stringify({ annotations });
		if (!image.unreadable) contents.set(`${id} sha256:${id}`, Buffer.from(config));
		contents.set(`${id} manifest`, Buffer.from(manifest));
		if (image.damaged) damaged.add(layer);
		layers.set(layer, {
			id: layer,
			parent: undefined,
			diffDigest: `sha256:${layer}`,
			diffSizeBytes: 1000,
			compressedDigest: undefined,
			compressedSizeBytes: undefined,
			compression: 'none',
			createdAtNanos: 1n,
			readOnly: false,
		});
		const digest = `sha256:${hex(manifest)}`;
		const bigData = new Map([[`manifest-${digest}`, { sizeBytes: manifest.length, digest }]]);
		images.set(id, { id, digest, names, layer, bigData, createdAtNanos: 1n, readOnly: false });
		ids.push(id);
	}
	const reads: string[] = [];
	const store: Partial<Store> = {
		graphRoot: '/root',
		runRoot: '/run',
		driver: 'overlay',
		listImages: async () => [...images.values()],
		listLayers: async () => [...layers.values()],
		findImage: async (name) =>
			[...images.values()].find((image) => image.id.startsWith(name) || image.names.includes(name)),
		readBigData: async (image, key) => {
			reads.push(`${image.id} ${key}`);
			const found = contents.get(`${image.id} ${key}`);
			if (found === undefined) throw new Error(`cannot read "${key}"`);
			return found;
		},
		presentLayers: async (asked, options) => {
			for (const id of asked)
				if (damaged.has(id)) options?.onDamage?.({ kind: 'layer', id, cause: 'its link is empty' });
			return new Map([...layers].filter(([id]) => asked.includes(id) && !damaged.has(id)));
		},
		removeImage: async (id) => {
			images.delete(id);
			return { untagged: [], removedImages: [id], removedLayers: [] };
		},
		addNames: async (id, names) => {
			const image = images.get(id);
			if (image) images.set(id, { ...image, names: [...image.names, ...names] });
		},
		removeNames: async (id, names) => {
			const image = images.get(id);
			if (image) images.set(id, { ...image, names: image.names.filter((name) => !names.includes(name)) });
		},
		usage: async () => ({ mountpoint: '/root/overlay-images', usedBytes: 5, inodesUsed: 2 }),
	};
	const logged: FakeParts['logged'] = [];
	const log: FakeParts['log'] = (level, message, fields) => void logged.push({ level, message, fields });
	return {
		store: store as Store,
		transfers: transfers as ImageTransfers,
		aliasOf: async (name) => (name.startsWith('nick') ? `quay.example/full/${name}` : undefined),
		summaries: createImageSummaries(store as Store, (image) => log('warn', 'left out', { image: image.id })),
		log,
		now: () => 7n,
		ids,
		images,
		reads,
		logged,
	};
}
