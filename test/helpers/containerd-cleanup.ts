import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { eventually, runProgram } from './child-process.ts';

/** What a containerd of the tests owns, inside its folder and outside. Written to `<dir>/place.json`. */
export type ContainerdPlace = {
	readonly dir: string;
	/** The test process, then its registry. While the first one lives, the place is in use. */
	readonly pids: readonly number[];
	readonly bridge: string;
	readonly subnet: string;
	readonly cgroupParent: string;
};

/** The places of every containerd in the system's temporary folder, dead or alive. */
export function knownPlaces(): readonly ContainerdPlace[] {
	return readdirSync(os.tmpdir())
		.filter((name) => name.startsWith('criscope-containerd-'))
		.map((name) => readOrEmpty(path.join(os.tmpdir(), name, 'place.json')))
		.filter((text) => text !== '')
		.map((text) => JSON.parse(text) as ContainerdPlace);
}

/** Removes what killed test runs left behind. Places whose test process still lives are not touched. */
export async function removeStaleContainerds(): Promise<void> {
	for (const place of knownPlaces()) {
		const [testPid = 0] = place.pids;
		if (!existsSync(`/proc/${testPid}`)) await removeLeftovers(place);
	}
}

/**
 * Removes everything of a place by force: processes, mounts, network, cgroups, files. Safe to repeat, and right after a
 * clean stop, when it finds next to nothing.
 *
 * @throws Error naming what would not go
 */
export async function removeLeftovers(place: ContainerdPlace): Promise<void> {
	// Shims and the daemon carry the folder in their arguments; containers are in the cgroup.
	await eventually(`the processes of "${place.dir}" to end`, () => {
		const pids = [...pidsByArgument(place.dir), ...pidsInCgroup(place.cgroupParent)];
		for (const pid of pids) killIfAlive(pid);
		return pids.length === 0;
	});
	for (const mountPoint of mountPointsBelow(place.dir).toReversed()) {
		await runProgram('umount', ['--lazy', mountPoint]).catch(() => {});
	}
	if (existsSync(`/sys/class/net/${place.bridge}`)) await runProgram('ip', ['link', 'delete', place.bridge]);
	await removePortMappings(place.subnet);
	for (const folder of cgroupFolders(place.cgroupParent)) removeCgroup(folder);
	// containerd makes it for pods without a cgroup parent; it goes only when nobody uses it.
	for (const folder of cgroupFolders('/k8s.io')) removeCgroup(folder);
	for (const socket of shimSockets(place.dir)) rmSync(socket, { force: true });
	removeNetworkResults(place.bridge);
	rmSync(place.dir, { recursive: true, force: true });
}

/** Processes that have `text` in their arguments, this one and its kind (node) apart. */
function pidsByArgument(text: string): readonly number[] {
	return processIds().filter((pid) => {
		const [file = '', ...args] = readOrEmpty(`/proc/${pid}/cmdline`).split('\0');
		return /containerd|docker-registry/.test(file) && args.some((arg) => arg.includes(text));
	});
}

function pidsInCgroup(cgroup: string): readonly number[] {
	return processIds().filter((pid) => readOrEmpty(`/proc/${pid}/cgroup`).includes(`:${cgroup}/`));
}

function processIds(): readonly number[] {
	return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function killIfAlive(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		// Gone meanwhile.
	}
}

/** In the order they were mounted. */
function mountPointsBelow(dir: string): readonly string[] {
	const mountPoints = readFileSync('/proc/self/mountinfo', 'utf8')
		.split('\n')
		.map((line) => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '));
	return mountPoints.filter((mountPoint) => mountPoint.startsWith(`${dir}/`));
}

/** The folder of a cgroup in every controller's tree (v1) and in the unified one (v2), where it exists. */
function cgroupFolders(cgroup: string): readonly string[] {
	const roots = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`)];
	return roots.map((root) => path.join(root, cgroup)).filter((folder) => existsSync(folder));
}

/** Children first; a cgroup in use stays. */
function removeCgroup(folder: string): void {
	for (const entry of readdirSync(folder, { withFileTypes: true })) {
		if (entry.isDirectory()) removeCgroup(path.join(folder, entry.name));
	}
	try {
		rmdirSync(folder);
	} catch {
		// EBUSY: processes in it, which are not ours.
	}
}

/** Shims put their sockets into one folder for all; their own state names them. */
function shimSockets(dir: string): readonly string[] {
	const tasks = path.join(dir, 'state/io.containerd.runtime.v2.task/k8s.io');
	if (!existsSync(tasks)) return [];
	return readdirSync(tasks)
		.map((id) => readOrEmpty(path.join(tasks, id, 'address')).replace(/^unix:\/\//, ''))
		.filter(
			(socket) => socket.startsWith('/run/containerd/s/') && statSync(socket, { throwIfNoEntry: false }),
		);
}

/** libcni remembers what it set up, one file an interface, in one folder for all; the network is named as the bridge. */
function removeNetworkResults(bridge: string): void {
	const folder = '/var/lib/cni/results';
	if (!existsSync(folder)) return;
	const names = readdirSync(folder);
	for (const own of names.filter((name) => name.startsWith(`${bridge}-`))) {
		const sandboxId = own.slice(bridge.length + 1).replace(/-eth0$/, '');
		for (const name of names.filter((candidate) => candidate.includes(sandboxId))) {
			rmSync(path.join(folder, name), { force: true });
		}
	}
}

/** The portmap plugin leaves its common chains behind. They go when no port is mapped any more by anybody. */
async function removePortMappings(subnet: string): Promise<void> {
	const rules = await runProgram('iptables', ['-w', '-t', 'nat', '-S']).catch(() => '');
	const lines = rules.split('\n');
	const isOurs = (line: string) => line.includes(subnet.replace('0/24', ''));
	const ownChains = new Set(lines.filter(isOurs).flatMap((line) => /^-A (CNI-DN-\S+)/.exec(line)?.[1] ?? []));
	const jumps = lines.filter((line) => [...ownChains].some((chain) => line.endsWith(`-j ${chain}`)));
	for (const rule of jumps) await nat(unquoted(rule.replace(/^-A/, '-D')));
	for (const chain of ownChains) await nat(['-F', chain]).then(() => nat(['-X', chain]));
	const mapsPorts = lines.some((line) => /^-A CNI-HOSTPORT-DNAT /.test(line) && !jumps.includes(line));
	if (mapsPorts) return;
	const common = lines.flatMap((line) => /^-N (CNI-HOSTPORT-\S+)/.exec(line)?.[1] ?? []);
	for (const rule of lines.filter((line) => / -j CNI-HOSTPORT-\S+$/.test(line))) {
		await nat(unquoted(rule.replace(/^-A/, '-D')));
	}
	for (const chain of common) await nat(['-F', chain]);
	for (const chain of common) await nat(['-X', chain]);
}

async function nat(args: readonly string[]): Promise<void> {
	// A rule another process removed meanwhile is no fault.
	await runProgram('iptables', ['-w', '-t', 'nat', ...args]).catch(() => {});
}

/** iptables -S quotes comments as a shell would. */
function unquoted(rule: string): readonly string[] {
	return [...rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, bare]) =>
		quoted === undefined ? (bare ?? '') : quoted.replaceAll(/\\(.)/g, '$1'),
	);
}

function readOrEmpty(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
}
