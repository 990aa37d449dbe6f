/** Pushes an image of the store: what the registry has is left there, the rest is compressed anew and sent. */
import { Readable } from 'node:stream';
import { InvalidArgumentError } from '../../cri/errors.ts';
import { formatImageReference, isShortName, parseImageReference } from '../../cri/image-reference.ts';
import type { PushTransferRequest } from '../../cri/image-transfer.ts';
import type { StoredLayer, WaitOptions } from '../storage/model.ts';
import { explainTransferError } from './explain-errors.ts';
import { foundName } from './found-name.ts';
import type { Repository } from './model.ts';
import { formatPlatform } from './platform.ts';
import { type PushLayerTools, pushLayer } from './push-layer.ts';
import { rewriteManifest, type SentLayer, targetFormat } from './push-manifest.ts';
import type { Registries } from './registry.ts';
import { createSlots } from './slots.ts';
import { type LoadedImage, layerChain, readStoredImage } from './stored-image.ts';
import type { TransferLog } from './transfer-log.ts';
import { type TransferTools, waitingLayers } from './transfer-tools.ts';

/**
 * Pushes an image, and tells the log.
 * @throws the classes of errors.ts, `cannot push image "…" to "…": …`; the reason of the signal
 */
export async function pushImage(
	request: PushTransferRequest,
	tools: TransferTools,
	log: TransferLog,
	{ signal }: WaitOptions = {},
): Promise<void> {
	const { image } = request;
	let destination = request.destination || image;
	try {
		const loaded = await readStoredImage(image, tools.store, { signal });
		if (!request.destination) destination = await nameOf(image, loaded, tools.registries);
		const target = await tools.registries.pushTarget(destination, { auth: request.auth }, { signal });
		await pushTo(loaded, target, request, tools, log, { signal });
	} catch (error) {
		signal?.throwIfAborted();
		const to = destination === image ? '' : ` to "${destination}"`;
		throw explainTransferError(`cannot push image "${image}"${to}`, error);
	}
}

/**
 * Where an image goes of which nothing else is said: a short name may be of any registry, and nothing is sent to another than
 * the one it was found by.
 * @throws InvalidArgumentError for an id, and for a short name that leads to none of the image's
 */
async function nameOf(text: string, { image }: LoadedImage, registries: Registries): Promise<string> {
	if (image.id.startsWith(text.replace(/^sha256:/, ''))) {
		throw new InvalidArgumentError('an id says nothing of where to push to; name a destination');
	}
	const found = await foundName(text, image, registries);
	if (found !== undefined) return found;
	if (!isShortName(text)) return text;
	throw new InvalidArgumentError('a short name does not say which registry is meant; name a destination');
}

type PushTarget = Awaited<ReturnType<TransferTools['registries']['pushTarget']>>;

async function pushTo(
	loaded: LoadedImage,
	{ reference, repository }: PushTarget,
	request: PushTransferRequest,
	tools: TransferTools,
	log: TransferLog,
	{ signal }: WaitOptions,
): Promise<void> {
	const { image, manifest, manifestBytes, config } = loaded;
	const { store } = tools;
	const format = targetFormat(manifest, request);
	log.resolved({
		kind: 'resolved',
		reference: formatImageReference(reference),
		manifestDigest: loaded.manifestDigest,
		source: repository.name,
		platform: formatPlatform(config),
		imageId: image.id,
		layers: waitingLayers(manifest.layers).map((layer) => ({ ...layer, source: repository.host })),
	});

	const neighbours = await findNeighbours(loaded, reference, tools, signal);
	const pushTools: PushLayerTools = {
		store,
		repository,
		log,
		format,
		compression: request.compression,
		neighbours,
	};
	const { sent, uploads } = await pushLayers(loaded, pushTools, tools.parallel.uploads, { signal });
	const configWasThere = await pushConfig(loaded, repository, signal);
	const written = rewriteManifest({ bytes: manifestBytes, manifest }, sent, format);
	if (reference.digest !== undefined && reference.digest !== written.digest) {
		throw new InvalidArgumentError(
			`the manifest became ${written.digest}, which cannot be pushed under ${reference.digest}; push to a tag`,
		);
	}
	const tag = reference.digest ?? reference.tag ?? 'latest';
	await repository.putManifest(tag, written, { signal });
	log.completed({
		kind: 'completed',
		imageId: image.id,
		manifestDigest: written.digest,
		names: [formatImageReference(reference)],
		upToDate: uploads === 0 && configWasThere,
	});
}

