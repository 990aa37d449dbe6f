import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { eventually, runProgram, stopProcess } from './child-process.ts';
import {
	type ContainerdPlace,
	knownPlaces,
	removeLeftovers,
	removeStaleContainerds,
} from './containerd-cleanup.ts';
import { containerdConfig, networkConfig } from './containerd-config.ts';
import { type CriWire, openCriWire } from './cri-wire.ts';
import { buildImage, shellLessLayer } from './image-archive.ts';
import { accessRegistry, type RegistryAccess, startRegistry } from './registry.ts';

/** What it takes to make pods on a containerd and to look at them, from whatever process. */
export type ContainerdAccess = {
	/** `unix:///…/containerd.sock`. */
	readonly endpoint: string;
	/** Everything it owns lies below, apart from the bridge and its cgroups. */
	readonly dir: string;
	/** Where pods' log folders go, as /var/log/pods on a node. */
	readonly podLogsDir: string;
	/** Goes into `linux.cgroup_parent` of a pod, so that `stop` can find what is left. */
	readonly cgroupParent: string;
	/** Every image name, whatever its host, is answered by this registry. */
	readonly registry: RegistryAccess;
	readonly cri: CriWire;
	/** Runs ctr on it, in namespace k8s.io. Returns its standard output. */
	ctr(...args: readonly string[]): Promise<string>;
};

/** A containerd of one's own: nothing of it is shared with one the machine may have. */
export type Containerd = ContainerdAccess & {
	readonly logPath: string;
	/** The daemon's process now; another one after `restart`. */
	pid(): number;
	/** Sends a signal to the daemon alone: SIGSTOP and SIGCONT for a hung one. Containers live on. */
	signal(signal: NodeJS.Signals): void;
	/** Ends the daemon (SIGKILL when `hard`) and leaves its containers running. */
	stopDaemon(options?: { readonly hard?: boolean }): Promise<void>;
	/** Starts the daemon again on the same endpoint and waits until it answers. */
	startDaemon(): Promise<void>;
	/** Removes all pods, then the daemon, its shims, mounts, network and files. Nothing is left. */
	stop(): Promise<void>;
};

/** The image of every sandbox. */
const pauseImage = 'registry.k8s.io/pause:3.9';

/**
 * Starts containerd and a registry beside it, and waits until both answer. Needs root and `containerdRequirements`.
 * Several can live side by side; what a killed test run left behind is removed first.
 *
 * @param options.dir an empty folder of the caller's; without it a new one below the system's temporary folder
 * @throws Error with the end of the daemon's log when it does not come up
 */
export async function startContainerd(
	options: { readonly dir?: string; readonly signal?: AbortSignal } = {},
): Promise<Containerd> {
	await removeStaleContainerds();
	const dir = options.dir ?? mkdtempSync(path.join(os.tmpdir(), 'criscope-containerd-'));
	await using undo = new AsyncDisposableStack();
	const place = await choosePlace(dir);
	undo.defer(() => removeLeftovers(place));
	const registry = await startRegistry({ dir: path.join(dir, 'registry') });
	undo.defer(() => registry.stop());
	writePlace({ ...place, pids: [process.pid, registry.pid] });
	await registry.push(
		'pause',
		'3.9',
		buildImage({ layers: [shellLessLayer()], entrypoint: ['/sleep', 'infinity'], labels: { role: 'pause' } }),
	);
	writeConfig(place, registry.host);

	const logPath = path.join(dir, 'containerd.log');
	const endpoint = `unix://${path.join(dir, 'containerd.sock')}`;
	const cri = openCriWire(endpoint);
	undo.defer(() => cri.close());
	let daemon = await spawnDaemon(place, logPath, cri, options.signal);
	undo.defer(() => stopProcess(daemon));
	await cri.image('PullImage', { image: { image: pauseImage } });
	const kept = undo.move();
	return {
		...accessContainerd({ dir, cgroupParent: place.cgroupParent, registryHost: registry.host }, cri),
		logPath,
		pid: () => daemon.pid ?? 0,
		signal: (signal) => {
			daemon.kill(signal);
		},
		stopDaemon: ({ hard = false } = {}) => stopProcess(daemon, hard ? 0 : 10_000),
		startDaemon: async () => {
			daemon = await spawnDaemon(place, logPath, cri);
		},
		stop: async () => {
			daemon.kill('SIGCONT');
			if (daemon.exitCode === null && daemon.signalCode === null) {
				// A daemon in trouble: what it does not remove, removeLeftovers removes by force.
				await removeAllPods(cri).catch(() => {});
			}
			await kept.disposeAsync();
		},
	};
}

/** What another process must know to use a containerd that is running. Plain data. */
export type ContainerdAddress = {
	readonly dir: string;
	readonly cgroupParent: string;
	readonly registryHost: string;
};

