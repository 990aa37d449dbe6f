/**
 * The process that holds a shared PID namespace. There is no pause image to pull: the holder is the host's own shell in
 * a rootfs of the host's program folders, mounted read-only, as nobody and without capabilities. It ignores SIGCHLD, which a
 * program keeps when it is executed, so that the kernel itself reaps the orphans of the pod.
 * Source: sigaction(2), "SIGCHLD set to SIG_IGN"; pid_namespaces(7); cri-o 1.36 for what else an infra container is.
 */
import { chmod, lstat, mkdir, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CreatedProcess } from '../oci/container-process.ts';
import type { OciMount } from '../oci/model.ts';
import { buildInfraSpec } from '../oci/spec-infra.ts';
import type { PodSandboxRecord } from '../store/model.ts';
import { isPlacedLater } from './monitor-places.ts';
import type { PodParts } from './pod-parts.ts';

/** Where programs and their libraries are, on any Linux. */
const programFolders = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/usr', '/nix', '/gnu'];

/**
 * Waits at a pipe that nobody writes to, using no other program: whoever looks for processes by name in the pod shall find
 * none of ours.
 */
const holderScript = "trap '' CHLD HUP INT QUIT TERM USR1 USR2; while :; do read -r _; done <>/hold";

/** What it is seen as in the pod. */
const holderName = '/pause';

/** Source: mknod(2) */
const fifo = 0o010000;

/** nobody, so that no process of the pod is of the same user and reads the holder's memory or root. */
const holderId = 65_534;

/** Makes the bundle and starts the holder. On failure the caller removes it by the sandbox's id. */
export async function startInfra(
	parts: PodParts,
	record: PodSandboxRecord,
	namespacePaths: {
		readonly network: string | undefined;
		readonly ipc: string | undefined;
		readonly uts: string | undefined;
	},
	signal: AbortSignal,
): Promise<CreatedProcess> {
	const paths = parts.paths.infraPaths(record.id);
	const handler = parts.handlers.of(record);
	const { cgroupsPath } = parts.cgroups.pathsFor(record.cgroupParent, 'container', record.id);
	const { path: monitorCgroup } = parts.cgroups.pathsFor(record.request.cgroupParent, 'monitor', record.id);
	const later = isPlacedLater(parts.cgroups, handler);
	const rootfs = path.join(paths.bundleDir, 'rootfs');
	const programs = await makeRootfs(rootfs);
	await rm(path.join(rootfs, 'hold'), { force: true });
	parts.sys.mknod(path.join(rootfs, 'hold'), fifo | 0o666, 0, 0);
	await chmod(path.join(rootfs, 'hold'), 0o666);
	const { process, ...rest } = buildInfraSpec({
		args: [await holderProgram(rootfs), '-c', holderScript],
		env: [],
		rootfsPath: rootfs,
		hostname: record.hostname,
		cgroupsPath,
		limits: parts.limits,
		namespacePaths,
		mounts: programs,
		seccomp: parts.specs.sandboxSeccomp(record.request),
		annotations: {
			...parts.cgroups.annotations({ ignoresSignals: true, pidsLimit: -1 }),
			'io.kubernetes.cri-o.ContainerType': 'sandbox',
			'io.kubernetes.cri-o.SandboxID': record.id,
		},
	});
	const spec = { ...rest, process: { ...process, user: { uid: holderId, gid: holderId } } };
	await writeFile(path.join(paths.bundleDir, 'config.json'), JSON.stringify(spec), { mode: 0o600 });
	const created = await parts.processes.create(
		{
			id: record.id,
			name: record.name,
			handler,
			paths,
			terminal: false,
			stdin: false,
			stdinOnce: false,
			systemdCgroup: parts.cgroups.driver === 'systemd',
			placeMonitor: later ? undefined : (pid) => parts.cgroups.addMonitor(monitorCgroup, pid),
			logSizeMaxBytes: -1,
			timeoutMs: parts.settings.createTimeoutMs,
		},
		{ signal },
	);
	if (later) parts.monitors.place(record.id, monitorCgroup, created.monitor);
	await parts.processes.start(record.id, handler, { signal });
	return created;
}

/** The host's shell; by a name of our own where it does not mind how it is called, as busybox would. */
async function holderProgram(rootfs: string): Promise<string> {
	const shell = '/bin/sh';
	if (path.basename(await realpath(shell)).includes('busybox')) return shell;
	await symlink(shell, path.join(rootfs, holderName)).catch(ignoreExisting);
	return holderName;
}

/** Folders to mount on, and the links that a host with merged /usr has in their place. */
async function makeRootfs(rootfs: string): Promise<readonly OciMount[]> {
	await mkdir(path.join(rootfs, 'proc'), { recursive: true, mode: 0o755 });
	await mkdir(path.join(rootfs, 'dev'), { recursive: true, mode: 0o755 });
	const mounts: OciMount[] = [];
	for (const folder of programFolders) {
		const entry = await lstat(folder).catch(() => undefined);
		if (entry === undefined) continue;
		if (entry.isSymbolicLink()) {
			await symlink(await readlink(folder), path.join(rootfs, folder)).catch(ignoreExisting);
			continue;
		}
		await mkdir(path.join(rootfs, folder), { recursive: true, mode: 0o755 });
		mounts.push({
			destination: folder,
			type: 'bind',
			source: folder,
			options: ['bind', 'private', 'ro', 'nosuid', 'nodev'],
		});
	}
	return mounts;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
	if (error.code !== 'EEXIST') throw error;
}
