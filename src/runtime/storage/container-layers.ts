/**
 * Writable layers and mounts of containers in the store, as Podman and CRI-O keep them, so that each sees the other's
 * containers and leaves their images alone.
 */
import type { WaitOptions } from './model.ts';

/** A container's part of the store. */
export type ContainerLayer = {
	readonly id: string;
	readonly layerId: string;
	/** The merged view; empty while it is not mounted. */
	readonly mountPoint: string;
};

/** Source: runtime.md section 3.6: the JSON that CRI-O puts into a container record's metadata. */
export type ContainerLayerMetadata = {
	readonly podName: string;
	readonly podId: string;
	readonly imageName: string;
	readonly imageId: string;
	readonly containerName: string;
	readonly metadataName: string;
	readonly uid: string;
	readonly namespace: string;
	readonly attempt: number;
	/** The sandbox's own record. */
	readonly isPod: boolean;
	readonly privileged: boolean;
};

/** Writable layers. Every method takes the store's locks; all may be called at the same time. */
export type ContainerLayers = {
	/** Makes a writable layer above an image and its record. @param imageId undefined for a sandbox without an image */
	create(
		request: {
			readonly id: string;
			readonly names: readonly string[];
			readonly imageId: string | undefined;
			readonly metadata: ContainerLayerMetadata;
		},
		options?: WaitOptions,
	): Promise<ContainerLayer>;
	/**
	 * Mounts it (once more) and counts. One that a killed program mounted and did not count is taken over.
	 * @returns the path of the merged view
	 * @throws NotFoundError, FailedPreconditionError for damaged layers
	 */
	mount(id: string, options?: WaitOptions): Promise<string>;
	/** Counts down and unmounts at 0; `force` unmounts at once, lazily. One that is not mounted is no error. */
	unmount(id: string, options?: WaitOptions & { readonly force?: boolean | undefined }): Promise<void>;
	/** Unmounts and removes record and layer. One that is gone is no error. */
	remove(id: string, options?: WaitOptions): Promise<void>;
	/**
	 * Mounts an image read-only for a container's image mount; once for each `mountId`, however often it is called. The
	 * image counts as used until unmountImage.
	 * @returns its path
	 */
	mountImage(imageId: string, mountId: string, options?: WaitOptions): Promise<string>;
	unmountImage(mountId: string, options?: WaitOptions): Promise<void>;
	/**
	 * Ids of all containers whose record is ours, for recovery: also of half-made ones, and of those whose record another
	 * program dropped. `remove` takes away whatever is there of each.
	 */
	listOwn(options?: WaitOptions): Promise<readonly string[]>;
	/** The `mountId` of every image mount, for recovery. */
	listImageMounts(options?: WaitOptions): Promise<readonly string[]>;
	/** Space and inodes of the writable layer, as du counts them; measured at most every ten seconds. */
	usage(
		id: string,
		options?: WaitOptions,
	): Promise<{
		readonly usedBytes: number;
		readonly inodesUsed: number;
		readonly measuredAtNanos: bigint;
	}>;
};
