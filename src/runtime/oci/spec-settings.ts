/** What the configuration and the host say about every container's config.json. */
import { existsSync, globSync } from 'node:fs';
import type { OciHooks } from './hooks.ts';

/** Source: crio.conf(5), the keys named in the comments. */
export type SpecSettings = {
	/** `default_capabilities`; undefined for the built-in nine. */
	readonly defaultCapabilities: readonly string[] | undefined;
	/** `add_inheritable_capabilities` */
	readonly addInheritableCapabilities: boolean;
	/** `default_ulimits` */
	readonly rlimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
	/** `default_env`, `KEY=value`. */
	readonly env: readonly string[];
	/** `pids_limit`; 0 or less: none. */
	readonly pidsLimit: number;
	/** `read_only`: every root filesystem is. */
	readonly readOnly: boolean;
	/** `seccomp_profile`; '' for the default. */
	readonly seccompProfile: string;
	/** `privileged_seccomp_profile`; '' for none. */
	readonly privilegedSeccompProfile: string;
	/** `apparmor_profile` */
	readonly apparmorProfile: string;
	/** `additional_devices`, `/dev/host:/dev/container:rwm`. */
	readonly additionalDevices: readonly string[];
	/** `allowed_devices`: what the annotation of devices may name. */
	readonly allowedDevices: readonly string[];
	/** `device_ownership_from_security_context` */
	readonly deviceOwnershipFromSecurityContext: boolean;
	/** `hooks_dir`; a later folder's file takes the place of an earlier one's. */
	readonly hooksDirs: readonly string[];
	/** `cdi_spec_dirs`; a later folder goes before an earlier one. */
	readonly cdiSpecDirs: readonly string[];
	/** `absent_mount_sources_to_reject` */
	readonly absentMountSourcesToReject: readonly string[];
	/** `image_volumes` */
	readonly imageVolumes: 'mkdir' | 'bind' | 'ignore';
	/** `timezone`; '' for the image's, `Local` for the host's. */
	readonly timezone: string;
	/** The store's root: a mount that holds it is made to follow the host. '' for none. */
	readonly graphRoot: string;
};

/** As CRI-O 1.36 comes. */
export const defaultSpecSettings: SpecSettings = {
	defaultCapabilities: undefined,
	addInheritableCapabilities: false,
	rlimits: [],
	env: [],
	pidsLimit: -1,
	readOnly: false,
	seccompProfile: '',
	privilegedSeccompProfile: '',
	apparmorProfile: 'crio-default',
	additionalDevices: [],
	allowedDevices: ['/dev/fuse', '/dev/net/tun'],
	deviceOwnershipFromSecurityContext: false,
	hooksDirs: ['/usr/share/containers/oci/hooks.d'],
	cdiSpecDirs: ['/etc/cdi', '/var/run/cdi'],
	absentMountSourcesToReject: [],
	imageVolumes: 'mkdir',
	timezone: '',
	graphRoot: '',
};

/** Facts of the host that decide what a spec may hold; read once. */
export type SpecHost = {
	/** A limit for swap can be set. */
	readonly memorySwap: boolean;
	readonly hugetlb: boolean;
	readonly pids: boolean;
	/** Of every processor: it tells about the neighbours. Masked. */
	readonly thermalThrottlePaths: readonly string[];
	/** The hierarchy of systemd is mounted (version 1). */
	readonly systemdHierarchy: boolean;
};

/** Reads them from a mounted /sys. */
export function readSpecHost(cgroupVersion: 1 | 2, sysDir = '/sys'): SpecHost {
	const cgroups = `${sysDir}/fs/cgroup`;
	const thermalThrottlePaths = globSync(`${sysDir}/devices/system/cpu/cpu[0-9]*/thermal_throttle`);
	if (cgroupVersion === 2) {
		return {
			// The root has no such files, its children do.
			memorySwap: globSync(`${cgroups}/*/memory.swap.max`).length > 0,
			hugetlb: globSync(`${cgroups}/*/hugetlb.*.max`).length > 0,
			pids: true,
			thermalThrottlePaths,
			systemdHierarchy: false,
		};
	}
	return {
		memorySwap: existsSync(`${cgroups}/memory/memory.memsw.limit_in_bytes`),
		hugetlb: existsSync(`${cgroups}/hugetlb`),
		pids: existsSync(`${cgroups}/pids`),
		thermalThrottlePaths,
		systemdHierarchy: existsSync(`${cgroups}/systemd`),
	};
}

/** What else goes into one container's spec: found by looking at the host, so that the builder need not. */
export type SpecExtras = {
	readonly settings?: SpecSettings | undefined;
	readonly host?: SpecHost | undefined;
	/** Of CDI. Wins over everything else. */
	readonly env?: readonly string[] | undefined;
	readonly additionalGids?: readonly number[] | undefined;
	readonly hooks?: OciHooks | undefined;
	/** Rules of the device cgroup, for the devices that the container may use. */
	readonly deviceRules?: readonly DeviceRule[] | undefined;
	/** The sandbox's, on the host; it tells programs that they are in a container. */
	readonly containerEnvPath?: string | undefined;
};

export type DeviceRule = {
	readonly type: string;
	readonly major: number;
	readonly minor: number;
	/** Of `r`, `w` and `m`. */
	readonly access: string;
};