/** Sends the layers, a few at a time; one that occurs twice is sent once. */
async function pushLayers(
	{ manifest, layers }: LoadedImage,
	tools: PushLayerTools,
	parallel: number,
	{ signal }: WaitOptions,
): Promise<{ readonly sent: readonly SentLayer[]; readonly uploads: number }> {
	const slots = createSlots(parallel);
	const abort = new AbortController();
	const work = AbortSignal.any([abort.signal, ...(signal ? [signal] : [])]);
	const began = new Map<string, Promise<{ readonly sent: SentLayer; readonly uploaded: boolean }>>();

	async function send(layer: StoredLayer, index: number) {
		using _slot = await slots.take({ signal: work });
		const descriptor = manifest.layers[index];
		if (descriptor === undefined) throw new InvalidArgumentError(`layer ${index + 1} has no descriptor`);
		return await pushLayer({ layer, descriptor, index }, tools, { signal: work });
	}

	const results = await Promise.allSettled(
		layers.map(async (layer, index) => {
			const key = `${layer.diffDigest} ${manifest.layers[index]?.digest}`;
			const first = began.get(key);
			const task = first ?? send(layer, index);
			began.set(key, task);
			try {
				const { sent, uploaded } = await task;
				if (first !== undefined) tools.log.layer(index, { state: 'present', transferredBytes: 0 });
				return { sent, uploaded: uploaded && first === undefined };
			} catch (error) {
				abort.abort(error);
				throw error;
			}
		}),
	);
	signal?.throwIfAborted();
	if (abort.signal.aborted) throw abort.signal.reason;
	const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
	return { sent: done.map(({ sent }) => sent), uploads: done.filter(({ uploaded }) => uploaded).length };
}

/** @returns whether it was there already. */
async function pushConfig(
	{ manifest, configBytes }: LoadedImage,
	repository: Repository,
	signal: AbortSignal | undefined,
): Promise<boolean> {
	const { digest } = manifest.config;
	if (await repository.hasBlob(digest, { signal })) return true;
	await repository.uploadBlob(
		async () => ({
			body: Readable.from([configBytes], { objectMode: false }),
			digest: () => digest,
			sizeBytes: configBytes.length,
		}),
		{ signal },
	);
	return false;
}

/**
 * Repositories of the same registry that have had a layer, by layer id: names of images which share it.
 */
async function findNeighbours(
	{ layers }: LoadedImage,
	target: PushTarget['reference'],
	{ store }: TransferTools,
	signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> {
	const byId = new Map((await store.listLayers({ signal })).map((layer) => [layer.id, layer]));
	const wanted = new Set(layers.map(({ id }) => id));
	const neighbours = new Map<string, Set<string>>();
	for (const image of await store.listImages({ signal })) {
		const repositories = image.names.flatMap((name) => repositoryOn(target.domain, name));
		const others = repositories.filter((repository) => repository !== target.repository);
		if (others.length === 0) continue;
		for (const { id } of layerChain(image.layer, byId)) {
			if (!wanted.has(id)) continue;
			const known = neighbours.get(id) ?? new Set();
			for (const other of others) known.add(other);
			neighbours.set(id, known);
		}
	}
	return new Map([...neighbours].map(([id, known]) => [id, [...known]]));
}

function repositoryOn(domain: string, name: string): readonly string[] {
	try {
		const reference = parseImageReference(name);
		return reference.domain === domain ? [reference.repository] : [];
	} catch {
		// A name that some program gave and that is no reference leads to no registry.
		return [];
	}
}
