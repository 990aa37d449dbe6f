/** CRI-O, Podman (the machine's, and a 5.x where there is one) and `criscope serve` on one graph root and one run root. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { ContainerId } from '../../src/cri/ids.ts';
import type { CriClient } from '../../src/cri/ports.ts';
import { createCriClient } from '../../src/cri/transport/client.ts';
import { type Crio, findCrio, startCrio } from './crio.ts';
import { findJudge } from './judges.ts';
import { type PodRig, privatePids, startPodRig } from './pod-rig.ts';
import { openPodman, type Podman, podmanRequirements } from './podman.ts';
import { whatIsMissing } from './requires.ts';
import { smallImage } from './stock-images.ts';
import { readStoreFiles } from './store-files.ts';

const programs = findCrio();
const newerPodman = findJudge('podman5');

/** What a machine lacks for it, as the end of a suite's name. CRI-O is found by `$CRIO` or on the PATH, the other Podman by `$PODMAN5`. */
export const missingForSharedStore =
	programs === undefined
		? ' [skipped, missing: crio]'
		: whatIsMissing(...podmanRequirements, 'docker-registry', '/usr/lib/cni/bridge', '/bin/busybox');

/** All of them on one store, with a registry. */
export type SharedStore = {
	/** Ours. */
	readonly rig: PodRig;
	/** 4.3, and 5.x where there is one. */
	readonly podmans: readonly [Podman, ...Podman[]];
	ours(): CriClient;
	theirs(): CriClient;
	/** CRI-O's process; another one after each start. */
	crio(): Crio;
	startTheirs(): Promise<void>;
	/** All pods of CRI-O's. */
	removeTheirs(): Promise<void>;
	/** A new image in the registry. @returns its name */
	fresh(word: string): Promise<string>;
	/** All list the same images, by the same names. @returns what they list */
	expectAgreement(): Promise<readonly string[]>;
	/** Podman 5 and CRI-O read every file of every layer against its tar-split. */
	expectWhole(): Promise<void>;
	/** A pod of the host's network with one container that waits. */
	runOn(client: () => CriClient, image: string): Promise<WaitingPod>;
	stop(): Promise<void>;
};

/** A container that does nothing but wait, and its pod. */
export type WaitingPod = {
	readonly id: ContainerId;
	sh(script: string): Promise<string>;
	remove(): Promise<void>;
};

/** Starts all of them; in a `beforeAll`. @param word for the folder's name */
export async function startSharedStore(word: string): Promise<SharedStore> {
	if (programs === undefined) throw new Error('there is no CRI-O here');
	const undo = new AsyncDisposableStack();
	try {
		return await start(word, programs, undo);
	} catch (error) {
		await undo.disposeAsync();
		throw error;
	}
}

