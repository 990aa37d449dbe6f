/** Device nodes of containers, as the host has them. Source: config-linux.md, devices; CRI-O 1.36. */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { DeviceRequest } from '../../cri/pod-request.ts';
import { errnoCode } from '../sys/errno.ts';
import type { OciDevice } from './model.ts';
import { resolveInRootfs, statIfThere } from './rootfs-path.ts';
import type { DeviceRule } from './spec-settings.ts';

export type DeviceGrant = {
	readonly device: OciDevice;
	/** Undefined where everything is allowed anyway. */
	readonly rule: DeviceRule | undefined;
};

export type DeviceOptions = {
	readonly privileged: boolean;
	readonly privilegedWithoutHostDevices: boolean;
	/** `/dev/host:/dev/container:rwm`, of the configuration. */
	readonly additional: readonly string[];
	/** The same, of the pod's annotation, separated by commas; only what `allowed` names. */
	readonly annotation: string | undefined;
	readonly allowed: readonly string[];
	/** Ids for requested devices instead of the host's (device_ownership_from_security_context). */
	readonly owner: { readonly uid: number; readonly gid: number } | undefined;
	/** The host's /dev. */
	readonly devDir?: string | undefined;
};

/**
 * All devices of a container but CDI's: of the configuration, of the annotation, of the host (for a privileged one), of the
 * request; the last one of a path counts. @throws InvalidArgumentError naming the device
 */
export function prepareDevices(
	requests: readonly DeviceRequest[],
	options: DeviceOptions,
): readonly DeviceGrant[] {
	const grants: DeviceGrant[] = [];
	const annotated = (options.annotation ?? '').split(',').filter((text) => text !== '');
	for (const text of [...options.additional, ...annotated]) {
		const request = parseDevice(text);
		if (annotated.includes(text) && !options.allowed.includes(request.hostPath)) {
			throw new InvalidArgumentError(
				`cannot use device "${request.hostPath}" of the annotation: the configuration's allowed_devices lacks it`,
			);
		}
		grants.push(...requestedDevices(request, undefined));
	}
	if (options.privileged && !options.privilegedWithoutHostDevices) {
		grants.push(...hostDevices(options.devDir).map((device) => ({ device, rule: undefined })));
	}
	for (const request of requests) {
		checkRequest(request, options.privileged);
		grants.push(...requestedDevices(request, options.owner));
	}
	const byPath = new Map(grants.map((grant) => [grant.device.path, grant]));
	return [...byPath.values()];
}

/** `/dev/x`, `/dev/x:/dev/y`, `/dev/x:rw` or all three. @throws InvalidArgumentError */
export function parseDevice(text: string): DeviceRequest {
	const [hostPath = '', second = '', third = '', ...rest] = text.split(':');
	const isAccess = (part: string) => /^[rwm]{1,3}$/.test(part);
	const containerPath = second === '' || isAccess(second) ? hostPath : second;
	const permissions = third || (isAccess(second) ? second : 'rwm');
	const bad =
		rest.length > 0 ||
		!isAccess(permissions) ||
		!hostPath.startsWith('/dev/') ||
		!containerPath.startsWith('/dev/');
	if (bad) throw new InvalidArgumentError(`cannot read device "${text}": it is not /dev/x:/dev/y:rwm`);
	return { hostPath, containerPath, permissions };
}

function checkRequest({ containerPath, hostPath, permissions }: DeviceRequest, privileged: boolean): void {
	const refuse = (cause: string): never => {
		throw new InvalidArgumentError(`cannot use device "${hostPath}": ${cause}`);
	};
	if (!path.isAbsolute(hostPath)) refuse('host_path is not absolute');
	if (!path.isAbsolute(containerPath)) refuse(`container_path "${containerPath}" is not absolute`);
	if (!/^[rwm]{0,3}$/.test(permissions)) refuse(`permissions "${permissions}" are not of r, w and m`);
	// It has all of the host's devices, and would find that one in the place of this.
	if (privileged && containerPath !== hostPath && statIfThere(containerPath) !== undefined) {
		refuse(`the container is privileged, and the host has another device at "${containerPath}"`);
	}
}

/** One device, or all in a folder. */
function requestedDevices(
	{ hostPath, containerPath, permissions }: DeviceRequest,
	owner: DeviceOptions['owner'],
): readonly DeviceGrant[] {
	const file = resolveInRootfs('/', hostPath);
	const stats = statIfThere(file);
	if (stats === undefined) {
		throw new InvalidArgumentError(`cannot use device "${hostPath}": there is no such file on the host`);
	}
	const device = deviceOf(containerPath, stats);
	if (device !== undefined) return [grant(owned(device, owner), permissions)];
	if (!stats.isDirectory()) {
		throw new InvalidArgumentError(
			`cannot use device "${hostPath}": it is neither a device nor a folder of them`,
		);
	}
	return devicesBelow(file, { asFolder: containerPath, skip: new Set() }).map((found) =>
		grant(found, permissions),
	);
}

function grant(device: OciDevice, permissions: string): DeviceGrant {
	const { type, major, minor } = device;
	return { device, rule: { type, major, minor, access: permissions || 'rwm' } };
}

/** Root stays the host's owner, as CRI-O has it. */
function owned(device: OciDevice, owner: DeviceOptions['owner']): OciDevice {
	return {
		...device,
		...(owner !== undefined && owner.uid > 0 && { uid: owner.uid }),
		...(owner !== undefined && owner.gid > 0 && { gid: owner.gid }),
	};
}

/** Made anew for each container, or of other namespaces. Source: runc, HostDevices. */
const notOfTheHost = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev', 'console']);

/** Every device of the host. */
export function hostDevices(devDir = '/dev'): readonly OciDevice[] {
	return devicesBelow(devDir, { asFolder: '/dev', skip: notOfTheHost });
}

function devicesBelow(
	dir: string,
	{ asFolder, skip }: { readonly asFolder: string; readonly skip: ReadonlySet<string> },
): readonly OciDevice[] {
	return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
		if (skip.has(entry.name)) return [];
		const file = path.join(dir, entry.name);
		const asPath = path.join(asFolder, entry.name);
		if (entry.isDirectory()) return devicesBelow(file, { asFolder: asPath, skip });
		if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
		try {
			const device = deviceOf(asPath, lstatSync(file));
			return device === undefined ? [] : [device];
		} catch (error) {
			// Unplugged meanwhile.
			if (errnoCode(error) === 'ENOENT') return [];
			throw error;
		}
	});
}

/** @param stats of a file of the host @returns undefined for what is no device, or the device 0:0, which is a whiteout */
export function deviceOf(containerPath: string, stats: Stats): OciDevice | undefined {
	if (!stats.isCharacterDevice() && !stats.isBlockDevice()) return undefined;
	const { major, minor } = deviceNumbers(stats.rdev);
	if (major === 0 && minor === 0) return undefined;
	return {
		path: containerPath,
		type: stats.isBlockDevice() ? 'b' : 'c',
		major,
		minor,
		fileMode: stats.mode & 0o777,
		uid: stats.uid,
		gid: stats.gid,
	};
}

/** Source: makedev(3) of glibc: twelve bits of the major number and eight of the minor one, then the others. */
export function deviceNumbers(rdev: number): { readonly major: number; readonly minor: number } {
	const device = BigInt(rdev);
	return {
		major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
		minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
	};
}
