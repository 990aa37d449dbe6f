/** Pulls an image: manifest, config, layers, record. */
import { formatImageReference, type ImageReference } from '../../cri/image-reference.ts';
import type { PullTransferRequest } from '../../cri/image-transfer.ts';
import type { StoredImage, WaitOptions } from '../storage/model.ts';
import { checkLayerCount, parseConfig } from './config.ts';
import { digestHex } from './digest.ts';
import { explainTransferError } from './explain-errors.ts';
import { fetchConfig } from './fetch-config.ts';
import { importLayers } from './import-layers.ts';
import type { Platform } from './model.ts';
import { checkOnlyPlatform, formatPlatform, parsePlatform } from './platform.ts';
import { remoteLayer } from './remote-layer.ts';
import { type ResolvedImage, resolveImage } from './resolve-image.ts';
import type { TransferLog } from './transfer-log.ts';
import { imageTools, type TransferTools, waitingLayers } from './transfer-tools.ts';

/**
 * Pulls an image into the store, and tells the log. Whatever fails or is cancelled leaves nothing behind.
 * @throws the classes of errors.ts, `cannot pull image "…": …`; the reason of the signal
 */
export async function pullImage(
	request: PullTransferRequest,
	tools: TransferTools,
	log: TransferLog,
	{ signal }: WaitOptions = {},
): Promise<void> {
	const { image } = request;
	try {
		const platform = parsePlatform(request.platform);
		const candidates = await tools.registries.pullCandidates(image, { auth: request.auth }, { signal });
		const resolved = await resolveImage(candidates, platform, (text) => log.note(text), { signal });
		// Who does not ask for a platform gets what there is, as from Podman; an index has been chosen from.
		const only = request.platform && resolved.index === undefined ? platform : undefined;
		await pullResolved(resolved, only, tools, log, { signal });
	} catch (error) {
		signal?.throwIfAborted();
		throw explainTransferError(`cannot pull image "${image}"`, error);
	}
}

async function pullResolved(
	resolved: ResolvedImage,
	only: Platform | undefined,
	tools: TransferTools,
	log: TransferLog,
	{ signal }: WaitOptions,
): Promise<void> {
	const { store, unpacker } = tools;
	const { manifest, fetched, sources, index } = resolved;
	const imageId = digestHex(manifest.config.digest);
	const known = await store.findImage(imageId, { signal });
	const image = known?.id === imageId ? known : undefined;
	if (image === undefined) unpacker.prepare();
	const config = (image && (await storedConfig(image, resolved, tools, signal))) ?? {
		bytes: await fetchConfig(manifest.config, sources, tools.fetchLimits, (text) => log.note(text), {
			signal,
		}),
		isStored: false,
	};
	const parsed = parseConfig(config.bytes);
	if (only !== undefined) checkOnlyPlatform(parsed, only);
	checkLayerCount(manifest.layers.length, parsed);
	const name = nameOf(resolved.reference);
	log.resolved({
		kind: 'resolved',
		reference: formatImageReference(resolved.reference),
		manifestDigest: fetched.digest,
		source: sources[0]?.name ?? '',
		platform: formatPlatform(parsed),
		imageId,
		layers: waitingLayers(manifest.layers),
	});

	const layers = manifest.layers.map((descriptor, place) =>
		remoteLayer(
			{ descriptor, diffId: parsed.diffIds[place] ?? descriptor.digest, index: place, sources },
			{ store, log, limits: tools.fetchLimits, memory: tools.memory, smallBlobs: tools.smallBlobs },
		),
	);
	const { topLayer, imported } = await importLayers(layers, imageTools(tools, log), { signal });
	const upToDate =
		imported === 0 &&
		image !== undefined &&
		config.isStored &&
		image.names.includes(name) &&
		(await hasManifests(image, resolved, tools, signal));
	if (!upToDate) {
		await store.commitImage(
			{
				manifest: fetched.bytes,
				manifestDigest: fetched.digest,
				index,
				config: config.bytes,
				configDigest: manifest.config.digest,
				topLayer,
				names: [name],
				createdAtNanos: parsed.createdAtNanos,
			},
			{ signal },
		);
	}
	log.completed({ kind: 'completed', imageId, manifestDigest: fetched.digest, names: [name], upToDate });
}

/** What the image will be listed by: the tag, or the digest alone where one was asked for. */
function nameOf(reference: ImageReference): string {
	return formatImageReference(reference.digest === undefined ? reference : { ...reference, tag: undefined });
}

/** The config out of the store, where the image is there and whole. */
async function storedConfig(
	image: StoredImage,
	{ manifest }: ResolvedImage,
	{ store }: TransferTools,
	signal: AbortSignal | undefined,
): Promise<{ readonly bytes: Buffer; readonly isStored: boolean } | undefined> {
	try {
		return { bytes: await store.readBigData(image, manifest.config.digest, { signal }), isStored: true };
	} catch {
		signal?.throwIfAborted();
		// Gone or damaged: it is fetched again, and commitImage heals the record.
		return undefined;
	}
}

/** True where the manifests that a pull would write are there already, and whole. */
async function hasManifests(
	image: StoredImage,
	{ fetched, index }: ResolvedImage,
	{ store }: TransferTools,
	signal: AbortSignal | undefined,
): Promise<boolean> {
	const wanted = [
		['manifest', fetched.digest],
		[`manifest-${fetched.digest}`, fetched.digest],
		...(index ? [[`manifest-${index.digest}`, index.digest] as const] : []),
	] as const;
	if (wanted.some(([key, digest]) => image.bigData.get(key)?.digest !== digest)) return false;
	try {
		await Promise.all(wanted.map(([key]) => store.readBigData(image, key, { signal })));
		return true;
	} catch {
		signal?.throwIfAborted();
		// Gone or damaged, as by a power loss: commitImage writes them again.
		return false;
	}
}