/** The address of a containerd, for `accessContainerd` in another process. */
export function containerdAddress({ dir, cgroupParent, registry }: ContainerdAccess): ContainerdAddress {
	return { dir, cgroupParent, registryHost: registry.host };
}

/** Opens a containerd that another process has started. */
export function accessContainerd(
	{ dir, cgroupParent, registryHost }: ContainerdAddress,
	cri = openCriWire(`unix://${path.join(dir, 'containerd.sock')}`),
): ContainerdAccess {
	const socket = path.join(dir, 'containerd.sock');
	return {
		endpoint: `unix://${socket}`,
		dir,
		podLogsDir: path.join(dir, 'pods'),
		cgroupParent,
		registry: accessRegistry(registryHost),
		cri,
		ctr: (...args) => runProgram('ctr', ['-a', socket, '-n', 'k8s.io', ...args]),
	};
}

/** Stops and removes every pod of a runtime, several at a time. One that resists is left to `removeLeftovers`. */
export async function removeAllPods(cri: CriWire): Promise<void> {
	const { items } = await cri.runtime<{ items: readonly { id: string }[] }>('ListPodSandbox');
	await Promise.allSettled(
		items.map(async ({ id }) => {
			const { containers } = await cri.runtime<{ containers: readonly { id: string }[] }>('ListContainers', {
				filter: { pod_sandbox_id: id },
			});
			// No grace: what runs here are tests' containers.
			await Promise.allSettled(
				containers.map(({ id: container_id }) =>
					cri.runtime('StopContainer', { container_id, timeout: '0' }),
				),
			);
			await cri.runtime('StopPodSandbox', { pod_sandbox_id: id });
			await cri.runtime('RemovePodSandbox', { pod_sandbox_id: id });
		}),
	);
}

/** Names for what lies outside `dir`: a bridge and a subnet nobody else uses. */
async function choosePlace(dir: string): Promise<ContainerdPlace> {
	const taken = await runProgram('ip', ['-4', 'route', 'show', 'table', 'all']);
	const first = process.pid % 250;
	const numbers = Array.from({ length: 250 }, (_, step) => ((first + step) % 250) + 1);
	// A bridge comes with its first pod only: those about to make one have written it down.
	const claimed = new Set(knownPlaces().map(({ subnet }) => subnet));
	const number = numbers.find(
		(candidate) => !taken.includes(`10.87.${candidate}.`) && !claimed.has(`10.87.${candidate}.0/24`),
	);
	if (number === undefined) throw new Error('cannot start containerd: every subnet of 10.87.0.0/16 is taken');
	const place = { dir, pids: [process.pid], bridge: `criscope${number}`, subnet: `10.87.${number}.0/24` };
	const withCgroup = { ...place, cgroupParent: `/criscope-test-${number}` };
	writePlace(withCgroup);
	return withCgroup;
}

/** Written down so that a later run can clean up after this one was killed. */
function writePlace(place: ContainerdPlace): void {
	writeFileSync(path.join(place.dir, 'place.json'), JSON.stringify(place));
}

function writeConfig(place: ContainerdPlace, registryHost: string): void {
	const { dir } = place;
	for (const folder of ['cni', 'pods', 'certs.d/_default'])
		mkdirSync(path.join(dir, folder), { recursive: true });
	writeFileSync(path.join(dir, 'cni/10-bridge.conflist'), JSON.stringify(networkConfig(place)));
	writeFileSync(path.join(dir, 'config.toml'), containerdConfig({ dir, pauseImage }));
	// Whatever host an image name carries, the local registry answers for it, and nobody else is asked.
	writeFileSync(
		path.join(dir, 'certs.d/_default/hosts.toml'),
		`server = "http://${registryHost}"\n[host."http://${registryHost}"]\ncapabilities = ["pull", "resolve"]\n`,
	);
}

async function spawnDaemon(
	place: ContainerdPlace,
	logPath: string,
	cri: CriWire,
	signal?: AbortSignal,
): Promise<ChildProcess> {
	const log = openSync(logPath, 'a');
	const daemon = spawn('containerd', ['-c', path.join(place.dir, 'config.toml')], {
		stdio: ['ignore', log, log],
		// A Ctrl-C on the terminal must not reach it: it is stopped in order.
		detached: true,
		env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
	});
	try {
		await eventually(
			'containerd',
			async () => {
				if (daemon.exitCode !== null) throw new Error(`it ended with ${daemon.exitCode}`);
				const { status } = await cri.runtime<RuntimeStatus>('Status', {}, { timeoutMs: 2000 });
				return status.conditions.every((condition) => condition.status);
			},
			{ signal },
		);
	} catch (error) {
		await stopProcess(daemon);
		const tail = readFileSync(logPath, 'utf8').slice(-4000);
		throw new Error(`cannot start containerd in "${place.dir}": ${String(error)}\n${tail}`, { cause: error });
	}
	return daemon;
}

type RuntimeStatus = { readonly status: { readonly conditions: readonly { readonly status: boolean }[] } };
