/** Makes one pod of a manifest, or finds that it is there as it should be. */
import { randomUUID } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { hostname, networkInterfaces, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerId } from '../../cri/ids.ts';
import type { PodSandbox } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import type { PodName } from '../requests/pod-words.ts';
import { type EnsureOptions, ensureImage, type PullPolicy } from '../run/ensure-image.ts';
import { letFinish } from '../run/let-finish.ts';
import { logPieces } from '../run/log-output.ts';
import { hostsMount, type MadePod, makeContainer, makePod, undoPod } from '../run/make-pod.ts';
import { removePod } from '../run/remove-pod.ts';
import type { VerbContext } from '../verb.ts';
import type { EnvFacts } from './environment.ts';
import type { ContainerSpec, Manifest, PodManifest } from './manifest.ts';
import {
	applyGrace,
	applyHash,
	containerConfig,
	manifestHash,
	podNameOf,
	readResolvConf,
	sandboxConfig,
} from './pod-plan.ts';
import { knownUser, mustNotBeRoot } from './security.ts';
import { type MadeVolume, makeVolumes, mountsOf } from './volumes.ts';

/** What came of a pod. */
export type Applied = {
	readonly namespace: string;
	readonly name: string;
	readonly action: 'created' | 'unchanged' | 'replaced';
	readonly podSandboxId: string;
};

/** How pods are applied. */
export type ApplyOptions = {
	/** Takes the place of a pod that differs. */
	readonly replace: boolean;
	readonly runtimeHandler: string | undefined;
	/** For the old pod of a replacement, instead of its own. */
	readonly graceSeconds: number | undefined;
	/** How images are brought; a policy of its own goes over the manifest's. */
	readonly images: Omit<EnsureOptions, 'policy'> & { readonly policy: PullPolicy | undefined };
	readonly tell: (line: string) => void;
};

const pollMs = 50;
const shownLogLines = 10;
const shownLogBytes = 64 * 1024;
const removeWithinMs = 300_000;

/** The pod of that name that was applied, or another one; the newest counts. */
export async function findApplied(
	client: CriClient,
	{ namespace, name }: { readonly namespace: string; readonly name: string },
	context: VerbContext,
): Promise<PodSandbox | undefined> {
	const pods = await client.runtime.listPodSandbox(undefined, context);
	return pods
		.filter(({ metadata }) => metadata.name === name && metadata.namespace === namespace)
		.sort((a, b) => Number((b.createdAtNanos ?? 0n) - (a.createdAtNanos ?? 0n)))[0];
}

/** Removes a pod that was applied, within the grace it was given. @param graceSeconds instead of its own */
export async function removeApplied(
	client: CriClient,
	pod: PodSandbox,
	graceSeconds: number | undefined,
): Promise<void> {
	const grace = graceSeconds ?? Number(pod.annotations[applyGrace] ?? 0);
	await removePod(client, pod.metadata, grace, { signal: AbortSignal.timeout(removeWithinMs) });
}

function policyOf({ image = '', imagePullPolicy }: ContainerSpec): PullPolicy {
	if (imagePullPolicy === 'Always') return 'always';
	if (imagePullPolicy === 'Never') return 'never';
	if (imagePullPolicy === 'IfNotPresent') return 'missing';
	// Without a tag, or with the one that moves, a kubelet looks for a newer one each time.
	const [, tag = image.includes('@') ? 'digest' : 'latest'] =
		/:([^/:@]+)$/u.exec(image.replace(/@.*$/u, '')) ?? [];
	return tag === 'latest' ? 'always' : 'missing';
}

async function bringImages(
	client: CriClient,
	pod: PodManifest,
	{ images }: ApplyOptions,
	context: VerbContext,
) {
	const spec = pod.spec ?? {};
	for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
		const { image = '', name = '' } = container;
		await ensureImage(client, image, { ...images, policy: images.policy ?? policyOf(container) }, context);
		if (!mustNotBeRoot(spec, container)) continue;
		const { image: there } = await client.images.imageStatus(image, { verbose: false }, context);
		const named = there?.username !== undefined && there.username !== '' && there.username !== 'root';
		const user =
			knownUser(spec, container) ?? (there?.uid === undefined ? (named ? undefined : 0) : Number(there.uid));
		if (user === 0)
			throw new Error(`cannot make container "${name}": runAsNonRoot is set, and it would run as root`);
	}
	for (const volume of spec.volumes ?? []) {
		const { reference, pullPolicy } = volume.image ?? {};
		if (reference)
			await ensureImage(
				client,
				reference,
				{ ...images, policy: images.policy ?? policyOf({ image: reference, imagePullPolicy: pullPolicy }) },
				context,
			);
	}
}

/** The last bytes of a file, which may be of any size. */
async function readEnd(path: string): Promise<string> {
	await using file = await open(path);
	const { size } = await file.stat();
	const from = Math.max(0, size - shownLogBytes);
	const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
	return buffer.toString('utf8', 0, bytesRead);
}

/** The end of a log, for who has to know why a container failed. */
async function logTail(path: string): Promise<readonly string[]> {
	const text = await readEnd(path).catch(() => '');
	const lines = logPieces(text)
		.map((piece) => piece.text)
		.join('')
		.trimEnd()
		.split('\n');
	return lines.filter(Boolean).slice(-shownLogLines).map(sanitizeLine);
}

