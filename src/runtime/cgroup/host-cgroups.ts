/** The cgroups of this host. */
import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage, FailedPreconditionError, InternalError } from '../../cri/errors.ts';
import type { CgroupLayout } from '../../node/cgroup-layout.ts';
import { readDetailsV1, readDetailsV2 } from './cgroup-details.ts';
import { readCgroupText, readProcessIds, tryWriteCgroup } from './cgroup-files.ts';
import { childFolders, makeCgroupFolders } from './cgroup-folders.ts';
import { cgroupfsPathsFor, existingPath, systemdPathsFor } from './cgroup-paths.ts';
import { readCgroupV1, readCgroupV2 } from './cgroup-reading.ts';
import type { Cgroups } from './cgroups.ts';
import { scopeAnnotations, serviceOf } from './scope-annotations.ts';
import { startScope } from './systemd-scopes.ts';

/** How often, and how long apart, a cgroup is tried to be removed whose last process has just ended. */
const removalTries = 40;
const removalPauseMs = 5;

/**
 * Controllers of version 1 that neither count nor limit anything of a monitor. Entering a new cpuset is dear, too: the kernel
 * builds its scheduling domains anew.
 */
const unusedByMonitors = ['cpuset', 'devices', 'freezer'] as const;
const usedByMonitors = ['cpu', 'cpuacct', 'memory', 'pids', 'blkio'] as const;

/**
 * Opens the hierarchies that are mounted. On a hybrid host it is the v1 controllers that count; the v2 tree beside them has
 * none. Under the systemd driver slices and scopes are systemd's to make: it is asked for those of monitors by us, and for those
 * of containers by the OCI runtime.
 *
 * @throws FailedPreconditionError where no cgroup filesystem is mounted
 */
export function openCgroups(layout: CgroupLayout, driver: Cgroups['driver']): Cgroups {
	if (layout.mode === 'none') {
		throw new FailedPreconditionError('cannot find control groups: no cgroup filesystem is mounted');
	}
	const version = layout.mode === 'v2' ? 2 : 1;
	// Controllers may share a hierarchy (cpu,cpuacct); each is made once.
	const roots =
		version === 2
			? [layout.unifiedMount ?? '/sys/fs/cgroup']
			: [...new Set(layout.controllerMounts.values())];
	const folderOf = (path: string) => (controller: string) => {
		const root = layout.controllerMounts.get(controller);
		return root === undefined ? undefined : root + path;
	};
	const unifiedOf = (path: string) =>
		layout.unifiedMount === undefined ? undefined : layout.unifiedMount + path;
	const folders = (path: string) => roots.map((root) => root + path);
	const monitorRoots = roots.filter(
		(root) =>
			!unusedByMonitors.some((name) => layout.controllerMounts.get(name) === root) ||
			usedByMonitors.some((name) => layout.controllerMounts.get(name) === root),
	);
	// On a hybrid host runc makes a cgroup in the v2 tree as well, and leaves it behind.
	const everyRoot =
		version === 1 && layout.unifiedMount !== undefined ? [...roots, layout.unifiedMount] : roots;

	const service = serviceOf(readCgroupText('/proc/self/cgroup') ?? '');

	function create(path: string): void {
		if (driver === 'systemd') return;
		for (const root of roots) {
			if (version === 2) enableControllers(root, path);
			makeCgroupFolders(root, path, root === layout.controllerMounts.get('cpuset'));
		}
	}

	async function removeOne(folder: string): Promise<void> {
		if (!existsSync(folder)) return;
		for (const child of childFolders(folder)) await removeOne(`${folder}/${child}`);
		for (let tries = 0; ; tries++) {
			try {
				rmdirSync(folder);
				return;
			} catch (error) {
				const { code } = error as NodeJS.ErrnoException;
				if (code === 'ENOENT') return;
				const pids = readProcessIds(`${folder}/cgroup.procs`);
				if (code === 'EBUSY' && tries < removalTries) {
					await delay(removalPauseMs);
					continue;
				}
				throw pids.length > 0
					? new FailedPreconditionError(
							`cannot remove cgroup "${folder}": processes ${pids.slice(0, 5).join(', ')} are in it`,
						)
					: new InternalError(`cannot remove cgroup "${folder}": ${errorMessage(error)}`, { cause: error });
			}
		}
	}

	return {
		version,
		driver,
		pathsFor: driver === 'systemd' ? systemdPathsFor : cgroupfsPathsFor,
		pathOf: existingPath,
		annotations: (wishes) => (driver === 'systemd' ? scopeAnnotations({ ...wishes, service }) : {}),
		create,
		async addMonitor(path, pid) {
			if (driver === 'systemd') return startScope(path, pid, { after: service, version });
			if (version === 2) create(path);
			// On other threads: the kernel waits for all processors, and for whoever makes it wait already.
			for (const root of monitorRoots) {
				if (root === layout.controllerMounts.get('cpuset')) makeCgroupFolders(root, path, true);
				else await mkdir(root + path, { recursive: true });
				await writeFile(`${root}${path}/cgroup.procs`, String(pid));
			}
		},
		hasMonitor: (path, pid) =>
			monitorRoots.every((root) => readProcessIds(`${root}${path}/cgroup.procs`).includes(pid)),
		async remove(path) {
			// An empty path would be the hierarchy itself.
			if (path.split('/').every((part) => part === '')) return;
			await Promise.all(everyRoot.map((root) => removeOne(root + path)));
		},
		processes: (path) => [...new Set(folders(path).flatMap((folder) => everyProcess(folder)))],
		read: (path) =>
			version === 2 ? readCgroupV2(`${roots[0]}${path}`) : readCgroupV1(folderOf(path), unifiedOf(path)),
		readDetails: (path) =>
			version === 2 ? readDetailsV2(`${roots[0]}${path}`) : readDetailsV1(folderOf(path), unifiedOf(path)),
		list(parent) {
			const found = new Set<string>();
			for (const root of everyRoot) collect(root, parent === '/' ? '' : parent, found);
			return [...found].sort();
		},
	};
}

/** Lets the levels above count and limit; a controller that one of them refuses is left out. */
function enableControllers(root: string, path: string): void {
	const available = readCgroupText(`${root}/cgroup.controllers`)?.trim().split(' ') ?? [];
	let folder = root;
	for (const part of path.split('/').filter(Boolean)) {
		for (const controller of available) tryWriteCgroup(`${folder}/cgroup.subtree_control`, `+${controller}`);
		folder = `${folder}/${part}`;
		if (!existsSync(folder)) mkdirSync(folder);
	}
}

function everyProcess(folder: string): readonly number[] {
	return [
		...readProcessIds(`${folder}/cgroup.procs`),
		...childFolders(folder).flatMap((child) => everyProcess(`${folder}/${child}`)),
	];
}

function collect(root: string, path: string, found: Set<string>): void {
	for (const child of childFolders(root + path)) {
		const below = `${path}/${child}`;
		if (statSync(root + below, { throwIfNoEntry: false }) === undefined) continue;
		found.add(below);
		collect(root, below, found);
	}
}
