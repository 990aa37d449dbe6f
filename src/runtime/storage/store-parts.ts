/** What an open store is made of; every act on the store is a function of these. */
import { createFileLock } from '../sys/file-lock.ts';
import type { Sys } from '../sys/sys.ts';
import type { StorageConf } from './conf/storage-conf.ts';
import type { StorageDriver } from './drivers/storage-driver.ts';
import {
	type ContainerIndex,
	type ImageIndex,
	indexContainers,
	indexImages,
} from './records/image-records.ts';
import { indexLayers, type LayerIndex } from './records/layer-records.ts';
import { createRecordTable, type RecordTable } from './records/record-table.ts';
import type { Staging } from './staging.ts';
import type { StorePlace } from './store-paths.ts';
import type { WriteOut } from './write-out.ts';

/** A store of somebody else whose images we may use. */
export type ReadOnlyStore = {
	readonly place: StorePlace;
	readonly layers: RecordTable<LayerIndex>;
	readonly images: RecordTable<ImageIndex>;
};

/** Locks are taken in the order layers, images, containers. Source: c/storage store.go */
export type StoreParts = {
	readonly sys: Sys;
	readonly log: (sentence: string) => void;
	/** Where images are written: graphRoot, or the image store that storage.conf sets apart. */
	readonly imagePlace: StorePlace;
	/** graphRoot. */
	readonly place: StorePlace;
	readonly runRoot: string;
	/** Mount points of layers, made and counted by c/storage. */
	readonly mountsDir: string;
	readonly driver: StorageDriver;
	readonly staging: Staging;
	readonly writeOut: WriteOut;
	readonly layers: RecordTable<LayerIndex>;
	/** Which of the layers' files new layers of images go to. */
	readonly layersFile: number;
	readonly images: RecordTable<ImageIndex>;
	readonly containers: RecordTable<ContainerIndex>;
	readonly additional: readonly ReadOnlyStore[];
	/** How containers are mounted, by storage.conf. */
	readonly mounting: Mounting;
};

/** Settings for the mounts of containers. */
export type Mounting = Pick<StorageConf, 'mountOptions' | 'volatileMounts'>;

/** The tables of a store that is written to. */
export function openTables(
	sys: Sys,
	place: StorePlace,
	imagePlace: StorePlace,
	/** For what is lost at a reboot: the store's own folders, unless it is transient. */
	volatilePlace: StorePlace,
): Pick<StoreParts, 'layers' | 'layersFile' | 'images' | 'containers'> {
	const lock = (dir: string, name: string) => createFileLock(sys, `${dir}/${name}`);
	const separate = imagePlace.root !== place.root;
	const imageLayers = separate ? [{ path: `${imagePlace.layersDir}/layers.json`, durable: true }] : [];
	return {
		layers: createRecordTable(
			[
				lock(place.layersDir, 'layers.lock'),
				...(separate ? [lock(imagePlace.layersDir, 'layers.lock')] : []),
			],
			[
				{ path: `${place.layersDir}/layers.json`, durable: true },
				...imageLayers,
				{ path: `${volatilePlace.layersDir}/volatile-layers.json`, durable: false },
			],
			indexLayers,
		),
		layersFile: separate ? 1 : 0,
		images: createRecordTable(
			[lock(imagePlace.imagesDir, 'images.lock')],
			[{ path: `${imagePlace.imagesDir}/images.json`, durable: true }],
			(files) => indexImages(files, false),
		),
		containers: createRecordTable(
			[lock(volatilePlace.containersDir, 'containers.lock')],
			[
				{ path: `${place.containersDir}/containers.json`, durable: true },
				{ path: `${volatilePlace.containersDir}/volatile-containers.json`, durable: false },
			],
			indexContainers,
		),
	};
}

/** The tables of an additional image store. */
export function openReadOnlyStore(sys: Sys, place: StorePlace): ReadOnlyStore {
	const lock = (file: string) => createFileLock(sys, file, { readOnlyStore: true });
	return {
		place,
		layers: createRecordTable(
			[lock(`${place.layersDir}/layers.lock`)],
			[
				{ path: `${place.layersDir}/layers.json`, durable: true },
				{ path: `${place.layersDir}/volatile-layers.json`, durable: false },
			],
			indexLayers,
		),
		images: createRecordTable(
			[lock(`${place.imagesDir}/images.lock`)],
			[{ path: `${place.imagesDir}/images.json`, durable: true }],
			(files) => indexImages(files, true),
		),
	};
}
