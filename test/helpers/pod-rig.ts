import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { ContainerId, PodSandboxId } from '../../src/cri/ids.ts';
import type { ContainerStatus } from '../../src/cri/model.ts';
import type { ProtocolMessage } from '../../src/cri/sandbox-config.ts';
import { eventually } from './child-process.ts';
import { type Registry, startRegistry } from './registry.ts';
import { type Serve, startServe } from './serve.ts';
import { smallImage } from './stock-images.ts';

/** A runtime with one busybox image, and short ways to make pods and containers on it. */
export type PodRig = {
	readonly serve: Serve;
	readonly registry: Registry;
	readonly image: string;
	readonly dir: string;
	/** Runs a pod of its own. */
	pod(options?: {
		readonly linux?: ProtocolMessage;
		readonly hostname?: string;
		readonly name?: string;
	}): Promise<Pod>;
	/** Waits until the client has found the runtime again after a start. */
	ready(): Promise<void>;
	/** What is outside of the records and must be gone when nothing runs, by kind. */
	leftovers(): Readonly<Record<string, readonly string[]>>;
	stop(): Promise<void>;
};

export type Pod = {
	readonly id: PodSandboxId;
	readonly config: Parameters<ReturnType<Serve['client']>['runtime']['runPodSandbox']>[0]['config'];
	/** Creates a container that runs a shell script. */
	create(script: string, options?: ProtocolMessage): Promise<ContainerId>;
	/** Creates and starts one. */
	run(script: string, options?: ProtocolMessage): Promise<ContainerId>;
	/** The text of a container's log file, without the prefixes. */
	log(container: ContainerId): Promise<string>;
	ended(container: ContainerId): Promise<ContainerStatus>;
	sh(container: ContainerId, script: string): Promise<string>;
};

/** Processes of a pod of its own, as a kubelet asks for it. */
export const privatePids = { securityContext: { namespaceOptions: { pid: 'CONTAINER' } } };

/** @param word for the folder's name */
export async function startPodRig(word: string, flags: readonly string[] = []): Promise<PodRig> {
	const dir = mkdtempSync(`/var/tmp/criscope-${word}-`);
	const registry: Registry = await startRegistry({ dir: path.join(dir, 'registry') });
	await registry.push(word, 'v1', smallImage(word));
	const serve = await startServe({ dir: path.join(dir, 's'), insecureHosts: [registry.host], flags });
	const image = `${registry.host}/${word}:v1`;
	await serve.client().images.pullImage({ image });
	let count = 0;
	const unique = () => {
		count += 1;
		return `${word}-${process.pid}-${Date.now()}-${count}`;
	};
	const runtime = () => serve.client().runtime;

	async function pod({ linux = privatePids, hostname, name = unique() }: Parameters<PodRig['pod']>[0] = {}) {
		const config = {
			metadata: { name, namespace: 'test', uid: name, attempt: 0 },
			logDirectory: path.join(dir, 'logs', name),
			...(hostname === undefined ? {} : { hostname }),
			linux,
		};
		const id = await runtime().runPodSandbox({ config, runtimeHandler: '' });
		const create = async (script: string, options: ProtocolMessage = {}) => {
			const container = unique();
			return runtime().createContainer({
				podSandboxId: id,
				sandboxConfig: config,
				config: {
					metadata: { name: container, attempt: 0 },
					image: { image },
					command: ['/bin/sh', '-c', script],
					logPath: `${container}.log`,
					linux,
					...options,
				},
			});
		};
		const status = (container: ContainerId) => runtime().containerStatus(container, { verbose: false });
		const made: Pod = {
			id,
			config,
			create,
			async run(script, options) {
				const container = await create(script, options);
				await runtime().startContainer(container);
				return container;
			},
			async log(container) {
				const { logPath } = await status(container);
				return readFileSync(logPath, 'utf8').replace(/^\S+ \S+ \S+ /gm, '');
			},
			ended: (container) =>
				eventually(`container ${container} to end`, async () => {
					const told = await status(container);
					return told.state === 'exited' && told;
				}),
			async sh(container, script) {
				const result = await runtime().execSync({
					containerId: container,
					command: ['/bin/sh', '-c', script],
					timeoutSeconds: 20,
				});
				return Buffer.from(result.stdout).toString() + Buffer.from(result.stderr).toString();
			},
		};
		return made;
	}

	const files = (folder: string) => {
		try {
			return readdirSync(path.join(serve.runRoot, 'criscope', folder));
		} catch {
			return [];
		}
	};
	return {
		serve,
		registry,
		image,
		dir,
		pod,
		ready: async () => {
			await eventually(
				'the client to be connected',
				async () => (await runtime().version()).runtimeName !== '',
			);
		},
		leftovers: () => ({
			mounts: readFileSync('/proc/self/mountinfo', 'utf8')
				.split('\n')
				.map((line) => line.split(' ')[4] ?? '')
				// The store keeps two folders private for as long as it is there.
				.filter((at) => at.startsWith(dir) && !/\/(overlay|mounts)$/.test(at)),
			namespaces: ['net', 'ipc', 'uts'].flatMap((kind) => files(`ns/${kind}`)),
			bundles: files('bundles'),
			sandboxes: files('sandboxes'),
			exits: readdirSync(path.join(serve.graphRoot, 'criscope/exits')),
			attach: files('attach'),
			containers: files('runc'),
			networks: readdirSync(path.join(serve.graphRoot, 'criscope/networks')),
			records: ['sandboxes', 'containers'].flatMap((kind) =>
				readdirSync(path.join(serve.graphRoot, 'criscope', kind)),
			),
			monitors: readdirSync('/proc')
				.filter((pid) => /^\d+$/.test(pid))
				.filter((pid) => commandLine(pid).startsWith(`conmon -b ${serve.runRoot}`)),
		}),
		async stop() {
			try {
				const client = serve.client();
				for (const { id } of await client.runtime.listPodSandbox()) await client.runtime.removePodSandbox(id);
			} finally {
				await serve.stop();
				await registry.stop();
				rmSync(dir, { recursive: true, force: true });
			}
		},
	};
}

function commandLine(pid: string): string {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
			.replaceAll('\0', ' ')
			.replace(/^\S*\//, '');
	} catch {
		return '';
	}
}

/** `leftovers` of a runtime on which nothing is left. */
export const nothing = {
	mounts: [],
	namespaces: [],
	bundles: [],
	sandboxes: [],
	exits: [],
	attach: [],
	containers: [],
	networks: [],
	records: [],
	monitors: [],
};
