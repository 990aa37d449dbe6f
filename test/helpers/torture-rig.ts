/** A runtime with an image and a network of its own, and short words for what a kubelet asks of it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStore } from '../../src/runtime/storage/open-store.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { eventually } from './child-process.ts';
import { commitByHand } from './commit-by-hand.ts';
import { unmountBelow } from './mounts.ts';
import { type PodHost, podLeftovers, processesOf } from './pod-host.ts';
import { type Serve, startServe } from './serve.ts';
import { smallImage } from './stock-images.ts';

/** The image of every container. */
export const tortureImage = 'localhost/base:1';

/** Processes of one container at a time. */
export const torturePidsLimit = 100;

/** What a container's status says, as far as these tests ask. */
export type WireContainerStatus = {
	readonly id: string;
	readonly state: string;
	readonly exit_code: number;
	readonly reason: string;
	readonly message: string;
	readonly started_at: string;
	readonly finished_at: string;
	readonly log_path: string;
};

export type TortureRig = {
	readonly serve: Serve;
	readonly host: PodHost;
	/** Ids of all that was made, to look for. */
	readonly ids: Set<string>;
	/** Where network configurations and own plugins lie. */
	readonly networksDir: string;
	readonly pluginsDir: string;
	podConfig(name: string, more?: object): Record<string, unknown>;
	/** @param handler '' for the default */
	runPod(name: string, more?: object, handler?: string): Promise<string>;
	createContainer(pod: string, podName: string, name: string, script: string, more?: object): Promise<string>;
	start(id: string): Promise<unknown>;
	stop(id: string, timeoutSeconds?: number): Promise<unknown>;
	remove(id: string): Promise<unknown>;
	status(id: string): Promise<WireContainerStatus>;
	/** Resolves once it has ended. */
	ended(id: string, timeoutMs?: number): Promise<WireContainerStatus>;
	/** Stops and removes the pod. */
	removePod(id: string): Promise<void>;
	/** Process 1 of a container. */
	initOf(id: string): Promise<number>;
	/** Process id of its conmon. */
	monitorOf(id: string): number;
	/** SIGKILL to the runtime alone, as a crash: conmons go on. */
	crash(): Promise<void>;
	leftovers(): readonly string[];
	/** Resolves once all conmons are in their control groups, which they come into some time after their containers are made. */
	monitorsPlaced(): Promise<void>;
	/** Resolves when nothing is left that was not there at the beginning. @throws Error with what is */
	nothingLeft(timeoutMs?: number): Promise<void>;
	close(): Promise<void>;
};

