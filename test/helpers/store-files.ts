/** Looks a containers/storage store over by its files alone, sharing no code with the program that wrote it. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

type LayerRecord = {
	readonly id: string;
	readonly parent?: string;
	readonly 'diff-digest'?: string;
	readonly flags?: Readonly<Record<string, unknown>>;
};

type ImageRecord = {
	readonly id: string;
	readonly names?: readonly string[];
	readonly layer?: string;
	readonly 'big-data-names'?: readonly string[];
	readonly 'big-data-sizes'?: Readonly<Record<string, number>>;
	readonly 'big-data-digests'?: Readonly<Record<string, string>>;
};

/** What a store holds by its files. */
export type StoreFiles = {
	/** Image id to names. */
	readonly images: ReadonlyMap<string, readonly string[]>;
	readonly layerIds: readonly string[];
	/** Sentences, one for each thing that is not as it must be; empty for a store that is whole and has nothing left over. */
	readonly problems: readonly string[];
};

/**
 * Reads the records and everything they name. Call it while nobody writes.
 *
 * Source: go.podman.io/storage: the files of layers.go, images.go and drivers/overlay.
 */
export function readStoreFiles(graphRoot: string): StoreFiles {
	const at = (...names: readonly string[]) => path.join(graphRoot, ...names);
	const problems: string[] = [];
	const layers = [
		...records<LayerRecord>(at('overlay-layers/layers.json')),
		...records<LayerRecord>(at('overlay-layers/volatile-layers.json')),
	];
	const images = records<ImageRecord>(at('overlay-images/images.json'));
	const layerIds = new Set(layers.map(({ id }) => id));
	if (layerIds.size !== layers.length) problems.push('a layer is recorded twice');

	for (const layer of layers) {
		const name = `layer ${layer.id.slice(0, 12)}`;
		if (layer.flags?.['incomplete'] === true) problems.push(`${name} is incomplete`);
		if (layer.parent && !layerIds.has(layer.parent)) problems.push(`${name} lacks its parent`);
		problems.push(...layerFolderProblems(at('overlay'), layer).map((problem) => `${name}: ${problem}`));
		const splitPath = at('overlay-layers', `${layer.id}.tar-split.gz`);
		if (layer['diff-digest'] !== undefined) {
			try {
				gunzipSync(readFileSync(splitPath));
			} catch (error) {
				problems.push(`${name}: its tar-split cannot be read (${String(error)})`);
			}
		}
	}

	const names = new Map<string, string>();
	for (const image of images) {
		const name = `image ${image.id.slice(0, 12)}`;
		if (image.layer && !layerIds.has(image.layer)) problems.push(`${name} lacks its layer`);
		for (const given of image.names ?? []) {
			if (names.has(given)) problems.push(`"${given}" names two images`);
			names.set(given, image.id);
		}
		problems.push(
			...bigDataProblems(at('overlay-images', image.id), image).map((problem) => `${name}: ${problem}`),
		);
	}

	problems.push(...leftovers(graphRoot, layerIds, new Set(images.map(({ id }) => id))));
	return {
		images: new Map(images.map(({ id, names: given }) => [id, given ?? []])),
		layerIds: [...layerIds],
		problems,
	};
}

function layerFolderProblems(overlayDir: string, layer: LayerRecord): readonly string[] {
	const dir = path.join(overlayDir, layer.id);
	if (!existsSync(path.join(dir, 'diff'))) return ['has no diff'];
	const problems: string[] = [];
	const link = textOf(path.join(dir, 'link'));
	if (link === '') problems.push('its link is empty');
	else if (!existsSync(path.join(overlayDir, 'l', link))) problems.push(`l/${link} leads nowhere`);
	else if (readlinkSync(path.join(overlayDir, 'l', link)) !== `../${layer.id}/diff`) {
		problems.push(`l/${link} leads elsewhere`);
	}
	const lower = textOf(path.join(dir, 'lower'));
	if (layer.parent && lower === '') problems.push('its lower is empty');
	for (const part of lower === '' ? [] : lower.split(':')) {
		if (!existsSync(path.join(overlayDir, part))) problems.push(`lower "${part}" leads nowhere`);
	}
	return problems;
}

