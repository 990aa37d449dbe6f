/** What pods and containers may leave on a host, read from the kernel and from the folders of one runtime. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { mountPointsBelow } from './mounts.ts';

/** Where one runtime of a test works; nobody else uses these. */
export type PodHost = {
	readonly dir: string;
	readonly graphRoot: string;
	readonly runRoot: string;
	readonly bridge: string;
	/** `10.213.7`; a network of 256 addresses. */
	readonly subnetPrefix: string;
};

/** Lines, sorted: mounts, interfaces, firewall rules, addresses, cgroups, processes and files that are this runtime's. */
export function podLeftovers(host: PodHost, ids: ReadonlySet<string>): readonly string[] {
	return [
		...mounts(host).map((point) => `mount ${point}`),
		...interfaces(host).map((name) => `interface ${name}`),
		...firewall(host, ids).map((rule) => `rule ${rule}`),
		...addresses(host).map((name) => `address ${name}`),
		...cgroupsOf(ids).map((dir) => `cgroup ${dir}`),
		...processesOf(host, ids).map((process) => `process ${process}`),
		...files(host).map((file) => `file ${file}`),
		...storeContainers(host).map((id) => `container of the store ${id}`),
	].toSorted();
}

/** All but the one that keeps the others private, which is made once and stays. */
function mounts({ dir, graphRoot, runRoot }: PodHost): readonly string[] {
	const all = new Set([...mountPointsBelow(dir), ...mountPointsBelow(graphRoot)]);
	all.delete(path.join(runRoot, 'criscope/mounts'));
	// A graph root that is a filesystem of its own.
	all.delete(graphRoot);
	return [...all];
}

/** Those that hang on the bridge. */
function interfaces({ bridge }: PodHost): readonly string[] {
	if (!existsSync(`/sys/class/net/${bridge}`)) return [];
	return readdirSync(`/sys/class/net/${bridge}/brif`);
}

function firewall({ subnetPrefix, bridge }: PodHost, ids: ReadonlySet<string>): readonly string[] {
	const saved =
		execFileSync('iptables-save', { encoding: 'utf8' }) + execFileSync('ip6tables-save').toString();
	const isOurs = (line: string) =>
		line.includes(`${subnetPrefix}.`) || line.includes(bridge) || [...ids].some((id) => line.includes(id));
	return saved.split('\n').filter(isOurs);
}

/** What host-local has given out. */
function addresses({ dir, subnetPrefix }: PodHost): readonly string[] {
	const networks = path.join(dir, 'ipam');
	if (!existsSync(networks)) return [];
	return readdirSync(networks)
		.flatMap((network) => readdirSync(path.join(networks, network)))
		.filter((name) => name.startsWith(subnetPrefix));
}

/** In every hierarchy, those with one of the ids in their names, conmon's too. */
export function cgroupsOf(ids: ReadonlySet<string>): readonly string[] {
	const found: string[] = [];
	const walk = (dir: string): void => {
		for (const entry of entriesOf(dir)) {
			if (!entry.isDirectory()) continue;
			const full = path.join(dir, entry.name);
			const id = /[0-9a-f]{64}/.exec(entry.name)?.[0];
			if (id !== undefined && ids.has(id)) found.push(full);
			walk(full);
		}
	};
	walk('/sys/fs/cgroup');
	return found;
}

/** Programs that name one of our folders or ids, and those in one of our cgroups. The runtime itself is not among them. */
export function processesOf({ dir }: Pick<PodHost, 'dir'>, ids: ReadonlySet<string>): readonly string[] {
	const found: string[] = [];
	for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
		const command = readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
		if (/dist\/main\.js serve/.test(command)) continue;
		const cgroup = readText(`/proc/${pid}/cgroup`);
		const named = command.includes(`${dir}/`) && !/vitest/.test(command);
		const inside = [...cgroup.matchAll(/[0-9a-f]{64}/g)].some(([id]) => ids.has(id));
		const state = /\) (\w)/.exec(readText(`/proc/${pid}/stat`))?.[1];
		if (named || inside) found.push(`${pid} ${state} ${command}`);
	}
	return found;
}

/** Everything below the runtime's own folders that bears an id, and layers of containers. */
function files({ graphRoot, runRoot }: PodHost): readonly string[] {
	const found: string[] = [];
	const walk = (dir: string): void => {
		for (const entry of entriesOf(dir)) {
			const full = path.join(dir, entry.name);
			if (/[0-9a-f]{64}/.test(entry.name)) found.push(full);
			else if (entry.isDirectory()) walk(full);
		}
	};
	walk(path.join(graphRoot, 'criscope'));
	walk(path.join(runRoot, 'criscope'));
	for (const entry of entriesOf(path.join(graphRoot, 'overlay'))) {
		if (entry.isDirectory()) found.push(path.join(graphRoot, 'overlay', entry.name));
	}
	for (const entry of entriesOf(path.join(graphRoot, 'overlay/l'))) {
		found.push(path.join(graphRoot, 'overlay/l', entry.name));
	}
	const volatile = path.join(graphRoot, 'overlay-containers');
	return [...found, ...entriesOf(volatile).flatMap(({ name }) => (/\.lock$|json$/.test(name) ? [] : [name]))];
}

function storeContainers({ graphRoot }: PodHost): readonly string[] {
	return ['containers.json', 'volatile-containers.json'].flatMap((name) => {
		const text = readText(path.join(graphRoot, 'overlay-containers', name));
		return text === '' ? [] : (JSON.parse(text) as { id: string }[]).map(({ id }) => id);
	});
}

/** Open descriptors and resident memory of a process. */
export function processSize(pid: number): { readonly descriptors: number; readonly residentBytes: number } {
	const kib = /VmRSS:\s+(\d+)/.exec(readText(`/proc/${pid}/status`))?.[1];
	return { descriptors: readdirSync(`/proc/${pid}/fd`).length, residentBytes: Number(kib) * 1024 };
}

/** What its descriptors are, for a message: how many of each kind. */
export function descriptorKinds(pid: number): Readonly<Record<string, number>> {
	const counts: Record<string, number> = {};
	for (const name of readdirSync(`/proc/${pid}/fd`)) {
		let target: string;
		try {
			target = readlinkSync(`/proc/${pid}/fd/${name}`).replaceAll(/\d{2,}|[0-9a-f]{64}/g, '#');
		} catch {
			continue;
		}
		counts[target] = (counts[target] ?? 0) + 1;
	}
	return counts;
}

function entriesOf(dir: string) {
	try {
		return readdirSync(dir, { withFileTypes: true });
	} catch {
		return [];
	}
}

function readText(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
}
