/**
 * Images in the protocol's JSON form, field for field as crictl prints them: fields in the order of the definition,
 * empty ones written, absent messages left out, 64-bit numbers as strings.
 * Source: proto/runtime/v1/api.proto; protojson with EmitDefaultValues, as cri-tools v1.36 uses it.
 */
import type { FilesystemUsage, Image, ImageFsInfo, ImageSpec, StringMap } from '../../cri/model.ts';

function sorted(map: StringMap): StringMap {
	return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function specJson(spec: ImageSpec) {
	return {
		image: spec.image,
		annotations: sorted(spec.annotations),
		userSpecifiedImage: spec.userSpecifiedImage,
		runtimeHandler: spec.runtimeHandler,
		// Used by image mounts only, never by an image's own spec.
		imageRef: '',
	};
}

/** Message Image. */
export function imageJson(image: Image) {
	return {
		id: image.id,
		repoTags: image.repoTags,
		repoDigests: image.repoDigests,
		size: String(image.sizeBytes),
		...(image.uid !== undefined && { uid: { value: String(image.uid) } }),
		username: image.username,
		...(image.spec && { spec: specJson(image.spec) }),
		pinned: image.pinned,
	};
}

function usageJson({ timestampNanos, mountpoint, usedBytes, inodesUsed }: FilesystemUsage) {
	return {
		timestamp: String(timestampNanos),
		fsId: { mountpoint },
		...(usedBytes !== undefined && { usedBytes: { value: String(usedBytes) } }),
		...(inodesUsed !== undefined && { inodesUsed: { value: String(inodesUsed) } }),
	};
}

/** Message ImageFsInfoResponse. */
export function imageFsInfoJson(info: ImageFsInfo) {
	return {
		imageFilesystems: info.imageFilesystems.map(usageJson),
		containerFilesystems: info.containerFilesystems.map(usageJson),
	};
}
