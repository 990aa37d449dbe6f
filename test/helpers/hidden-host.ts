/**
 * A host without any container runtime, made of this one: mount and network namespaces of its own, so that no socket and no
 * store of the machine is in reach, and all that pods leave can be counted.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CriClient } from '../../src/cri/ports.ts';
import { createCriClient } from '../../src/cri/transport/client.ts';
import { eventually, stopProcess } from './child-process.ts';
import type { ImageArchive } from './image-archive.ts';
import { startRegistry } from './registry.ts';
import type { Requirement } from './requires.ts';
import { startTui, type Tui, type TuiOptions } from './tui.ts';

/** What such a host takes, with pods on it. */
export const hiddenHostRequirements: readonly Requirement[] = [
	'root',
	'unshare',
	'nsenter',
	'ip',
	'iptables',
	'runc',
	'conmon',
	'docker-registry',
	'/usr/lib/cni/bridge',
	'/bin/busybox',
];

/** The port is the host's own, as its network is. */
export const hiddenRegistry = '127.0.0.1:5000';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const node = path.join(rootDir, 'node_modules/.bin/node');
const program = path.join(rootDir, 'dist/main.js');

export type HiddenHost = AsyncDisposable & {
	/** Opens criscope on it. */
	start(options?: TuiOptions): Tui;
	/** A client of the embedded runtime, once somebody has started that. Closed with the host. */
	client(): CriClient;
	/** Process id of the embedded runtime that serves now. */
	runtimePid(): number;
	/** Process 1 of a container. */
	initOf(containerId: string): number;
	/** Starts a registry at `hiddenRegistry` with these images. */
	serveImages(images: Readonly<Record<string, ImageArchive>>): Promise<void>;
	/**
	 * All that this host has, sorted: processes other than the runtime, mounts, interfaces, firewall rules, folders of logs.
	 * What the first pod makes once for all (a bridge, the rules of its network) is left out.
	 */
	traces(): readonly string[];
};

