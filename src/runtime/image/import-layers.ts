/** Layers on their way into the store, whether out of a registry or out of an archive: fetched, unpacked, committed. */
import { errorMessage, InvalidArgumentError } from '../../cri/errors.ts';
import type { Digest, LayerToCommit, Store, UnpackedLayer, WaitOptions } from '../storage/model.ts';
import type { BlobInMemory, GrowingFile, LayerLimits, LayerUnpacker } from '../storage/unpacker.ts';
import { BlobContentError } from './fetch-blob.ts';
import type { LayerClaims } from './layer-claims.ts';
import type { Slots } from './slots.ts';
import type { TransferLog } from './transfer-log.ts';

/** A layer's blob, here or on its way. Disposing of it removes what is private to it. */
export type LayerBlob = AsyncDisposable & {
	/** A file may be read while it grows; memory is given away when it is whole and verified. */
	readonly content: GrowingFile | Promise<BlobInMemory>;
	/** Resolves when every byte is here and verified. */
	readonly arrived: Promise<void>;
};

/** A layer that the store may lack. */
export type LayerToImport = {
	readonly diffId: Digest;
	/** Of the blob, for messages. */
	readonly digest: Digest;
	/** What the layer's record says of the blob; undefined where the uncompressed tar is to count as the blob. */
	readonly blob: { readonly digest: Digest; readonly sizeBytes: number } | undefined;
	/** How many times `open` may be called, each time with another source. */
	readonly attempts: number;
	open(attempt: number, options: { readonly signal: AbortSignal }): Promise<LayerBlob>;
};

/** What importing needs. */
export type ImportTools = {
	readonly store: Store;
	readonly unpacker: LayerUnpacker;
	readonly layerLimits: LayerLimits;
	readonly claims: LayerClaims;
	/** How many blobs may be on their way at once. */
	readonly downloads: Slots;
	readonly log: TransferLog;
};

/** What came of it. */
export type ImportedLayers = {
	/** Undefined for an image without layers. */
	readonly topLayer: string | undefined;
	/** Layers that were not there. */
	readonly imported: number;
	/** Uncompressed size by diffId, of the layers that came now or were there. */
	readonly sizes: ReadonlyMap<Digest, number>;
};

/**
 * Brings the layers of one image into the store, base first. Nothing is committed before all of them are verified, so a
 * pull that fails leaves nothing; only where a layer is a copy of its parent (vfs) each is committed for the next.
 * @throws InvalidArgumentError naming the layer; whatever the sources, the unpacker and the store throw
 */
export async function importLayers(
	layers: readonly LayerToImport[],
	tools: ImportTools,
	{ signal }: WaitOptions = {},
): Promise<ImportedLayers> {
	const { store, log, claims } = tools;
	const diffIds = layers.map(({ diffId }) => diffId);
	const ids = diffIds.map((_, index) => store.layerIdOf(diffIds.slice(0, index + 1)));
	const sizes = new Map<Digest, number>();
	const present = await store.presentLayers(ids, {
		signal,
		onDamage: ({ id, cause }) => log.note(`layer ${id} in the store is damaged (${cause}); it is replaced`),
	});
	const wanted = layers.flatMap((layer, index) => {
		const id = ids[index] ?? '';
		const stored = present.get(id);
		if (stored === undefined) return [{ layer, index, id, parent: ids[index - 1] }];
		sizes.set(layer.diffId, stored.diffSizeBytes ?? 0);
		log.layer(index, { state: 'present', unpackedBytes: stored.diffSizeBytes ?? 0 });
		return [];
	});

	using claim = claims.claim(wanted.map(({ id }) => id));
	await using staged = new AsyncDisposableStack();
	const abort = new AbortController();
	const work = AbortSignal.any([abort.signal, ...(signal ? [signal] : [])]);
	const ready: (LayerToCommit | undefined)[] = wanted.map(() => undefined);
	/** For vfs: settles when a layer may be the parent of another. */
	const committed = new Map<string, Promise<void>>();

	async function bring(place: number): Promise<void> {
		const next = wanted[place];
		if (next === undefined) return;
		const { layer, index, id, parent } = next;
		if (await isBroughtByOther(id)) {
			log.layer(index, { state: 'done' });
			return;
		}
		const parentReady = store.parentsFirst && parent !== undefined ? committed.get(parent) : undefined;
		const done = await unpackLayer(layer, index, { ...tools, parent, parentReady, staged }, work);
		const { diffSizeBytes } = done.unpacked;
		sizes.set(layer.diffId, diffSizeBytes);
		const { digest, sizeBytes } = layer.blob ?? { digest: layer.diffId, sizeBytes: diffSizeBytes };
		const toCommit: LayerToCommit = {
			id,
			parent,
			staged: done.staged,
			unpacked: layer.blob ? done.unpacked : { ...done.unpacked, compression: 'none' },
			compressedDigest: digest,
			compressedSizeBytes: sizeBytes,
		};
		if (store.parentsFirst) await store.commitLayers([toCommit], { signal: work });
		else ready[place] = toCommit;
		if (store.parentsFirst) log.layer(index, { state: 'done' });
	}

	/** Waits for another image's transfer that began earlier and has the same layer. */
	async function isBroughtByOther(id: string): Promise<boolean> {
		const other = claim.others.get(id);
		if (other === undefined) return false;
		await abortable(other, work);
		const layer = (await store.presentLayers([id], { signal: work })).get(id);
		if (layer?.diffDigest !== undefined) sizes.set(layer.diffDigest, layer.diffSizeBytes ?? 0);
		return layer !== undefined;
	}

	const tasks = wanted.map(async ({ id }, place) => {
		const task = bring(place);
		committed.set(id, task);
		try {
			await task;
		} catch (error) {
			// The first one's reason is everybody's; it is thrown below.
			abort.abort(error);
			throw error;
		}
	});
	await Promise.allSettled(tasks);
	signal?.throwIfAborted();
	if (abort.signal.aborted) throw abort.signal.reason;

	const batch = ready.filter((layer) => layer !== undefined);
	if (batch.length > 0) await store.commitLayers(batch, { signal });
	if (!store.parentsFirst) for (const { index } of wanted) log.layer(index, { state: 'done' });
	return { topLayer: ids.at(-1), imported: wanted.length, sizes };
}

