/** Takes away a pod that criscope made, with its containers, its logs and its folder. */
import { rm } from 'node:fs/promises';
import { isNotFound } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { type PodName, podLogDirectory } from '../requests/pod-words.ts';
import { removePodFolder } from './pod-folder.ts';

type Options = { readonly signal: AbortSignal };

/** Somebody else was faster, which is what was wanted. */
async function unlessGone(work: Promise<void>): Promise<void> {
	try {
		await work;
	} catch (error) {
		if (!isNotFound(error)) throw error;
	}
}

/**
 * Removes the pod of that uid; twice is no failure. By uid, since a call that was cut short may have made a sandbox whose id
 * nobody heard.
 * @param graceSeconds between asking its containers to end and killing them
 * @returns how many sandboxes were there
 */
export async function removePod(
	client: CriClient,
	pod: PodName,
	graceSeconds: number,
	options: Options,
): Promise<number> {
	const { runtime } = client;
	const labelSelector = { 'io.kubernetes.pod.uid': pod.uid };
	const listed = await runtime.listPodSandbox({ labelSelector }, options);
	// A runtime that forgets the selector must not make us remove what is not ours.
	const sandboxes = listed.filter(({ metadata }) => metadata.uid === pod.uid);
	for (const { id } of sandboxes) {
		const containers = await runtime.listContainers({ podSandboxId: id }, options);
		const running = containers.filter(({ state }) => state === 'running');
		await Promise.all(
			running.map((each) => unlessGone(runtime.stopContainer(each.id, graceSeconds, options))),
		);
		await unlessGone(runtime.stopPodSandbox(id, options));
		for (const each of containers) await unlessGone(runtime.removeContainer(each.id, options));
		await unlessGone(runtime.removePodSandbox(id, options));
	}
	// The uid is part of the path: nothing but what we name ourselves is deleted.
	if (/^[0-9a-f-]{36}$/u.test(pod.uid)) {
		await rm(podLogDirectory(pod), { recursive: true, force: true });
		await removePodFolder(pod.uid);
	}
	return sandboxes.length;
}