/** Opens one on /var/tmp, or on the graph root given. */
export async function openTortureRig(
	word: string,
	options: {
		readonly graphRoot?: string;
		/** More of the configuration, in whole tables. */
		readonly configuration?: string;
	} = {},
): Promise<TortureRig> {
	const dir = mkdtempSync(`/var/tmp/criscope-${word}-`);
	const bridge = `crt${process.pid % 100_000}${word.slice(0, 3)}`;
	const subnetPrefix = `10.${200 + (word.charCodeAt(0) % 50)}.${process.pid % 250}`;
	const graphRoot = options.graphRoot ?? path.join(dir, 'root');
	const runRoot = path.join(dir, 'run');
	const host: PodHost = { dir, graphRoot, runRoot, bridge, subnetPrefix };
	const [networksDir, pluginsDir, logsDir, configDir] = ['networks', 'plugins', 'logs', 'conf.d'].map(
		(name) => path.join(dir, name),
	) as [string, string, string, string];
	for (const made of [networksDir, pluginsDir, logsDir, configDir]) mkdirSync(made);
	writeFileSync(path.join(networksDir, '10-test.conflist'), networkOf(host));
	const configFile = path.join(dir, 'runtime.conf');
	const dirs = `network_dir = "${networksDir}"\nplugin_dirs = ["${pluginsDir}", "/usr/lib/cni"]`;
	const configuration = `[crio.runtime]\npids_limit = ${torturePidsLimit}\n[crio.network]\n${dirs}\n`;
	writeFileSync(configFile, `${configuration}${options.configuration ?? ''}`);
	{
		await using store = await openStore({ sys: loadLibc(), graphRoot, runRoot, driver: 'overlay' });
		await commitByHand(store, smallImage('base'), [tortureImage]);
	}
	const serve = await startServe({
		dir: path.join(dir, 'serve'),
		graphRoot,
		runRoot,
		storageDriver: 'overlay',
		flags: ['--config', configFile, '--config-dir', configDir],
	});
	const ids = new Set<string>();
	const call = <T>(method: string, request: Record<string, unknown>) =>
		serve.cri.runtime<T>(method, request, { timeoutMs: 60_000 });
	const leftovers = () => podLeftovers(host, ids);
	const before = new Set(leftovers());
	const podConfig = (name: string, more: object = {}) => ({
		metadata: { name, uid: `uid-${name}`, namespace: 'torture', attempt: 0 },
		log_directory: path.join(logsDir, name),
		linux: {},
		...more,
	});
	const status = async (id: string) =>
		(await call<{ status: WireContainerStatus }>('ContainerStatus', { container_id: id })).status;
	return {
		serve,
		host,
		ids,
		networksDir,
		pluginsDir,
		podConfig,
		async runPod(name, more, handler = '') {
			const config = podConfig(name, more);
			const { pod_sandbox_id: id } = await call<{ pod_sandbox_id: string }>('RunPodSandbox', {
				config,
				runtime_handler: handler,
			});
			ids.add(id);
			return id;
		},
		async createContainer(pod, podName, name, script, more = {}) {
			const { container_id: id } = await call<{ container_id: string }>('CreateContainer', {
				pod_sandbox_id: pod,
				config: {
					metadata: { name, attempt: 0 },
					image: { image: tortureImage },
					command: ['sh', '-c', script],
					log_path: `${name}.log`,
					linux: {},
					...more,
				},
				sandbox_config: podConfig(podName),
			});
			ids.add(id);
			return id;
		},
		start: (id) => call('StartContainer', { container_id: id }),
		stop: (id, timeout = 0) => call('StopContainer', { container_id: id, timeout }),
		remove: (id) => call('RemoveContainer', { container_id: id }),
		status,
		ended: (id, timeoutMs = 40_000) =>
			eventually(
				`container ${id.slice(0, 12)} to end`,
				async () => {
					const told = await status(id);
					return told.state === 'CONTAINER_EXITED' ? told : undefined;
				},
				{ timeoutMs },
			),
		async removePod(id) {
			await call('StopPodSandbox', { pod_sandbox_id: id });
			await call('RemovePodSandbox', { pod_sandbox_id: id });
		},
		async initOf(id) {
			const request = { container_id: id, verbose: true };
			const { info } = await call<{ info: Record<string, string> }>('ContainerStatus', request);
			return (JSON.parse(info['info'] ?? '{}') as { pid: number }).pid;
		},
		monitorOf(id) {
			const found = processesOf(host, new Set()).find((line) => /conmon/.test(line) && line.includes(id));
			if (found === undefined) throw new Error(`no conmon of ${id}`);
			return Number(found.split(' ')[0]);
		},
		async crash() {
			const pid = serve.pid();
			process.kill(pid, 'SIGKILL');
			await eventually('the runtime to end', () => !isAlive(pid));
		},
		leftovers,
		async monitorsPlaced() {
			await eventually('the monitors to be in their control groups', () =>
				processesOf(host, ids)
					.filter((line) => /conmon/.test(line))
					.every((line) => isPlaced(Number(line.split(' ')[0]))),
			);
		},
		async nothingLeft(timeoutMs = 40_000) {
			const deadline = Date.now() + timeoutMs;
			for (;;) {
				const left = leftovers().filter((line) => !before.has(line));
				if (left.length === 0) return;
				if (Date.now() > deadline) throw new Error(`left over:\n${left.join('\n')}`);
				await delay(100);
			}
		},
		async close() {
			// What a failed test has left, for it would stay in the kernel.
			const { items } = await call<{ items: { id: string }[] }>('ListPodSandbox', {}).catch(() => ({
				items: [],
			}));
			for (const { id } of items) {
				await call('StopPodSandbox', { pod_sandbox_id: id }).catch(() => undefined);
				await call('RemovePodSandbox', { pod_sandbox_id: id }).catch(() => undefined);
			}
			await serve.stop();
			serve.cri.close();
			for (const line of processesOf(host, ids)) killHard(Number(line.split(' ')[0]));
			await delay(200);
			await unmountBelow(dir);
			if (existsSync(`/sys/class/net/${bridge}`)) execFileSync('ip', ['link', 'del', bridge]);
			rmSync(dir, { recursive: true, force: true });
		},
	};
}

/** True where a monitor is in a group of its own in all hierarchies that count something, or in the only one. */
function isPlaced(pid: number): boolean {
	const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
	const counting = lines.filter((line) =>
		/^\d+:(?:.*\b(?:cpu|cpuacct|memory|pids|blkio)\b.*|name=systemd):/.test(line),
	);
	return (counting.length > 0 ? counting : lines).every((line) => line.includes('criscope-conmon-'));
}

function networkOf({ dir, bridge, subnetPrefix }: PodHost): string {
	const ipam = {
		type: 'host-local',
		dataDir: path.join(dir, 'ipam'),
		ranges: [[{ subnet: `${subnetPrefix}.0/24` }]],
	};
	return JSON.stringify({
		cniVersion: '1.0.0',
		name: bridge,
		plugins: [
			{ type: 'bridge', bridge, isGateway: true, ipMasq: true, ipam },
			{ type: 'portmap', capabilities: { portMappings: true } },
		],
	});
}

function isAlive(pid: number): boolean {
	try {
		return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
	} catch {
		return false;
	}
}

function killHard(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		// Gone meanwhile.
	}
}