async function start(
	word: string,
	found: NonNullable<typeof programs>,
	undo: AsyncDisposableStack,
): Promise<SharedStore> {
	const rig = await startPodRig(word);
	undo.defer(() => rig.stop());
	const { graphRoot, runRoot } = rig.serve;
	const at = (name: string) => path.join(rig.dir, name);
	mkdirSync(at('net'));
	writeFileSync(
		at('net/10-lo.conflist'),
		JSON.stringify({ cniVersion: '1.0.0', name: 'lo', plugins: [{ type: 'loopback' }] }),
	);
	// What one Podman chose is remembered in the store, and the older one does not have the newer one's.
	const network = newerPodman === undefined ? undefined : 'network_backend = "cni"';
	const podman = openPodman({ dir: at('podman'), graphRoot, runRoot, network });
	const podmans: [Podman, ...Podman[]] = [podman];
	if (newerPodman !== undefined)
		podmans.push(openPodman({ dir: at('podman5'), graphRoot, runRoot, program: newerPodman }));
	for (const one of podmans) undo.defer(() => one.stop());
	// CRI-O makes the layer of a sandbox from it, and runs nothing of it.
	await rig.registry.push('pause', '3.9', smallImage('pause'));
	const startCrioHere = () =>
		startCrio(found, {
			...{ dir: at('crio'), registryHost: rig.registry.host, cniDir: at('net') },
			store: { graphRoot, runRoot },
		});
	let crio = await startCrioHere();
	undo.defer(() => crio[Symbol.asyncDispose]());
	let theirs = createCriClient(crio.endpoint);
	undo.defer(() => theirs.close());
	undo.defer(removeTheirs);

	async function startTheirs(): Promise<void> {
		theirs.close();
		crio = await startCrioHere();
		theirs = createCriClient(crio.endpoint);
	}

	async function removeTheirs(): Promise<void> {
		const { runtime } = theirs;
		for (const { id, state } of await runtime.listContainers())
			if (state === 'running') await runtime.stopContainer(id, 0);
		for (const { id } of await runtime.listPodSandbox()) await runtime.removePodSandbox(id);
	}

	async function fresh(word: string): Promise<string> {
		const repository = `${word}-${randomUUID().slice(0, 8)}`;
		await rig.registry.push(repository, '1', smallImage(repository));
		return `${rig.registry.host}/${repository}:1`;
	}

	const ours = () => rig.serve.client();

	async function expectAgreement(): Promise<readonly string[]> {
		const [first = [], ...others] = await imagesBy([ours(), theirs], podmans);
		for (const other of others) expect(other).toEqual(first);
		return first;
	}

	async function expectWhole(): Promise<void> {
		const { problems } = readStoreFiles(rig.serve.graphRoot);
		// Records of pods and containers, while there are some.
		expect(problems.filter((problem) => !problem.startsWith('criscope/'))).toEqual([]);
		const [, newer] = podmans;
		if (newer !== undefined && newerPodman !== undefined) {
			const { env } = newer;
			const said = await new Promise<string>((resolve) => {
				execFile(newerPodman, ['system', 'check'], { env }, (error, stdout, stderr) =>
					resolve(error === null ? '' : stdout + stderr),
				);
			});
			expect(said).toBe('');
		}
		expect(await crio.command('check')).not.toMatch(/damaged|errors? (?:were )?found/i);
	}

	return {
		...{ rig, podmans, ours, startTheirs, removeTheirs, fresh, expectAgreement, expectWhole },
		theirs: () => theirs,
		crio: () => crio,
		runOn: (client, image) => runOn(at('logs'), client, image),
		stop: () => undo.disposeAsync(),
	};
}

/** What each of them lists, by its own words, as lines. */
async function imagesBy(
	clients: readonly CriClient[],
	podmans: readonly Podman[],
): Promise<readonly (readonly string[])[]> {
	const line = (id: string, tags: readonly string[], digests: readonly string[]) =>
		`${id.replace('sha256:', '')} ${[...tags].sort().join()} ${[...digests].sort().join()}`;
	const byCri = async ({ images }: CriClient) =>
		(await images.listImages()).map(({ id, repoTags, repoDigests }) => line(id, repoTags, repoDigests));
	const byPodman = async (one: Podman) =>
		(await one.images()).map(({ Id, Names, RepoDigests }) => line(Id, Names ?? [], RepoDigests ?? []));
	const all = await Promise.all([...clients.map(byCri), ...podmans.map(byPodman)]);
	// Podman lists an image once for each of its names, with all of them.
	return all.map((lines) => [...new Set(lines)].sort());
}

/** A pod of the host's network with one container that waits. */
async function runOn(logsDir: string, client: () => CriClient, image: string): Promise<WaitingPod> {
	const { runtime } = client();
	const name = `on-${randomUUID().slice(0, 8)}`;
	const linux = {
		securityContext: {
			namespaceOptions: { ...privatePids.securityContext.namespaceOptions, network: 'NODE' },
		},
	};
	const config = {
		metadata: { name, namespace: 'test', uid: name, attempt: 0 },
		logDirectory: path.join(logsDir, name),
		linux,
	};
	const podId = await runtime.runPodSandbox({ config, runtimeHandler: '' });
	const id = await runtime.createContainer({
		podSandboxId: podId,
		sandboxConfig: config,
		config: {
			metadata: { name, attempt: 0 },
			image: { image, userSpecifiedImage: image },
			command: ['/bin/sh', '-c', 'while :; do sleep 1; done'],
			logPath: 'c.log',
			linux,
		},
	});
	await runtime.startContainer(id);
	return {
		id,
		async sh(script: string): Promise<string> {
			const command = ['/bin/sh', '-c', script];
			const { stdout } = await client().runtime.execSync({ containerId: id, command, timeoutSeconds: 20 });
			return Buffer.from(stdout).toString();
		},
		async remove(): Promise<void> {
			// CRI-O waits for a container that ignores SIGTERM as long as its caller would.
			await client().runtime.stopContainer(id, 0);
			await client().runtime.stopPodSandbox(podId);
			await client().runtime.removePodSandbox(podId);
		},
	};
}
