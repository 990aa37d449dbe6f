/** How a layer lies on the disk: the difference between overlay and vfs. */
import type { WaitOptions } from '../model.ts';
import type { DriverName } from '../store-paths.ts';

/** What a layer's place needs to know about the layer. */
export type LayerToPlace = {
	readonly id: string;
	/** Folder of the parent, which may still be a staged one. */
	readonly parentDir: string | undefined;
	readonly rootEntrySeen: boolean;
};

export type StorageDriver = {
	readonly name: DriverName;
	readonly parentsFirst: boolean;
	/** Folders whose entries change when a layer comes or goes. */
	readonly dirs: readonly string[];
	/** Where a layer of the store itself lies, there or not. */
	layerDir(id: string): string;
	/** Where a layer lies, additional stores included; undefined where it is in none. */
	findLayerDir(id: string): Promise<string | undefined>;
	/** The part of a layer's folder that holds its files. */
	diffDir(layerDir: string): string;
	/** Makes a layer's folder, ready to be unpacked into. */
	prepare(stagedDir: string, parentDir: string | undefined, options?: WaitOptions): Promise<void>;
	/** Writes what depends on the parent. @returns files to be written out to the disk */
	finish(stagedDir: string, layer: LayerToPlace): Promise<readonly string[]>;
	/** To be called when a layer's folder has come to its place. */
	placed(id: string): Promise<void>;
	/** To be called before a layer's folder leaves its place; undoes `placed`, and unmounts. */
	leaving(id: string): Promise<void>;
	/**
	 * Looks whether a layer is as it must be, and mends what can be mended from what is there.
	 * @param ancestors nearest first
	 * @returns what is wrong; undefined where nothing is
	 */
	inspect(id: string, ancestors: readonly string[]): Promise<string | undefined>;
};
