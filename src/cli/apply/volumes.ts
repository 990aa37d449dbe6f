/** Volumes of a pod on this host, and what a container sees of them. */
import { chmod, chown, lstat, mkdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';
import { DocumentError } from '../requests/read-message.ts';
import { makeEmptyVolume, podFolder, writePodFile } from '../run/pod-folder.ts';
import { type EnvFacts, findKeyed } from './environment.ts';
import type { ContainerSpec, KeyedBytes, PodSpec, VolumeSpec } from './manifest.ts';
import { readQuantity } from './quantity.ts';

type Options = { readonly signal: AbortSignal };

/** Where a volume lies, or which image it is. */
export type MadeVolume = { readonly path: string } | { readonly image: string };

const sources = ['hostPath', 'emptyDir', 'configMap', 'secret', 'image'] as const;

/** The kind of a volume. @throws DocumentError for one that only a cluster can make */
export function volumeKind(volume: VolumeSpec, at: string): (typeof sources)[number] {
	const { name = '', ...rest } = volume;
	const [kind, ...more] = Object.keys(rest);
	if (name === '') throw new DocumentError(`"${at}.name" is missing`);
	if (kind === undefined) return 'emptyDir';
	if (more.length > 0)
		throw new DocumentError(`"${at}" has ${kind} and ${more[0]}; a volume has one of them`);
	const known = sources.find((source) => source === kind);
	if (known) return known;
	throw new DocumentError(
		`"${at}.${kind}" is not possible without a cluster; there are ${sources.join(', ')}`,
	);
}

const typeTests: Readonly<Record<string, (stats: Awaited<ReturnType<typeof lstat>>) => boolean>> = {
	Directory: (stats) => stats.isDirectory(),
	DirectoryOrCreate: (stats) => stats.isDirectory(),
	File: (stats) => stats.isFile(),
	FileOrCreate: (stats) => stats.isFile(),
	Socket: (stats) => stats.isSocket(),
	CharDevice: (stats) => stats.isCharacterDevice(),
	BlockDevice: (stats) => stats.isBlockDevice(),
};

async function makeHostPath(volume: VolumeSpec, at: string): Promise<string> {
	const { path: hostPath = '', type = '' } = volume.hostPath ?? {};
	if (!hostPath.startsWith('/')) throw new DocumentError(`"${at}.hostPath.path" must be an absolute path`);
	const test = typeTests[type];
	if (type !== '' && !test) throw new DocumentError(`"${at}.hostPath.type" knows no "${type}"`);
	if (type === 'DirectoryOrCreate') await mkdir(hostPath, { recursive: true, mode: 0o755 });
	if (type === 'FileOrCreate') await writeFile(hostPath, '', { flag: 'a', mode: 0o644 });
	let target = hostPath;
	try {
		target = await realpath(hostPath);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
		throw new Error(
			`cannot use "${at}.hostPath.path": "${hostPath}" is not there; type: DirectoryOrCreate makes it`,
		);
	}
	if (test && !test(await lstat(target)))
		throw new Error(`cannot use "${at}.hostPath.path": "${hostPath}" is no ${type}`);
	return hostPath;
}

async function writeKeys(
	uid: string,
	volume: VolumeSpec,
	keyed: KeyedBytes | undefined,
	at: string,
): Promise<string> {
	const { items, defaultMode = 0o644, optional = false } = volume.configMap ?? volume.secret ?? {};
	const folder = path.join('volumes', volume.name ?? '');
	await mkdir(path.join(podFolder(uid), folder), { recursive: true, mode: 0o755 });
	const wanted = items ?? [...(keyed?.keys() ?? [])].map((key) => ({ key, path: key, mode: undefined }));
	for (const { key = '', path: file = key, mode = defaultMode } of wanted) {
		const bytes = keyed?.get(key);
		if (!bytes && optional) continue;
		if (!bytes) throw new DocumentError(`"${at}" needs the key "${key}", which is not there`);
		if (file === '' || file.startsWith('/') || file.split('/').includes('..')) {
			throw new DocumentError(`"${at}.items" has the path "${file}", which must stay within the volume`);
		}
		const written = await writePodFile(uid, path.join(folder, file), bytes);
		await chmod(written, mode);
	}
	return path.join(podFolder(uid), folder);
}

async function makeVolume(
	volume: VolumeSpec,
	facts: EnvFacts,
	at: string,
	options: Options,
): Promise<MadeVolume> {
	const { uid } = facts;
	switch (volumeKind(volume, at)) {
		case 'hostPath':
			return { path: await makeHostPath(volume, at) };
		case 'emptyDir': {
			const { medium = '', sizeLimit } = volume.emptyDir ?? {};
			if (medium !== '' && medium !== 'Memory')
				throw new DocumentError(`"${at}.emptyDir.medium" knows no "${medium}"`);
			const sizeBytes =
				sizeLimit === undefined ? undefined : readQuantity(sizeLimit, `${at}.emptyDir.sizeLimit`);
			const tmpfs = medium === 'Memory' ? { sizeBytes, mode: '777' } : undefined;
			return { path: await makeEmptyVolume(uid, volume.name ?? '', tmpfs, options) };
		}
		case 'configMap': {
			const { name, optional } = volume.configMap ?? {};
			const keyed = findKeyed(facts, 'ConfigMap', name, { optional, at });
			return { path: await writeKeys(uid, volume, keyed, `${at}.configMap`) };
		}
		case 'secret': {
			const { secretName, optional } = volume.secret ?? {};
			const keyed = findKeyed(facts, 'Secret', secretName, { optional, at });
			return { path: await writeKeys(uid, volume, keyed, `${at}.secret`) };
		}
		case 'image':
			return { image: volume.image?.reference ?? '' };
	}
}

/** Makes all volumes of a pod, by name. @throws DocumentError, Error naming the field */
export async function makeVolumes(
	spec: PodSpec,
	facts: EnvFacts,
	options: Options,
): Promise<ReadonlyMap<string, MadeVolume>> {
	const made = new Map<string, MadeVolume>();
	const { fsGroup } = spec.securityContext ?? {};
	for (const [index, volume] of (spec.volumes ?? []).entries()) {
		const at = `spec.volumes[${index}]`;
		const place = await makeVolume(volume, facts, at, options);
		if (fsGroup !== undefined && 'path' in place && !volume.hostPath) {
			await chown(place.path, -1, fsGroup);
			await chmod(place.path, 0o2777);
		}
		made.set(volume.name ?? '', place);
	}
	return made;
}

type MountSpec = NonNullable<ContainerSpec['volumeMounts']>[number];

const propagations: Readonly<Record<string, string>> = {
	None: 'PROPAGATION_PRIVATE',
	HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
	Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
};

/** A path below a volume, made where it is missing; never outside of it, whatever links a container has made. */
async function below(volume: string, subPath: string, at: string): Promise<string> {
	if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
		throw new DocumentError(`"${at}.subPath" must be a path within the volume, not "${subPath}"`);
	}
	const whole = path.join(volume, subPath);
	const there = await lstat(whole).catch(() => undefined);
	if (!there) await mkdir(whole, { recursive: true, mode: 0o750 });
	const [root, target] = await Promise.all([realpath(volume), realpath(whole)]);
	if (target !== root && !target.startsWith(`${root}/`)) {
		throw new Error(`cannot use "${at}.subPath": "${subPath}" leads out of the volume`);
	}
	return target;
}

