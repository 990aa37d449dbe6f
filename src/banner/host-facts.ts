/** Reads what the host itself knows, each fact by itself, so that a slow one holds up no other. */
import { readFilesystemUsage } from '../node/filesystem-usage.ts';
import { type HostOptions, readHostFile } from '../node/host-file.ts';
import { readNodeIdentity } from '../node/identity.ts';
import { readKubelet } from '../node/kubelet.ts';
import type { EvictionThreshold } from '../node/kubelet-settings.ts';
import { readHostLoad } from '../node/procfs.ts';
import { readNodeRoles } from '../node/roles.ts';
import type { BannerFacts, DiskFacts, Thresholds } from './facts.ts';

/** Where the kubelet keeps pods and logs, and where runtimes keep images. Source: the defaults of kubelet, containerd, CRI-O. */
const places = {
	nodefs: ['/var/lib/kubelet', '/var/log', '/'],
	imagefs: [
		'/var/lib/containerd',
		'/var/lib/containers/storage',
		'/var/lib/docker',
		'/var/lib/rancher/k3s/agent/containerd',
	],
} as const;

/** File systems whose server may be gone: a question to one of them could not even be given up. */
const remote =
	/^(?:nfs|cifs|smb|ceph|glusterfs|fuse|9p|afs|lustre|gpfs|beegfs|ocfs|gfs|autofs|davfs|orangefs|virtiofs)/;

type Mount = { readonly point: string; readonly device: string; readonly type: string };

/** Source: proc_pid_mountinfo(5); blanks and backslashes in paths are written in octal. */
function parseMounts(text: string): readonly Mount[] {
	return text.split('\n').flatMap((line): readonly Mount[] => {
		const [left = '', right = ''] = line.split(' - ');
		const [, , device, , point] = left.split(' ');
		const [type] = right.split(' ');
		if (!device || !point || !type) return [];
		const plain = point.replace(/\\(\d{3})/g, (_all, octal: string) =>
			String.fromCharCode(Number.parseInt(octal, 8)),
		);
		return [{ point: plain, device, type }];
	});
}

/** The mount that a path lies on: of the longest ones the last, which covers those before. */
function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
	return mounts.reduce<Mount | undefined>((best, mount) => {
		const holds = path === mount.point || path.startsWith(mount.point === '/' ? '/' : `${mount.point}/`);
		return holds && (!best || mount.point.length >= best.point.length) ? mount : best;
	}, undefined);
}

async function readDisks(options: HostOptions): Promise<readonly DiskFacts[]> {
	const mounts = parseMounts((await readHostFile('/proc/self/mountinfo', options)) ?? '');
	const found = new Map<string, { mount: Mount; holds: Set<'nodefs' | 'imagefs'> }>();
	for (const kind of ['nodefs', 'imagefs'] as const) {
		for (const path of places[kind]) {
			const mount = mountOf(mounts, path);
			// A folder of images that is no mount may not be there at all, and lies on the disk of the pods anyway.
			if (!mount || remote.test(mount.type)) continue;
			const entry = found.get(mount.device) ?? { mount, holds: new Set() };
			entry.holds.add(kind);
			found.set(mount.device, entry);
		}
	}
	const disks = await Promise.all(
		[...found.values()].map(async ({ mount, holds }): Promise<readonly DiskFacts[]> => {
			const usage = await readFilesystemUsage(mount.point, options);
			if (!usage || usage.totalBytes === 0) return [];
			const { inodesTotal, inodesUsed } = usage;
			return [
				{
					mountPoint: mount.point,
					holds: [...holds],
					totalBytes: usage.totalBytes,
					availableBytes: usage.availableBytes,
					inodesFreeRatio:
						inodesTotal !== undefined && inodesUsed !== undefined ? 1 - inodesUsed / inodesTotal : undefined,
				},
			];
		}),
	);
	return disks.flat();
}

/** Turns the kubelet's thresholds into bytes; a signal that it was not given holds nothing back. */
export function thresholdsOf(evictionHard: readonly EvictionThreshold[]): Thresholds {
	const bytesOf = (signal: string, totalBytes: number): number => {
		const value = evictionHard.find((threshold) => threshold.signal === signal)?.value;
		if (value === undefined) return 0;
		return value.kind === 'bytes' ? value.bytes : (totalBytes * value.percent) / 100;
	};
	return {
		memoryAvailableBytes: (totalBytes) => bytesOf('memory.available', totalBytes),
		nodefsAvailableBytes: (totalBytes) => bytesOf('nodefs.available', totalBytes),
		imagefsAvailableBytes: (totalBytes) => bytesOf('imagefs.available', totalBytes),
	};
}

/** Fills in what the host knows; settles when nothing more will come. Never throws. */
export async function readHostFacts(facts: BannerFacts, options: HostOptions = {}): Promise<void> {
	const quietly = (reading: Promise<void>): Promise<void> => reading.catch(() => undefined);
	await Promise.all([
		quietly(
			readNodeIdentity(options).then(({ hostname, machineId }) => {
				facts.hostname = hostname ?? facts.hostname;
				facts.machineId = machineId ?? null;
			}),
		),
		quietly(
			readHostLoad(options).then(({ memoryTotalBytes, memoryAvailableBytes, pressure }) => {
				facts.memory =
					memoryTotalBytes === undefined || memoryAvailableBytes === undefined
						? null
						: {
								totalBytes: memoryTotalBytes,
								availableBytes: memoryAvailableBytes,
								stalledPercent: pressure.memory?.full?.avg60Percent,
							};
			}),
		),
		quietly(
			readNodeRoles(options).then((roles) => {
				facts.roles = roles;
			}),
		),
		quietly(
			readDisks(options).then((disks) => {
				facts.disks = disks;
			}),
		),
	]);
	// Looks at every process: last, so that the few files above are read at once.
	await quietly(
		readKubelet(options).then(async (kubelet) => {
			facts.kubeletRuns = kubelet.running;
			facts.thresholds = thresholdsOf(kubelet.evictionHard);
			// Once more: its flags and its configuration may name labels and folders that no file of the usual ones does.
			facts.roles = await readNodeRoles(options, kubelet);
		}),
	);
}