type UnpackTools = ImportTools & {
	readonly parent: string | undefined;
	readonly parentReady: Promise<void> | undefined;
	readonly staged: AsyncDisposableStack;
};

type Staged = Pick<LayerToCommit, 'staged' | 'unpacked'>;

/** Fetches and unpacks one layer at the same time; a blob that is not what it should be is fetched from the next source. */
async function unpackLayer(
	layer: LayerToImport,
	index: number,
	tools: UnpackTools,
	signal: AbortSignal,
): Promise<Staged> {
	for (let attempt = 0; ; attempt += 1) {
		try {
			return await tryLayer(layer, index, attempt, tools, signal);
		} catch (error) {
			signal.throwIfAborted();
			if (!(error instanceof BlobContentError)) throw error;
			if (attempt + 1 >= layer.attempts) throw new InvalidArgumentError(error.message, { cause: error });
			tools.log.note(`${errorMessage(error)}; it is fetched anew from the next source`);
			tools.log.layer(index, { state: 'waiting', transferredBytes: 0, unpackedBytes: 0 });
		}
	}
}

async function tryLayer(
	layer: LayerToImport,
	index: number,
	attempt: number,
	tools: UnpackTools,
	signal: AbortSignal,
): Promise<Staged> {
	const { store, unpacker, log, layerLimits, parent } = tools;
	const abort = new AbortController();
	const work = AbortSignal.any([signal, abort.signal]);
	await using undo = new AsyncDisposableStack();
	using slot = await tools.downloads.take({ signal });
	log.layer(index, { state: 'transferring' });
	const blob = undo.use(await layer.open(attempt, { signal: work }));
	const arrived = blob.arrived.then(() => {
		slot[Symbol.dispose]();
		log.layer(index, { state: 'verified' });
	});
	// Half a blob is of no use to the worker. (This also hears the failure wherever nobody waits for it yet.)
	arrived.catch(() => abort.abort());
	// The blob is taken away only when nobody writes to it any more.
	undo.defer(async () => {
		abort.abort();
		await arrived.catch(() => undefined);
	});
	if (tools.parentReady !== undefined)
		await abortable(Promise.race([tools.parentReady, failureOf(arrived)]), signal);

	await using undoStaged = new AsyncDisposableStack();
	const staged = undoStaged.use(await store.stageLayer({ parent }, { signal }));
	const { diffId, digest: name } = layer;
	const sizeBytes = layer.blob?.sizeBytes;
	let unpacked: UnpackedLayer;
	try {
		unpacked = await unpacker.unpack(
			{
				blob: await blob.content,
				staged,
				driver: store.driver,
				diffId,
				name,
				sizeBytes,
				limits: layerLimits,
			},
			{ signal: work, onProgress: (unpackedBytes) => log.layer(index, { unpackedBytes }) },
		);
	} catch (error) {
		// Bytes that make no sense may be the source's fault: then the digest says so, and another source is asked.
		if (error instanceof InvalidArgumentError || abort.signal.aborted) await arrived;
		throw error;
	}
	await arrived;
	tools.staged.use(undoStaged.move());
	log.layer(index, { unpackedBytes: unpacked.diffSizeBytes });
	return { staged, unpacked };
}

/** The promise's failure alone; never resolves. */
async function failureOf(promise: Promise<unknown>): Promise<never> {
	await promise;
	return await new Promise<never>(() => undefined);
}

/** Waits for a promise or the signal, whichever is first. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	signal.throwIfAborted();
	const { promise: aborted, reject } = Promise.withResolvers<never>();
	const onAbort = () => reject(signal.reason);
	signal.addEventListener('abort', onAbort, { once: true });
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		signal.removeEventListener('abort', onAbort);
	}
}
