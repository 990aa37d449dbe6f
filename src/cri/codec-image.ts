/** Images and what is asked about them. */
import {
	mapList,
	mapOptional,
	readBigint,
	readFlag,
	readMessage,
	readStringMap,
	readText,
	readTexts,
	readWrapped,
	type WireMessage,
} from './codec-fields.ts';
import { filesystemUsageToWire, mapFilesystemUsage } from './codec-stats.ts';
import { imageId } from './ids.ts';
import type { AuthConfig, Image, ImageFsInfo, ImageSpec, ImageStatus } from './model.ts';

/** Source: message ImageSpec. */
export function mapImageSpec(value: unknown): ImageSpec {
	const wire = readMessage(value);
	return {
		image: readText(wire['image']),
		userSpecifiedImage: readText(wire['userSpecifiedImage']),
		runtimeHandler: readText(wire['runtimeHandler']),
		annotations: readStringMap(wire['annotations']),
	};
}

/** Source: message Image. */
export function mapImage(wire: WireMessage): Image {
	return {
		id: imageId(readText(wire['id'])),
		repoTags: readTexts(wire['repoTags']),
		repoDigests: readTexts(wire['repoDigests']),
		sizeBytes: readBigint(wire['size']),
		uid: readWrapped(wire['uid']),
		username: readText(wire['username']),
		pinned: readFlag(wire['pinned']),
		spec: mapOptional(wire['spec'], mapImageSpec),
	};
}

/** Source: message Image. */
export function imageToWire(image: Image): WireMessage {
	return {
		id: image.id,
		repoTags: image.repoTags,
		repoDigests: image.repoDigests,
		size: String(image.sizeBytes),
		uid: image.uid === undefined ? null : { value: String(image.uid) },
		username: image.username,
		pinned: image.pinned,
		spec: image.spec ?? null,
	};
}

/** Source: message ImageStatusResponse. */
export function mapImageStatus(wire: WireMessage): ImageStatus {
	return { image: mapOptional(wire['image'], mapImage), info: readStringMap(wire['info']) };
}

/** Source: message ImageStatusResponse. */
export function imageStatusToWire({ image, info }: ImageStatus): WireMessage {
	return { image: image === undefined ? null : imageToWire(image), info };
}

/** Source: message ImageFsInfoResponse. */
export function mapImageFsInfo(wire: WireMessage): ImageFsInfo {
	return {
		imageFilesystems: mapList(wire['imageFilesystems'], mapFilesystemUsage),
		containerFilesystems: mapList(wire['containerFilesystems'], mapFilesystemUsage),
	};
}

/** Source: message ImageFsInfoResponse. */
export function imageFsInfoToWire(fs: ImageFsInfo): WireMessage {
	return {
		imageFilesystems: fs.imageFilesystems.map(filesystemUsageToWire),
		containerFilesystems: fs.containerFilesystems.map(filesystemUsageToWire),
	};
}

/** The filter of an image list; undefined lists all. Source: message ImageFilter. */
export function mapImageFilter(value: unknown): { readonly image: string } | undefined {
	const image = readText(readMessage(readMessage(value)['image'])['image']);
	return image === '' ? undefined : { image };
}

/** The filter of an image list; undefined lists all. */
export function imageFilterToWire(
	filter: { readonly image?: string | undefined } | undefined,
): WireMessage | undefined {
	return filter?.image === undefined ? undefined : { image: { image: filter.image } };
}

/** Credentials as message AuthConfig; undefined leaves the choice to the runtime. */
export function authToWire(auth: AuthConfig | undefined): WireMessage | undefined {
	if (auth === undefined) return undefined;
	return Object.fromEntries(Object.entries(auth).filter(([, value]) => value !== undefined));
}

/** Source: message AuthConfig. Fields that say nothing are left out. */
export function mapAuth(wire: WireMessage): AuthConfig {
	const fields = ['username', 'password', 'auth', 'serverAddress', 'identityToken', 'registryToken'] as const;
	return Object.fromEntries(
		fields.map((field) => [field, readText(wire[field])]).filter(([, value]) => value !== ''),
	);
}