/** What one `volumeMounts` item may say. @throws DocumentError */
export function checkMount(mount: MountSpec, spec: PodSpec, at: string): void {
	const {
		name,
		mountPath = '',
		mountPropagation = 'None',
		subPathExpr,
		recursiveReadOnly = 'Disabled',
	} = mount;
	if (!spec.volumes?.some((volume) => volume.name === name)) {
		throw new DocumentError(`"${at}.name" names no volume: "${name ?? ''}"`);
	}
	if (!mountPath.startsWith('/') || mountPath.includes(':')) {
		throw new DocumentError(`"${at}.mountPath" must be an absolute path, not "${mountPath}"`);
	}
	if (subPathExpr !== undefined)
		throw new DocumentError(`"${at}.subPathExpr" is not possible here; use subPath`);
	if (!Object.hasOwn(propagations, mountPropagation))
		throw new DocumentError(`"${at}.mountPropagation" knows no "${mountPropagation}"`);
	if (!['Disabled', 'IfPossible', 'Enabled'].includes(recursiveReadOnly)) {
		throw new DocumentError(`"${at}.recursiveReadOnly" is Disabled, IfPossible or Enabled`);
	}
}

/** Messages Mount of a container. @param at path of the container */
export async function mountsOf(
	container: ContainerSpec,
	volumes: ReadonlyMap<string, MadeVolume>,
	at: string,
): Promise<readonly ProtocolMessage[]> {
	const mounts: ProtocolMessage[] = [];
	for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
		const { name = '', mountPath, readOnly = false, subPath, mountPropagation = 'None' } = mount;
		const volume = volumes.get(name);
		if (!volume) continue;
		const common = {
			containerPath: mountPath,
			readonly: readOnly || 'image' in volume,
			recursiveReadOnly: readOnly && mount.recursiveReadOnly === 'Enabled',
			propagation: propagations[mountPropagation],
		};
		if ('image' in volume) {
			mounts.push({ ...common, image: { image: volume.image }, imageSubPath: subPath ?? '' });
		} else {
			const hostPath = subPath
				? await below(volume.path, subPath, `${at}.volumeMounts[${index}]`)
				: volume.path;
			mounts.push({ ...common, hostPath });
		}
	}
	return mounts;
}
