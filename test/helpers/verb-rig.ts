import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ContainerId, PodSandboxId } from '../../src/cri/ids.ts';
import type { CriClient } from '../../src/cri/ports.ts';
import type { ProtocolMessage } from '../../src/cri/sandbox-config.ts';
import { createCriClient } from '../../src/cri/transport/client.ts';
import { startPodRig } from './pod-rig.ts';
import { containerdRequirements, type Requirement, whatIsMissing } from './requires.ts';
import { type Ran, runCriscope } from './run-criscope.ts';
import { sampleImages } from './sample-images.ts';
import { sharedContainerd } from './shared-containerd.ts';

/** A container of the rig. Names are unique on the machine. */
export type RigContainer = { readonly id: ContainerId; readonly name: string; readonly logPath: string };

/** A runtime with pods of one test file, for the verbs that act on them. */
export type VerbRig = {
	readonly endpoint: string;
	readonly client: CriClient;
	/** For files of the tests; removed by `stop`. */
	readonly dir: string;
	pod(): Promise<{ readonly id: PodSandboxId; readonly name: string }>;
	/** Runs a shell script in a container, by default in the rig's own pod. */
	run(
		script: string,
		options?: { readonly pod?: PodSandboxId; readonly config?: ProtocolMessage },
	): Promise<RigContainer>;
	/** Runs a verb of the built program, without a terminal. */
	criscope(...args: readonly string[]): Promise<Ran>;
	stop(): Promise<void>;
};

/** A shell that does nothing until it is told to end, and then does so at once. */
export const untilTold = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";

type Place = {
	readonly endpoint: string;
	readonly image: string;
	readonly cgroupParent: string | undefined;
	stop(): Promise<void>;
};

async function onContainerd(): Promise<Place> {
	const { endpoint, cgroupParent } = sharedContainerd();
	return { endpoint, image: sampleImages.busybox, cgroupParent, stop: async () => undefined };
}

async function onServe(): Promise<Place> {
	const rig = await startPodRig('verbs');
	return { endpoint: rig.serve.endpoint, image: rig.image, cgroupParent: undefined, stop: () => rig.stop() };
}

const serveRequirements: readonly Requirement[] = [
	'root',
	'runc',
	'conmon',
	'docker-registry',
	'/bin/busybox',
];

/** The runtimes that verbs are tried on, and what is missing for each. */
export const verbRuntimes = [
	{ runtime: 'containerd', missing: whatIsMissing(...containerdRequirements), start: onContainerd },
	{ runtime: 'criscope serve', missing: whatIsMissing(...serveRequirements), start: onServe },
] as const;

/** Starts a rig. @param start of one of {@link verbRuntimes} */
export async function startVerbRig(start: () => Promise<Place>): Promise<VerbRig> {
	const place = await start();
	const dir = mkdtempSync(path.join(os.tmpdir(), 'criscope-verb-rig-'));
	const client = createCriClient(place.endpoint);
	const { runtime } = client;
	const configs = new Map<PodSandboxId, ProtocolMessage & { readonly metadata: unknown }>();
	let count = 0;
	const unique = (word: string) => `${word}-${process.pid}-${Date.now()}-${++count}`;
	const linux = { securityContext: { namespaceOptions: { pid: 'CONTAINER' } } };
	await client.images.pullImage({ image: place.image });

	async function pod() {
		const name = unique('pod');
		const logDirectory = path.join(dir, 'logs', name);
		mkdirSync(logDirectory, { recursive: true });
		const config = {
			metadata: { name, namespace: 'verbs', uid: name, attempt: 0 },
			logDirectory,
			linux: { ...linux, ...(place.cgroupParent && { cgroupParent: `${place.cgroupParent}/${name}` }) },
		};
		const id = await runtime.runPodSandbox({ config, runtimeHandler: '' });
		configs.set(id, config);
		return { id, name };
	}
	const own = await pod();

	return {
		endpoint: place.endpoint,
		client,
		dir,
		pod,
		async run(script, { pod: podSandboxId = own.id, config = {} } = {}) {
			const name = unique('c');
			const id = await runtime.createContainer({
				podSandboxId,
				sandboxConfig: configs.get(podSandboxId) as never,
				config: {
					metadata: { name, attempt: 0 },
					image: { image: place.image },
					command: ['/bin/sh', '-c', script],
					logPath: `${name}.log`,
					linux,
					...config,
				},
			});
			await runtime.startContainer(id);
			const { logPath } = await runtime.containerStatus(id, { verbose: false });
			return { id, name, logPath };
		},
		criscope: (...args) => runCriscope(['-r', place.endpoint, ...args]),
		async stop() {
			try {
				const left = new Set((await runtime.listPodSandbox()).map(({ id }) => id));
				for (const id of configs.keys()) {
					if (!left.has(id)) continue;
					await runtime.stopPodSandbox(id);
					await runtime.removePodSandbox(id);
				}
			} finally {
				client.close();
				await place.stop();
				rmSync(dir, { recursive: true, force: true });
			}
		},
	};
}
