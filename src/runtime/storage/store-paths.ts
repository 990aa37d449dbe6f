/** Where things lie in a store. Source: c/storage store.go, `<root>/<driver>-layers` and so on. */
import path from 'node:path';

export type DriverName = 'overlay' | 'vfs';

/** Folders of one root; an additional read-only store has just these too. */
export type StorePlace = {
	readonly root: string;
	/** `<root>/overlay` */
	readonly driverDir: string;
	readonly layersDir: string;
	readonly imagesDir: string;
	readonly containersDir: string;
};

export function storePlace(root: string, driver: DriverName): StorePlace {
	return {
		root,
		driverDir: path.join(root, driver),
		layersDir: path.join(root, `${driver}-layers`),
		imagesDir: path.join(root, `${driver}-images`),
		containersDir: path.join(root, `${driver}-containers`),
	};
}