/** Makes one. */
export async function openHiddenHost(): Promise<HiddenHost> {
	const dir = mkdtempSync('/var/tmp/criscope-hidden-');
	const at = (name: string) => path.join(dir, name);
	for (const name of ['log', 'lib', 'home', 'containers']) mkdirSync(at(name));
	writeFileSync(
		at('storage.conf'),
		`[storage]\ndriver = "overlay"\ngraphroot = "${at('lib/storage')}"\nrunroot = "/run/storage"\n`,
	);
	writeFileSync(
		at('registries.conf'),
		`unqualified-search-registries = []\n[[registry]]\nlocation = "${hiddenRegistry}"\ninsecure = true\n`,
	);
	writeFileSync(at('containers/policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
	const script = [
		'mount -t tmpfs tmpfs /run',
		`mount --bind ${at('log')} /var/log`,
		`mount --bind ${at('lib')} /var/lib`,
		// A network configuration of the machine would be used in place of the built-in one.
		'{ [ ! -d /etc/cni ] || mount -t tmpfs tmpfs /etc/cni; }',
		`{ [ ! -d /etc/containers ] || mount --bind ${at('containers')} /etc/containers; }`,
		'ip link set lo up',
		`touch ${at('ready')}`,
		'exec sleep 1200',
	].join(' && ');
	// Slave: what others unmount meanwhile must not be held by us.
	const holder = spawn('unshare', ['--mount', '--net', '--propagation', 'slave', 'sh', '-c', script], {
		stdio: 'ignore',
	});
	const pid = holder.pid ?? 0;
	const entered = ['nsenter', '--mount', '--net', '--target', String(pid), '--'] as const;
	const clients: CriClient[] = [];
	const children: ChildProcess[] = [];
	const env = {
		CRISCOPE_EMBEDDED: undefined,
		CONTAINERS_STORAGE_CONF: at('storage.conf'),
		CONTAINERS_REGISTRIES_CONF: at('registries.conf'),
	};
	await eventually('the hidden host', () => existsSync(at('ready')));
	const own = ['mnt', 'net'].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));

	/** Everything that lives in one of its namespaces, but the one who holds them. */
	const processes = (): readonly number[] =>
		readdirSync('/proc')
			.map(Number)
			.filter((one) => Number.isInteger(one) && one !== pid)
			.filter((one) => ['mnt', 'net'].some((name) => own.includes(namespaceOf(one, name))));
	const commandOf = (one: number) => read(`/proc/${one}/cmdline`).replaceAll('\0', ' ').trim();
	const runtimes = () => processes().filter((one) => / serve --idle-exit /.test(commandOf(one)));
	const inside = (file: string, args: readonly string[] = []) =>
		execFileSync(entered[0], [...entered.slice(1), file, ...args], { encoding: 'utf8' }).split('\n');

	return {
		start: (options = {}) =>
			startTui({
				...options,
				command: [...entered, node, program],
				home: at('home'),
				env: { ...env, ...options.env },
			}),
		client() {
			const client = createCriClient(`unix:///proc/${pid}/root/run/criscope/criscope.sock`);
			clients.push(client);
			return client;
		},
		runtimePid() {
			const [found] = runtimes();
			if (found === undefined) throw new Error('no embedded runtime serves on the hidden host');
			return found;
		},
		initOf(containerId) {
			const conmon = processes().find((one) => new RegExp(`conmon.*${containerId}`).test(commandOf(one)));
			if (conmon === undefined) throw new Error(`no conmon of ${containerId}`);
			const [child] = read(`/proc/${conmon}/task/${conmon}/children`).trim().split(' ');
			return Number(child);
		},
		async serveImages(images) {
			const folder = at('registry');
			// It is filled from here, and then runs over there on what it was filled with.
			const registry = await startRegistry({ dir: folder });
			for (const [name, image] of Object.entries(images)) await registry.push(name, '1', image);
			await registry.stop();
			const config = at('registry.json');
			writeFileSync(
				config,
				JSON.stringify({
					version: 0.1,
					storage: { filesystem: { rootdirectory: path.join(folder, 'store') } },
					http: { addr: hiddenRegistry },
				}),
			);
			const child = spawn(entered[0], [...entered.slice(1), '/usr/bin/docker-registry', 'serve', config], {
				stdio: 'ignore',
				env: { PATH: process.env['PATH'], OTEL_TRACES_EXPORTER: 'none' },
			});
			children.push(child);
			await eventually('the registry to listen', () =>
				/ 0100007F:1388 .* 0A /.test(read(`/proc/${pid}/net/tcp`)),
			);
		},
		traces() {
			const serving = new Set([...runtimes(), ...children.map((child) => child.pid ?? 0)]);
			const isLasting = (line: string) =>
				!/ CNI-[0-9a-f]{8,}| CNI-DN-|\b10\.\d+\.\d+\.\d+(\/32|:\d)/.test(line);
			return [
				...processes()
					.filter((one) => !serving.has(one) && !/dist\/main\.js$/.test(commandOf(one)))
					.map((one) => `process ${commandOf(one)}`),
				...read(`/proc/${pid}/mountinfo`)
					.split('\n')
					.map((line) => line.split(' ')[4] ?? '')
					// The mount that keeps the others private is made once and stays.
					.filter((point) => /^\/(run|var\/lib)\/./.test(point) && !point.endsWith('/criscope/mounts'))
					.map((point) => `mount ${point}`),
				...inside('ip', ['-o', 'link'])
					.filter((line) => /veth/.test(line))
					.map((line) => `interface ${line}`),
				...inside('iptables-save')
					.filter((line) => !isLasting(line))
					.map((line) => `rule ${line}`),
				...(existsSync(at('log/criscope-demo')) ? readdirSync(at('log/criscope-demo')) : []).map(
					(name) => `log ${name}`,
				),
			].toSorted();
		},
		async [Symbol.asyncDispose]() {
			for (const client of clients) client.close();
			for (const child of children) await stopProcess(child);
			// Conmons of what a failed test has left, too: all that is ours ends with the host.
			for (const one of runtimes()) kill(one, 'SIGTERM');
			await eventually('the embedded runtime to end', () => runtimes().length === 0).catch(() => undefined);
			for (const one of processes()) kill(one, 'SIGKILL');
			await eventually('the hidden host to be empty', () => processes().length === 0).catch(() => undefined);
			await stopProcess(holder);
			rmSync(dir, { recursive: true, force: true });
		},
	};
}

function read(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
}

function namespaceOf(pid: number, name: string): string {
	try {
		return readlinkSync(`/proc/${pid}/ns/${name}`);
	} catch {
		return '';
	}
}

function kill(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(pid, signal);
	} catch {
		// Gone meanwhile.
	}
}
