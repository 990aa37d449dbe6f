/** Opening a containers/storage store, new or made by Podman or CRI-O. */
import { chmod, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { InvalidArgumentError } from '../../cri/errors.ts';
import { createFileLock } from '../sys/file-lock.ts';
import type { Sys } from '../sys/sys.ts';
import { defaultGraphRoot, defaultRunRoot, type StorageConf } from './conf/storage-conf.ts';
import { sweepContainerLayers } from './containers/container-layers.ts';
import { chooseDriver } from './drivers/choose-driver.ts';
import { createOverlayDriver } from './drivers/overlay.ts';
import { probeOverlay } from './drivers/probe-overlay.ts';
import { createVfsDriver } from './drivers/vfs.ts';
import { changeLayers } from './layer-table.ts';
import type { Store, WaitOptions } from './model.ts';
import { finishRemovals } from './remove-image.ts';
import { openStaging } from './staging.ts';
import { createStore } from './store.ts';
import { storeError } from './store-errors.ts';
import { openReadOnlyStore, openTables, type StoreParts } from './store-parts.ts';
import { type DriverName, type StorePlace, storePlace } from './store-paths.ts';
import { sweepStore } from './sweep-store.ts';
import { setDamagedAside } from './volatile-records.ts';
import { openWriteOut } from './write-out.ts';

/** Where a store is, and what it is opened with; loadStorageConf gives all of it. */
export type StoreOptions = Partial<StorageConf> & {
	readonly sys: Sys;
	/** Told what a person should know, one sentence at a time. */
	readonly log?: ((sentence: string) => void) | undefined;
};

/**
 * Opens a store for reading and writing, and makes it where there is none. What earlier programs of ours left half-done
 * is cleaned up first. Only one program of ours can have a store open; Podman and CRI-O may use it at the same time.
 * @throws FailedPreconditionError (in use by another criscope, another driver's store, a read-only disk),
 * InvalidArgumentError (an unknown driver), ResourceExhaustedError (disk full), PermissionError
 */
export async function openStore(
	{ sys, log = () => undefined, ...conf }: StoreOptions,
	options: WaitOptions = {},
): Promise<Store> {
	const { graphRoot = defaultGraphRoot, runRoot = defaultRunRoot } = conf;
	await using undo = new AsyncDisposableStack();
	try {
		for (const note of conf.notes ?? []) log(note);
		for (const root of [graphRoot, runRoot, conf.imageStore]) {
			if (root !== undefined) await makeRoot(root);
		}
		const imageRoot = conf.imageStore ?? graphRoot;
		const staging = undo.use(await openStaging(sys, imageRoot, runRoot));
		const writeOut = undo.use(await openWriteOut(sys, imageRoot, log));
		// Podman holds this one while it makes a store's folders.
		await using _ = await createFileLock(sys, path.join(graphRoot, 'storage.lock')).acquire(
			'exclusive',
			options,
		);
		const driverName = await chooseDriver({
			graphRoot: imageRoot,
			wanted: conf.driver,
			priority: conf.driverPriority ?? [],
			probe: () => probeOverlay(sys, staging.dir),
			log,
		});
		const place = storePlace(graphRoot, driverName);
		const imagePlace = storePlace(imageRoot, driverName);
		const additional = await findAdditional(conf.additionalImageStores ?? [], driverName, log);
		for (const one of new Set([place, imagePlace])) await makeFolders(one, driverName);
		const runPlace = storePlace(runRoot, driverName);
		await mkdir(runPlace.layersDir, { recursive: true, mode: 0o700 });

		const readPlaces = [...(imageRoot === graphRoot ? [] : [place]), ...additional];
		const parts: StoreParts = {
			sys,
			log,
			place,
			imagePlace,
			runRoot,
			mountsDir: runPlace.layersDir,
			driver:
				driverName === 'overlay'
					? createOverlayDriver(sys, [imagePlace, ...readPlaces])
					: createVfsDriver([imagePlace, ...readPlaces]),
			staging,
			writeOut,
			...openTables(sys, place, imagePlace, conf.transient === true ? runPlace : place),
			additional: additional.map((one) => openReadOnlyStore(sys, one)),
			mounting: {
				mountOptions: conf.mountOptions,
				volatileMounts: conf.volatileMounts ?? true,
			},
		};
		await setDamagedAside(parts);
		const halfMade = await parts.layers.read(({ incomplete }) => incomplete.length, options);
		if (halfMade > 0) await changeLayers(parts, async () => undefined, options);
		await finishRemovals(parts, options);
		await sweepStore(parts, options);
		await sweepContainerLayers(parts);
		const store = createStore(parts);
		undo.move();
		return store;
	} catch (error) {
		throw storeError(`open store "${graphRoot}"`, error);
	}
}

async function makeRoot(root: string): Promise<void> {
	if (!path.isAbsolute(root)) {
		throw new InvalidArgumentError(`cannot open store "${root}": the path must be absolute`);
	}
	await mkdir(root, { recursive: true, mode: 0o700 });
}

/** Folders with the modes that c/storage gives them. */
async function makeFolders(place: StorePlace, driver: DriverName): Promise<void> {
	for (const dir of [place.layersDir, place.imagesDir, place.containersDir]) {
		await mkdir(dir, { recursive: true, mode: 0o700 });
	}
	const below = driver === 'overlay' ? 'l' : 'dir';
	for (const dir of [place.driverDir, path.join(place.driverDir, below)]) {
		if ((await mkdir(dir, { recursive: true })) !== undefined)
			await chmod(dir, driver === 'vfs' ? 0o700 : 0o755);
	}
}

/** Additional stores of the same driver. One that is not there (an unmounted share) must not stop the rest. */
async function findAdditional(
	roots: readonly string[],
	driver: DriverName,
	log: (sentence: string) => void,
): Promise<readonly StorePlace[]> {
	const places: StorePlace[] = [];
	for (const root of roots) {
		const place = storePlace(root, driver);
		const found = await stat(place.imagesDir).catch(() => undefined);
		if (found?.isDirectory() === true) places.push(place);
		else log(`the additional image store "${root}" is passed over: it has no images of driver ${driver}`);
	}
	return places;
}