async function waitForInit(
	client: CriClient,
	id: ContainerId,
	name: string,
	{ tell }: ApplyOptions,
	signal: AbortSignal,
): Promise<void> {
	for (;;) {
		const { state, exitCode, logPath } = await client.runtime.containerStatus(
			id,
			{ verbose: false },
			{ signal },
		);
		if (state === 'exited' && exitCode === 0) return;
		if (state === 'exited') {
			for (const line of await logTail(logPath)) tell(`${name}: ${line}`);
			throw new Error(`cannot go on: init container "${name}" ended with exit code ${exitCode}`);
		}
		await delay(pollMs, undefined, { signal });
	}
}

/** An address of this host that others reach; the loopback where there is none. */
function hostAddress(): string {
	const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

/** Facts that variables are made of; addresses only once the pod has them. */
export function envFacts(
	pod: PodManifest,
	manifest: Manifest,
	podName: PodName,
	podIps: readonly string[],
): EnvFacts {
	const { configMaps, secrets } = manifest;
	const { namespace, uid } = podName;
	return { pod, configMaps, secrets, namespace, uid, podIps, hostname: hostname(), hostIp: hostAddress() };
}

async function startContainers(
	client: CriClient,
	made: MadePod,
	[pod, manifest, podName]: readonly [PodManifest, Manifest, PodName],
	volumes: ReadonlyMap<string, MadeVolume>,
	options: ApplyOptions,
	context: VerbContext,
): Promise<void> {
	const { spec = {} } = pod;
	const facts = { ...envFacts(pod, manifest, podName, made.addresses), capacityBytes: BigInt(totalmem()) };
	const aliases = (spec.hostAliases ?? []).map(({ ip = '', hostnames = [] }) => ({
		address: ip,
		names: hostnames,
	}));
	const hosts = spec.hostNetwork && aliases.length === 0 ? undefined : await hostsMount(made, aliases);
	const start = async (container: ContainerSpec, at: string): Promise<ContainerId> => {
		const mounts = await mountsOf(container, volumes, at);
		const own = mounts.some(({ containerPath }) => containerPath === '/etc/hosts');
		const config = {
			...containerConfig(pod, podName, container, at, facts),
			mounts: [...mounts, ...(hosts && !own ? [hosts] : [])],
		};
		const id = await makeContainer(client, made, config, context);
		await client.runtime.startContainer(id, { signal: letFinish(context.signal) });
		context.signal.throwIfAborted();
		return id;
	};
	for (const [index, container] of (spec.initContainers ?? []).entries()) {
		const id = await start(container, `spec.initContainers[${index}]`);
		// One that is to be restarted always is a sidecar: it starts first, and stays.
		if (container.restartPolicy !== 'Always')
			await waitForInit(client, id, container.name ?? '', options, context.signal);
	}
	for (const [index, container] of (spec.containers ?? []).entries())
		await start(container, `spec.containers[${index}]`);
}

async function createPod(
	client: CriClient,
	pod: PodManifest,
	manifest: Manifest,
	options: ApplyOptions,
	context: VerbContext,
): Promise<string> {
	const { spec = {} } = pod;
	const podName = { ...podNameOf(pod), uid: randomUUID() };
	const resolvConf = readResolvConf(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''));
	const config = sandboxConfig(pod, podName, { hash: manifestHash(pod, manifest), resolvConf });
	await using undo = new AsyncDisposableStack();
	undo.defer(() => undoPod(client, config));
	const volumes = await makeVolumes(spec, envFacts(pod, manifest, podName, []), context);
	const handler = options.runtimeHandler ?? spec.runtimeClassName ?? '';
	const made = await makePod(client, config, handler, context);
	await startContainers(client, made, [pod, manifest, podName], volumes, options, context);
	undo.move();
	return made.id;
}

/**
 * Brings a pod to what its manifest says. One that failed midway is undone; the old one of a replacement is gone then.
 * @throws Error where another pod has the name, or the same one differs and `replace` was not asked for.
 */
export async function applyPod(
	client: CriClient,
	pod: PodManifest,
	manifest: Manifest,
	options: ApplyOptions,
	context: VerbContext,
): Promise<Applied> {
	const podName = podNameOf(pod);
	const path = `${podName.namespace}/${podName.name}`;
	const there = await findApplied(client, podName, context);
	const hash = there?.annotations[applyHash];
	if (there && hash === undefined) {
		throw new Error(
			`cannot apply pod "${path}": there is one of that name which criscope apply did not make`,
		);
	}
	const same = hash === manifestHash(pod, manifest);
	if (there && same && there.state === 'ready')
		return { ...podName, action: 'unchanged', podSandboxId: there.id };
	if (there && !same && !options.replace) {
		throw new Error(
			`cannot apply pod "${path}": it is there, and differs; --replace removes it and makes it anew`,
		);
	}
	await bringImages(client, pod, options, context);
	if (there) await removeApplied(client, there, options.graceSeconds);
	const podSandboxId = await createPod(client, pod, manifest, options, context);
	return { ...podName, action: there ? 'replaced' : 'created', podSandboxId };
}
