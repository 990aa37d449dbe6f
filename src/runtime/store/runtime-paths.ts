/** Where everything lies that belongs to pods and containers; all of it follows from the two roots and an id. */
import path from 'node:path';
import type { ContainerPaths } from '../oci/container-process.ts';

export type RuntimePaths = {
	/** Survive a reboot. */
	readonly sandboxRecordsDir: string;
	readonly containerRecordsDir: string;
	/** Attachments of pods to networks. */
	readonly networkCacheDir: string;
	/** Short scripts in front of OCI runtimes that need one. */
	readonly programsDir: string;
	/** How containers ended, until their records say so. */
	readonly exitsDir: string;
	/** Lost with a reboot, like what they belong to. */
	readonly runDir: string;
	readonly attachDir: string;
	readonly namespacesDir: string;
	/** Files of one sandbox: resolv.conf, hostname, shm, and the bundle of its infra container. */
	sandboxFiles(id: string): {
		readonly dir: string;
		readonly resolvConf: string;
		readonly hostname: string;
		readonly shm: string;
		/** Empty; programs look for it at /run/.containerenv. */
		readonly containerEnv: string;
	};
	/** For the OCI runtime and conmon. */
	containerPaths(id: string, logPath: string): ContainerPaths;
	/** Those of an infra container, whose id is its sandbox's. */
	infraPaths(id: string): ContainerPaths;
	/** Bundles of all containers. */
	readonly bundlesDir: string;
	readonly sandboxesDir: string;
};

/**
 * Pure. conmon writes an end down twice: first below the run root, which is memory on most machines and no disk that containers
 * fill up, then below the graph root, which outlives a reboot. Where the second fails it gives up, and the first is there.
 */
export function runtimePaths(graphRoot: string, runRoot: string): RuntimePaths {
	const kept = path.join(graphRoot, 'criscope');
	const sandboxRecordsDir = path.join(kept, 'sandboxes');
	const runDir = path.join(runRoot, 'criscope');
	const containerRecordsDir = path.join(kept, 'containers');
	const bundlesDir = path.join(runDir, 'bundles');
	const sandboxesDir = path.join(runDir, 'sandboxes');
	const exitsDir = path.join(kept, 'exits');
	const attachDir = path.join(runDir, 'attach');
	return {
		sandboxRecordsDir,
		containerRecordsDir,
		networkCacheDir: path.join(kept, 'networks'),
		programsDir: path.join(kept, 'programs'),
		runDir,
		exitsDir,
		attachDir,
		namespacesDir: path.join(runDir, 'ns'),
		sandboxFiles(id) {
			const dir = path.join(sandboxesDir, id);
			return {
				dir,
				resolvConf: path.join(dir, 'resolv.conf'),
				hostname: path.join(dir, 'hostname'),
				shm: path.join(dir, 'shm'),
				containerEnv: path.join(dir, 'containerenv'),
			};
		},
		containerPaths: (id, logPath) => ({
			bundleDir: path.join(bundlesDir, id),
			persistDir: path.join(bundlesDir, id),
			exitsDir,
			attachDir,
			logPath,
		}),
		infraPaths: (id) => ({
			bundleDir: path.join(bundlesDir, id),
			persistDir: path.join(bundlesDir, id),
			exitsDir,
			attachDir,
			// It says nothing, and nobody would look for it.
			logPath: '/dev/null',
		}),
		bundlesDir,
		sandboxesDir,
	};
}
