/** The spec of an infra container: a process that holds a pod's shared PID namespace and reaps its orphans. */

import type { OciMount, OciNamespace, OciSeccomp, OciSpec } from './model.ts';
import { ociVersion } from './spec.ts';
import type { HostLimits } from './spec-input.ts';
import { defaultMaskedPaths } from './spec-paths.ts';
import { clampOomScoreAdj } from './spec-process.ts';

/** Source: CRI-O 1.36: the node shall rather lose any container than this. */
const infraOomScoreAdj = -998;
const infraCpuShares = 2;

export type InfraSpecInput = {
	/** What it runs; a path in the root filesystem, `/pause`. */
	readonly args: readonly string[];
	readonly env: readonly string[];
	readonly rootfsPath: string;
	readonly hostname: string;
	readonly cgroupsPath: string;
	readonly limits: HostLimits;
	readonly namespacePaths: {
		readonly network: string | undefined;
		readonly ipc: string | undefined;
		readonly uts: string | undefined;
	};
	/** Further mounts; files of the host that the program needs, say. */
	readonly mounts?: readonly OciMount[] | undefined;
	readonly seccomp: OciSeccomp | undefined;
	readonly apparmorProfile?: string | undefined;
	readonly selinuxLabel?: string | undefined;
	readonly annotations: Readonly<Record<string, string>>;
};

/** A spec with a PID namespace of its own, no capabilities and nothing writable. Pure. */
export function buildInfraSpec(input: InfraSpecInput): OciSpec {
	const { network, ipc, uts } = input.namespacePaths;
	const namespaces: OciNamespace[] = [{ type: 'pid' }, { type: 'mount' }];
	if (network !== undefined) namespaces.push({ type: 'network', path: network });
	if (ipc !== undefined) namespaces.push({ type: 'ipc', path: ipc });
	if (uts !== undefined) namespaces.push({ type: 'uts', path: uts });
	return {
		ociVersion,
		process: {
			terminal: false,
			user: { uid: 0, gid: 0 },
			args: input.args,
			env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...input.env],
			cwd: '/',
			capabilities: { bounding: [], effective: [], permitted: [] },
			noNewPrivileges: true,
			oomScoreAdj: clampOomScoreAdj(infraOomScoreAdj, input.limits),
			...(input.apparmorProfile !== undefined && { apparmorProfile: input.apparmorProfile }),
			...(input.selinuxLabel !== undefined && { selinuxLabel: input.selinuxLabel }),
		},
		root: { path: input.rootfsPath, readonly: true },
		...(uts !== undefined && { hostname: input.hostname }),
		mounts: [
			{
				destination: '/proc',
				type: 'proc',
				source: 'proc',
				options: ['nosuid', 'noexec', 'nodev'],
			},
			{
				destination: '/dev',
				type: 'tmpfs',
				source: 'tmpfs',
				options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
			},
			...(input.mounts ?? []),
		],
		annotations: input.annotations,
		linux: {
			namespaces,
			cgroupsPath: input.cgroupsPath,
			resources: { devices: [{ allow: false, access: 'rwm' }], cpu: { shares: infraCpuShares } },
			...(input.seccomp !== undefined && { seccomp: input.seccomp }),
			maskedPaths: defaultMaskedPaths,
			readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
		},
	};
}
