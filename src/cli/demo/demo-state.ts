/** What of the demo is there, as the runtime tells it. */
import { demoLabel, isOfDemo } from '../../cri/demo-mark.ts';
import { isNotFound } from '../../cri/errors.ts';
import type { PodSandbox } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { demoUrlAnnotation } from './demo-plan.ts';

type Options = { readonly signal: AbortSignal };

/** One attempt of a container, for people and for `-o json`. */
export type DemoContainer = {
	readonly name: string;
	readonly attempt: number;
	readonly containerId: string;
	readonly state: string;
	/** undefined while it runs. */
	readonly exitCode: number | undefined;
	readonly reason: string;
};

/** A pod of the demo with its containers, the first attempt first. */
export type DemoPodState = {
	readonly name: string;
	readonly namespace: string;
	readonly podSandboxId: string;
	readonly state: string;
	/** Where it answers on the host. */
	readonly url: string | undefined;
	readonly containers: readonly DemoContainer[];
};

/** Every pod with the demo's mark, in no order. */
export async function listDemoPods(client: CriClient, options: Options): Promise<readonly PodSandbox[]> {
	const marked = { labelSelector: { [demoLabel]: 'true' } };
	const pods = await client.runtime.listPodSandbox(marked, options);
	// A runtime that forgets the selector must not make us remove what is not ours.
	return pods.filter(isOfDemo);
}

/** Reads how each container of these pods is. What goes away meanwhile is left out. */
export async function readDemoState(
	client: CriClient,
	pods: readonly PodSandbox[],
	options: Options,
): Promise<readonly DemoPodState[]> {
	const { runtime } = client;
	return Promise.all(
		pods.map(async (pod) => {
			const listed = await runtime.listContainers({ podSandboxId: pod.id }, options);
			const read = await Promise.all(
				listed.map(async ({ id }) => {
					try {
						return [await runtime.containerStatus(id, { verbose: false }, options)];
					} catch (error) {
						if (isNotFound(error)) return [];
						throw error;
					}
				}),
			);
			const containers = read
				.flat()
				.map(({ id, metadata, state, exitCode, reason }) => ({
					...metadata,
					containerId: id,
					state,
					exitCode: state === 'exited' ? exitCode : undefined,
					reason,
				}))
				.toSorted((one, other) => one.attempt - other.attempt);
			const { name, namespace } = pod.metadata;
			const url = pod.annotations[demoUrlAnnotation];
			return { name, namespace, podSandboxId: pod.id, state: pod.state, url, containers };
		}),
	);
}
