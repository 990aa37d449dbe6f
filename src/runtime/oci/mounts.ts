/** The mounts of a request, with their sources resolved, made where they are missing, and checked. Source: CRI-O 1.36. */
import { mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { FailedPreconditionError, InvalidArgumentError } from '../../cri/errors.ts';
import type { Mount, MountPropagation } from '../../cri/model.ts';
import type { MountRequest } from '../../cri/pod-request.ts';
import { errnoCode } from '../sys/errno.ts';
import type { OciMount } from './model.ts';
import { type HostMount, mountOf, parseMountinfo } from './mounts-propagation.ts';
import { resolveInRootfs, statIfThere } from './rootfs-path.ts';

export type MountOptions = {
	/** The kernel and the handler know recursive read-only mounts. */
	readonly recursiveReadOnly: boolean;
	/** Mounted images by the container path of their request. */
	readonly imageMounts: ReadonlyMap<string, string>;
	/** Sources that must not be made as folders. */
	readonly absentMountSourcesToReject?: readonly string[] | undefined;
	/** The store's root; '' for none. */
	readonly graphRoot?: string | undefined;
	/** Instead of /proc/self/mountinfo. */
	readonly mountinfo?: string | undefined;
};

export type PreparedMounts = {
	readonly mounts: readonly OciMount[];
	/** As ContainerStatus tells them: in the order of the request, with the resolved source. */
	readonly status: readonly Mount[];
};

/**
 * Everything that a container asked to have mounted. Makes missing sources as folders, 0755.
 * @throws InvalidArgumentError naming the field, FailedPreconditionError where the host cannot do it
 */
export function prepareMounts(requests: readonly MountRequest[], options: MountOptions): PreparedMounts {
	// Read only where one asks for more than a private mount.
	let hostMounts: readonly HostMount[] | undefined;
	const mountFor = (file: string) => {
		hostMounts ??= parseMountinfo(options.mountinfo ?? readFileSync('/proc/self/mountinfo', 'utf8'));
		return mountOf(file, hostMounts);
	};
	const prepared = requests.map((request) => {
		if (request.containerPath === '') throw new InvalidArgumentError('cannot mount: container_path is empty');
		if (!path.isAbsolute(request.containerPath)) {
			throw new InvalidArgumentError(
				`cannot mount at "${request.containerPath}": container_path is not absolute`,
			);
		}
		return request.image === undefined
			? prepareBind(request, { options, mountFor })
			: prepareImage(request, options);
	});
	return { mounts: prepared.map(({ mount }) => mount), status: prepared.map(({ status }) => status) };
}

/** Without dots and double or last slashes, so that equal places are seen to be equal. */
function destinationOf({ containerPath }: MountRequest): string {
	return path.posix.normalize(containerPath).replace(/(.)\/$/, '$1');
}

type Prepared = { readonly mount: OciMount; readonly status: Mount };
type MountFor = (file: string) => HostMount | undefined;

function prepareBind(
	request: MountRequest,
	{ options, mountFor }: { readonly options: MountOptions; readonly mountFor: MountFor },
): Prepared {
	const { hostPath } = request;
	const refuse = (cause: string): never => {
		throw new InvalidArgumentError(`cannot mount "${hostPath}" at "${request.containerPath}": ${cause}`);
	};
	if (hostPath === '') refuse('host_path is empty');
	if (!path.isAbsolute(hostPath)) refuse('host_path is not absolute');
	if (request.uidMappings.length > 0 || request.gidMappings.length > 0) {
		throw new FailedPreconditionError(
			`cannot mount "${hostPath}": the OCI runtime does not support id-mapped mounts`,
		);
	}
	const access = accessOption(request, options, refuse);
	const source = resolveSource(hostPath, options.absentMountSourcesToReject ?? []);
	const propagation = effectivePropagation(request, source, { options, mountFor });
	checkPropagation(source, propagation, { mountFor, refuse });
	return {
		mount: {
			destination: destinationOf(request),
			type: 'bind',
			source,
			options: ['rbind', propagationOption(propagation), access],
		},
		status: statusOf(request, source, propagation),
	};
}

function statusOf(request: MountRequest, hostPath: string, propagation: MountPropagation): Mount {
	return {
		containerPath: request.containerPath,
		hostPath,
		readonly: request.readonly,
		recursiveReadOnly: request.recursiveReadOnly,
		selinuxRelabel: request.selinuxRelabel,
		propagation,
		image: request.image,
		imageSubPath: request.imageSubPath,
	};
}

function accessOption(
	{ readonly, recursiveReadOnly, propagation }: MountRequest,
	{ recursiveReadOnly: isSupported }: MountOptions,
	refuse: (cause: string) => never,
): 'rw' | 'ro' | 'rro' {
	if (!recursiveReadOnly) return readonly ? 'ro' : 'rw';
	if (!readonly) return refuse('recursive_read_only demands readonly');
	if (propagation !== 'private') {
		return refuse(`recursive_read_only demands private propagation, not ${propagation}`);
	}
	if (!isSupported) return refuse('recursive read-only mounts are not supported by this host or handler');
	return 'rro';
}

/** @returns the source without symlinks, made as a folder if it is missing @throws InvalidArgumentError */
function resolveSource(hostPath: string, rejected: readonly string[]): string {
	try {
		return realpathSync(hostPath);
	} catch (error) {
		if (errnoCode(error) !== 'ENOENT') {
			throw new InvalidArgumentError(`cannot mount "${hostPath}": ${(error as Error).message}`, {
				cause: error,
			});
		}
	}
	if (rejected.includes(path.normalize(hostPath))) {
		throw new InvalidArgumentError(
			`cannot mount "${hostPath}": it does not exist, and the configuration forbids to make it as a folder`,
		);
	}
	// Where a dangling symlink leads, rather than in its place.
	const source = resolveInRootfs('/', hostPath);
	try {
		mkdirSync(source, { recursive: true, mode: 0o755 });
	} catch (error) {
		throw new InvalidArgumentError(`cannot make folder "${source}" to mount: ${(error as Error).message}`, {
			cause: error,
		});
	}
	return source;
}

/** A mount that holds the store would keep the containers' roots busy, unless it follows the host in letting them go. */
function effectivePropagation(
	{ propagation, recursiveReadOnly }: MountRequest,
	source: string,
	{ options, mountFor }: { readonly options: MountOptions; readonly mountFor: MountFor },
): MountPropagation {
	if (propagation !== 'private' || recursiveReadOnly || !options.graphRoot) return propagation;
	if (!`${options.graphRoot}/`.startsWith(source === '/' ? '/' : `${source}/`)) return propagation;
	const mount = mountFor(source);
	return mount?.isShared || mount?.isSlave ? 'hostToContainer' : propagation;
}

function checkPropagation(
	source: string,
	propagation: MountPropagation,
	{ mountFor, refuse }: { readonly mountFor: MountFor; readonly refuse: (cause: string) => never },
): void {
	if (propagation !== 'bidirectional' && propagation !== 'hostToContainer') return;
	const mount = mountFor(source);
	const where = `it lies on the mount "${mount?.mountPoint ?? '/'}", which is not`;
	if (propagation === 'bidirectional' && !mount?.isShared) refuse(`${where} a shared mount`);
	if (!mount?.isShared && !mount?.isSlave) refuse(`${where} a shared or slave mount`);
}

function propagationOption(propagation: MountPropagation): string {
	if (propagation === 'bidirectional') return 'rshared';
	return propagation === 'hostToContainer' ? 'rslave' : 'rprivate';
}

/** An image, or a part of it: always read-only, whatever the request says. */
function prepareImage(request: MountRequest, { imageMounts }: MountOptions): Prepared {
	const name = request.image?.image ?? '';
	const mounted = imageMounts.get(request.containerPath);
	if (mounted === undefined) {
		throw new InvalidArgumentError(
			`cannot mount image "${name}" at "${request.containerPath}": it is not here`,
		);
	}
	const source = imageSource(mounted, request);
	return {
		mount: {
			destination: destinationOf(request),
			type: 'bind',
			source,
			options: ['bind', 'rprivate', 'ro'],
		},
		status: statusOf(request, source, request.propagation),
	};
}

/** Symlinks of the image stay inside it. */
function imageSource(mounted: string, { image, imageSubPath }: MountRequest): string {
	if (imageSubPath === '' || imageSubPath === '.') return mounted;
	const refuse = (cause: string): never => {
		throw new InvalidArgumentError(
			`cannot mount image "${image?.image ?? ''}": image_sub_path "${imageSubPath}" ${cause}`,
		);
	};
	if (path.isAbsolute(imageSubPath) || imageSubPath.split('/').includes('..')) {
		refuse('is not a path within it');
	}
	const source = resolveInRootfs(mounted, imageSubPath);
	if (statIfThere(source) === undefined) refuse('does not exist');
	const stats = statSync(source);
	if (!stats.isDirectory() && !stats.isFile()) refuse('is neither a folder nor a file');
	return source;
}
