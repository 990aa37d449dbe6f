/**
 * A host whose process 1 is systemd: namespaces of its own over this machine's root, with the cgroup hierarchies as they are
 * mounted here, seen from a group of its own. Nothing is changed outside; what it wrote is gone with it, but for one folder.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { detectCgroupLayout } from '../../src/node/cgroup-layout.ts';
import { childFolders, makeCgroupFolders } from '../../src/runtime/cgroup/cgroup-folders.ts';
import { eventually } from './child-process.ts';
import type { Requirement } from './requires.ts';

/** What such a host takes, with pods on it. */
export const systemdHostRequirements: readonly Requirement[] = [
	'root',
	'/lib/systemd/systemd',
	'busctl',
	'dbus-daemon',
	'unshare',
	'nsenter',
	'ip',
	'iptables',
	'runc',
	'conmon',
	'/usr/lib/cni/bridge',
	'/bin/busybox',
];

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const script = fileURLToPath(new URL('../fixtures/systemd-host.sh', import.meta.url));
const run = promisify(execFile);

export type SystemdHost = AsyncDisposable & {
	/** Runs a shell script there, and gives all that it says. @throws Error with that, when it fails */
	sh(text: string): Promise<string>;
	/** Here; there it is `/var/tmp/shared`. */
	readonly sharedDir: string;
	/** Where a path of that host lies for this one. */
	from(file: string): string;
	/** False once systemd has ended. */
	isUp(): boolean;
};

/** @throws Error with what was said, where systemd does not come up */
export async function bootSystemdHost(): Promise<SystemdHost> {
	const dir = mkdtempSync('/var/tmp/criscope-systemd-');
	const group = path.basename(dir);
	const sharedDir = path.join(dir, 'shared');
	const mountPoint = path.join(dir, 'root');
	for (const folder of [sharedDir, mountPoint]) mkdirSync(folder);
	const { controllerMounts, unifiedMount } = await detectCgroupLayout();
	const v1 = Map.groupBy(controllerMounts, ([, mount]) => mount);
	const mounts = [...v1.keys(), ...(unifiedMount === undefined ? [] : [unifiedMount])];
	for (const mount of mounts) {
		makeCgroupFolders(mount, `/${group}`, mount === controllerMounts.get('cpuset'));
	}
	const hierarchies = [
		...[...v1].map(([mount, controllers]) => {
			const names = controllers.map(([name]) => name);
			return `${names.map((name) => (name.startsWith('name=') ? `none,${name}` : name)).join()} ${mount}`;
		}),
		...(unifiedMount === undefined ? [] : [`cgroup2 ${unifiedMount}`]),
	];
	// It enters the groups before it leaves for a cgroup namespace, of which they are the roots then.
	const enter = mounts.map((mount) => `echo $$ >'${mount}/${group}/cgroup.procs'`).join('; ');
	const apart = '--cgroup --pid --fork --mount --uts --ipc --net --propagation private';
	const outer = spawn(
		'/bin/sh',
		[
			'-ec',
			`${enter}; exec unshare ${apart} /bin/sh "$@"`,
			'sh',
			script,
			mountPoint,
			sharedDir,
			rootDir,
			...hierarchies,
		],
		{ stdio: ['ignore', 'pipe', 'pipe'] },
	);
	let said = '';
	for (const stream of [outer.stdout, outer.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
	let pid = 0;
	const hasEnded = () => outer.exitCode !== null || outer.signalCode !== null;
	const isUp = () => pid > 0 && existsSync(`/proc/${pid}`);

	const host: SystemdHost = {
		sharedDir,
		isUp,
		from: (file) => `/proc/${pid}/root${file}`,
		async sh(text) {
			const environment = ['PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8'];
			const inside = ['-t', String(pid), '-m', '-p', '-u', '-i', '-n', '-C', '-r', '-w'];
			const command = ['env', '-i', ...environment, '/bin/sh', '-c', `exec 2>&1; ${text}`];
			try {
				return (await run('nsenter', [...inside, ...command], { timeout: 120_000, maxBuffer: 2 ** 24 }))
					.stdout;
			} catch (cause) {
				throw new Error(`"${text}" failed: ${(cause as { stdout?: string }).stdout}`, { cause });
			}
		},
		async [Symbol.asyncDispose]() {
			// With the first process of a PID namespace the kernel kills all others.
			if (isUp()) process.kill(pid, 'SIGKILL');
			else if (!hasEnded()) outer.kill('SIGKILL');
			await eventually('systemd ends', () => !isUp() && hasEnded());
			for (const mount of mounts) {
				await eventually('its cgroups are gone', () => removeGroup(path.join(mount, group)));
			}
			rmSync(dir, { recursive: true, force: true });
		},
	};
	try {
		await eventually('process 1', () => {
			if (hasEnded()) return true;
			pid = Number(readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8').trim());
			return pid > 0;
		});
		const state = () => host.sh('systemctl is-system-running || true').catch(() => '');
		await eventually('systemd', async () => !isUp() || /^(running|degraded)$/m.test(await state()));
		if (!isUp()) throw new Error('it has ended');
		return host;
	} catch (cause) {
		await host[Symbol.asyncDispose]();
		throw new Error(`systemd does not come up: ${said.trim() || (cause as Error).message}`, { cause });
	}
}

function removeGroup(folder: string): boolean {
	try {
		for (const child of childFolders(folder)) if (!removeGroup(path.join(folder, child))) return false;
		rmdirSync(folder);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'ENOENT';
	}
}
