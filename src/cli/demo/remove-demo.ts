/** Takes the demo away: what is marked, and nothing else. */
import { rm, rmdir } from 'node:fs/promises';
import { isNotFound } from '../../cri/errors.ts';
import type { PodSandbox } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { podLogDirectory } from './demo-config.ts';
import { demoLogRoot, demoNamespace, demoPods } from './demo-plan.ts';

type Options = { readonly signal: AbortSignal };

/** Its programs end on SIGTERM at once; only one that hangs needs longer. */
const graceSeconds = 2;

/** Somebody else was faster, which is what was wanted. */
async function unlessGone(work: Promise<void>): Promise<void> {
	try {
		await work;
	} catch (error) {
		if (!isNotFound(error)) throw error;
	}
}

/** Removes one pod with its containers and its folder of logs. */
export async function removeDemoPod(client: CriClient, pod: PodSandbox, options: Options): Promise<void> {
	const { runtime } = client;
	const containers = await runtime.listContainers({ podSandboxId: pod.id }, options);
	for (const { id } of containers) await unlessGone(runtime.stopContainer(id, graceSeconds, options));
	await unlessGone(runtime.stopPodSandbox(pod.id, options));
	for (const { id } of containers) await unlessGone(runtime.removeContainer(id, options));
	await unlessGone(runtime.removePodSandbox(pod.id, options));
	const { name, namespace, uid } = pod.metadata;
	const ours = demoPods.some((planned) => planned.name === name) && namespace === demoNamespace;
	// The mark is anybody's to give, and a uid is a part of the path: nothing but what we name ourselves is deleted.
	if (ours && /^[0-9a-f-]{36}$/u.test(uid)) await removeLogs(name, uid);
}

/** Removes the logs of one pod, and their common folder with the last of them. Twice is no failure. */
export async function removeLogs(name: string, uid: string): Promise<void> {
	await rm(podLogDirectory(name, uid), { recursive: true, force: true });
	try {
		await rmdir(demoLogRoot);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error;
	}
}

/**
 * Removes one image of the demo; of one that somebody gave another name only ours goes.
 * @returns false where there is none
 */
export async function removeDemoImage(client: CriClient, name: string, options: Options): Promise<boolean> {
	const { image } = await client.images.imageStatus(name, { verbose: false }, options);
	if (!image) return false;
	if (image.repoTags.some((tag) => tag !== name)) {
		await client.transfers.untagImage({ image: name, tags: [name] }, options);
	} else {
		await unlessGone(client.images.removeImage(name, options));
	}
	return true;
}