function bigDataProblems(dir: string, image: ImageRecord): readonly string[] {
	const problems: string[] = [];
	for (const key of image['big-data-names'] ?? []) {
		const file = path.join(dir, bigDataFile(key));
		if (!existsSync(file)) {
			problems.push(`lacks "${key}"`);
			continue;
		}
		const bytes = readFileSync(file);
		const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
		if (image['big-data-sizes']?.[key] !== bytes.length) problems.push(`"${key}" has another size`);
		if (image['big-data-digests']?.[key] !== digest) problems.push(`"${key}" has another digest`);
	}
	if (!(image['big-data-names'] ?? []).includes('manifest')) problems.push('has no manifest');
	return problems;
}

/** Source: images.go, bigdata names: as they are where they hold small letters, digits and dots only, else in base64. */
function bigDataFile(key: string): string {
	return /^[a-z0-9.]+$/.test(key) ? key : `=${Buffer.from(key).toString('base64')}`;
}

/** What lies about without a record: layer folders, image folders, tar-splits, staging, temporary files. */
function leftovers(
	graphRoot: string,
	layerIds: ReadonlySet<string>,
	imageIds: ReadonlySet<string>,
): readonly string[] {
	const problems: string[] = [];
	const known = new Set(['l', 'tempdirs', 'staging', 'compat-check', '.has-mount-program']);
	for (const name of namesIn(path.join(graphRoot, 'overlay'))) {
		if (!layerIds.has(name) && !known.has(name)) problems.push(`overlay/${name} has no record`);
	}
	for (const folder of ['overlay/tempdirs', 'overlay/staging', 'tmp', 'criscope', 'overlay-layers/tmp']) {
		for (const name of namesIn(path.join(graphRoot, folder))) {
			// Scripts by which other programs are run: made at every start, and no part of images.
			if (folder === 'criscope' && name === 'programs') continue;
			if (holdsSomething(path.join(graphRoot, folder, name))) problems.push(`${folder}/${name} is left over`);
		}
	}
	for (const link of namesIn(path.join(graphRoot, 'overlay/l'))) {
		if (!existsSync(path.join(graphRoot, 'overlay/l', link)))
			problems.push(`overlay/l/${link} leads nowhere`);
	}
	for (const name of namesIn(path.join(graphRoot, 'overlay-layers'))) {
		const id = /^([0-9a-f]{64})(?:\.tar-split\.gz)?$/.exec(name)?.[1];
		const isOwn = /^(?:volatile-)?layers\.(?:json|lock)$/.test(name) || name === 'tmp';
		if (id === undefined ? !isOwn : !layerIds.has(id)) problems.push(`overlay-layers/${name} is left over`);
	}
	for (const name of namesIn(path.join(graphRoot, 'overlay-images'))) {
		const isOwn = /^images\.(?:json|lock)$/.test(name);
		if (!isOwn && !imageIds.has(name)) problems.push(`overlay-images/${name} is left over`);
	}
	return problems;
}

/** A lock file or an empty folder that is kept for the next time is nothing left over. */
function holdsSomething(file: string): boolean {
	const stat = lstatSync(file, { throwIfNoEntry: false });
	if (stat === undefined) return false;
	if (stat.isDirectory()) return readdirSync(file).some((name) => holdsSomething(path.join(file, name)));
	// Locks, and the store's journal of what the disk does not have yet.
	return !/lock|^unwritten\.json$/.test(path.basename(file));
}

function namesIn(dir: string): readonly string[] {
	return existsSync(dir) ? readdirSync(dir) : [];
}

function records<T>(file: string): readonly T[] {
	const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
	return text === '' ? [] : ((JSON.parse(text) as readonly T[] | null) ?? []);
}

function textOf(file: string): string {
	return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
