/** How the writable layer of a container lies on the disk, and is mounted: the difference between overlay and vfs. */
import type { WaitOptions } from '../model.ts';

/** A layer and what it stands on. */
export type LayerToMount = {
	readonly layerId: string;
	/** Undefined where there is no image below it. */
	readonly parent: string | undefined;
	/** A view of the image that nobody can write to. */
	readonly readOnly: boolean;
};

export type ContainerDriver = {
	/** Where the files of the layer itself lie. */
	filesDir(layerId: string): string;
	/** Where the whole is seen while it is mounted. */
	mountPoint(layer: Omit<LayerToMount, 'parent'>): string;
	/** Does beforehand what may take long. @returns a folder to be given to `place`, or deleted */
	stage(layer: Omit<LayerToMount, 'layerId'>, options?: WaitOptions): Promise<string | undefined>;
	/** Makes the layer's folder. On failure `takeAway` removes what was made. */
	place(layer: LayerToMount, staged: string | undefined): Promise<void>;
	mount(layer: LayerToMount): Promise<void>;
	/** Unmounts however often it was mounted, lazily; what is not mounted is no error. */
	unmount(layerId: string): void;
	isMounted(layer: LayerToMount): boolean;
	/**
	 * Unmounts a layer and moves its folder aside, within the folder of all layers.
	 * @returns where it is now, to be deleted; undefined where there was none
	 */
	takeAway(layerId: string): Promise<string | undefined>;
	/** Deletes what `takeAway` or `stage` returned. */
	remove(folder: string): Promise<void>;
	/** Folders that were taken away or staged by a program that is dead. */
	leftovers(): Promise<readonly string[]>;
};
