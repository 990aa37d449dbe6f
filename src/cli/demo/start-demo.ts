/** Starts the demo through the ordinary ports: images by a load, pods and containers as a kubelet would. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '../../cri/errors.ts';
import type { ContainerId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import { explainCriOnly } from '../images/cri-only.ts';
import { demoArchive } from './demo-archive.ts';
import { containerConfig, podConfig } from './demo-config.ts';
import { type DemoPod, demoPods } from './demo-plan.ts';
import { listDemoPods } from './demo-state.ts';
import { freePort } from './free-port.ts';
import { removeDemoImage, removeDemoPod, removeLogs } from './remove-demo.ts';

type Options = { readonly signal: AbortSignal };

const endWithinMs = 15_000;
const pollMs = 50;
const finishWithinMs = 15_000;
const undoWithinMs = 60_000;

/**
 * A signal that follows another one `afterMs` later. A call that makes something is let come to its end: cut short, the
 * runtime goes on making it, and an undoing that looks meanwhile misses it.
 */
function delayed(signal: AbortSignal, afterMs: number): AbortSignal {
	const late = new AbortController();
	const follow = () => void setTimeout(() => late.abort(signal.reason), afterMs).unref();
	signal.addEventListener('abort', follow, { once: true });
	return late.signal;
}

/** Waits until a program has ended that ends by itself; one that takes too long is shown as it is. */
async function waitForEnd(client: CriClient, id: ContainerId, options: Options): Promise<void> {
	const until = performance.now() + endWithinMs;
	while (performance.now() < until) {
		const { state } = await client.runtime.containerStatus(id, { verbose: false }, options);
		if (state === 'exited') return;
		await delay(pollMs, undefined, options);
	}
}

async function startPod(client: CriClient, pod: DemoPod, uid: string, options: Options): Promise<void> {
	const { runtime } = client;
	const whole = { signal: delayed(options.signal, finishWithinMs) };
	const hostPort = pod.containerPort === undefined ? undefined : await freePort();
	const config = podConfig(pod, uid, hostPort);
	const podSandboxId = await runtime.runPodSandbox({ config, runtimeHandler: '' }, whole);
	// The CRI restarts nothing: each attempt is a container of its own, made when the one before has ended.
	for (let attempt = 0; attempt < pod.attempts; attempt++) {
		options.signal.throwIfAborted();
		const request = {
			podSandboxId,
			config: containerConfig(pod, uid, attempt),
			sandboxConfig: config,
		};
		const id = await runtime.createContainer(request, whole);
		await runtime.startContainer(id, whole);
		if (pod.ends) await waitForEnd(client, id, options);
	}
}

async function loadImages(client: CriClient, archive: Uint8Array, options: Options): Promise<void> {
	try {
		const chunks = async function* () {
			const chunkBytes = 256 * 1024;
			for (let at = 0; at < archive.length; at += chunkBytes) yield archive.subarray(at, at + chunkBytes);
		};
		for await (const _ of client.transfers.loadImages({}, chunks(), options)) options.signal.throwIfAborted();
	} catch (error) {
		throw explainCriOnly(
			error,
			'load images, which the demo has to',
			"run the demo on criscope's own (criscope serve)",
		);
	}
}

async function namesThere(client: CriClient, options: Options): Promise<ReadonlySet<string>> {
	const images = await client.images.listImages(undefined, options);
	return new Set(images.flatMap(({ repoTags }) => repoTags));
}

/**
 * Loads the images and starts every pod. What fails midway, also by an abort, is undone: pods, images and logs of this call.
 * @param busybox a static program
 * @param tell gets one line for each step
 * @throws what the runtime throws, in one sentence; with what could not be undone, if anything
 */
export async function startDemo(
	client: CriClient,
	busybox: Uint8Array,
	tell: (line: string) => void,
	options: Options,
): Promise<void> {
	const pods = demoPods.map((pod) => ({ pod, uid: randomUUID() }));
	const before = await namesThere(client, options);
	const undo = async () => {
		// The signal may be what brought us here.
		const still = { signal: AbortSignal.timeout(undoWithinMs) };
		// By uid, since a call that was cut short may have made a pod whose id we never heard.
		const uids = new Set(pods.map(({ uid }): string => uid));
		for (const made of await listDemoPods(client, still)) {
			if (uids.has(made.metadata.uid)) await removeDemoPod(client, made, still);
		}
		for (const { pod, uid } of pods) {
			await removeLogs(pod.name, uid);
			if (!before.has(pod.image)) await removeDemoImage(client, pod.image, still);
		}
	};
	try {
		tell('Loading images made of busybox');
		await loadImages(client, await demoArchive(demoPods, busybox), options);
		for (const { pod, uid } of pods) {
			options.signal.throwIfAborted();
			tell(`Starting pod ${pod.name}`);
			await startPod(client, pod, uid, options);
		}
		options.signal.throwIfAborted();
	} catch (error) {
		try {
			tell('Undoing what was begun');
			await undo();
		} catch (left) {
			const cause = `${errorMessage(error)}; and it cannot be undone: ${errorMessage(left)}`;
			throw new Error(`cannot start the demo: ${cause}`, { cause: error });
		}
		throw error;
	}
}
