import { FailedPreconditionError } from '../../cri/errors.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { ContainerHalts } from './container-halt.ts';
import { runSteps } from './dismantle.ts';
import { emitEvent } from './emit-event.ts';
import { containersOf, type PodParts, sandboxKey } from './pod-parts.ts';
import { remember } from './remember.ts';
import { releaseSteps, stopNetwork } from './sandbox-dismantle.ts';

/**
 * RPC StopPodSandbox: its containers are killed, its network is given back. One that is unknown or stopped is no error, and
 * neither is a network plugin that fails: nothing blocks a stop.
 * Source: CRI api.proto, StopPodSandbox ("they must be forcibly terminated"); cri-o#4084
 */
export function createStopPodSandbox(
	parts: PodParts,
	halts: ContainerHalts,
): ServedRuntime['stopPodSandbox'] {
	return async (id, options) => {
		const record = parts.sandboxes.find(id);
		if (record === undefined || record.phase === 'creating') return;
		await stopSandbox(parts, halts, record.id, options?.signal);
	};
}

/** Stops it; once stopped, all that is left is its record, its files and its containers' records. */
export async function stopSandbox(
	parts: PodParts,
	halts: ContainerHalts,
	id: string,
	signal?: AbortSignal,
): Promise<void> {
	const before = parts.sandboxes.get(id);
	if (before === undefined) return;
	const wasReady = before.stoppedAtNanos === undefined;
	// From now on nothing is created in it.
	if (wasReady) await remember(parts.log, id, parts.sandboxes.update(id, { stoppedAtNanos: parts.now() }));
	await parts.creations.cancel(
		(name) => name.startsWith(containerCreationKey(id, '')),
		new FailedPreconditionError('the pod sandbox is stopped'),
	);
	await parts.queue.run(
		sandboxKey(id),
		async () => {
			const running = containersOf(parts, id).filter(({ finishedAtNanos }) => finishedAtNanos === undefined);
			const stops = running.map((container) => halts.stop(container.id, 0, { signal }));
			await Promise.all([stopNetwork(parts, id), ...stops]);
			const record = parts.sandboxes.get(id);
			if (record === undefined) return;
			await runSteps(releaseSteps(parts, record), id, parts.log);
			if (wasReady) emitEvent(parts, 'stopped', id, id);
		},
		{ signal },
	);
}

/** Under which name a container's creation is known while it lasts. */
export function containerCreationKey(podSandboxId: string, name: string): string {
	return `${podSandboxId} ${name}`;
}
