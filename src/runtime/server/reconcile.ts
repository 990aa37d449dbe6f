/** Looks after everything that nobody asks about: ends that nobody told of, removals that did not work, and leftovers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../cri/errors.ts';
import { isListed, podSandboxState } from '../store/states.ts';
import { dismantleContainer } from './container-dismantle.ts';
import { containerKey, containersOf, type PodParts, sandboxKey } from './pod-parts.ts';
import { dismantleSandbox, stopNetwork } from './sandbox-dismantle.ts';
import type { UsageSamples } from './usage-samples.ts';

/** Source: runtime.md section 9, 7 to 10 */
const everyMs = 10_000;
/** Plugins are programs. */
const networksEveryMs = 60_000;

type Parts = PodParts & { readonly samples: UsageSamples };

/** Runs until the signal ends it. Networks are looked after beside: a plugin that hangs must not keep ends from being seen. */
export async function reconcileUntil(parts: Parts, signal: AbortSignal): Promise<void> {
	const again = async (what: string, pauseMs: number, round: () => Promise<void>) => {
		while (!signal.aborted) {
			try {
				await round();
			} catch (error) {
				if (signal.aborted) return;
				parts.log('error', `looking after ${what} failed`, { error: errorMessage(error) });
			}
			await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
		}
	};
	await Promise.all([
		again('pods and containers', everyMs, () => reconcile(parts)),
		again('networks', networksEveryMs, () => collectNetworks(parts, signal)),
	]);
}

/** One round. */
async function reconcile(parts: Parts): Promise<void> {
	parts.creations.sweep();
	await noteEnds(parts);
	await finishRemovals(parts);
	const unsaved = [...(await parts.containers.saveUnsaved()), ...(await parts.sandboxes.saveUnsaved())];
	if (unsaved.length > 0)
		parts.log('warn', 'records cannot be written; they are kept in memory', { ids: unsaved });
	const ids = [...parts.containers.all(), ...parts.sandboxes.all()].map(({ id }) => id);
	parts.samples.keepOnly(new Set(ids));
}

async function noteEnds(parts: Parts): Promise<void> {
	const { processes } = parts;
	for (const record of parts.containers.all()) {
		const { id, init, monitor, finishedAtNanos, phase } = record;
		if (phase !== 'complete' || finishedAtNanos !== undefined || init === undefined) continue;
		if (processes.isAlive(init)) {
			if (monitor === undefined || processes.isAlive(monitor)) continue;
			// Nobody reads its output, and nobody will know how it ends. Source: cri-o#9295, cri-o#3022
			parts.log('error', 'the monitor (conmon) of a container has died; the container is killed', {
				object: id,
			});
			await processes
				.kill(id, parts.handlers.of(record), 'SIGKILL', { all: true })
				.catch((error: unknown) =>
					parts.log('warn', 'cannot kill a container', { object: id, error: errorMessage(error) }),
				);
		}
		await parts.ends.note(id);
	}
	for (const { id, infra, stoppedAtNanos, phase } of parts.sandboxes.all()) {
		if (phase !== 'complete' || infra === undefined || stoppedAtNanos !== undefined) continue;
		if (!processes.isAlive(infra.init)) await parts.ends.note(id);
	}
}

/** What could not be taken apart at once. A sandbox comes after its containers. */
export async function finishRemovals(parts: Parts): Promise<void> {
	const containers = parts.containers
		.all()
		.filter(({ id, phase }) => phase === 'removing' && !parts.queue.isBusy(containerKey(id)));
	await Promise.all(
		containers.map(({ id }) => parts.queue.run(containerKey(id), () => dismantleContainer(parts, id))),
	);
	const sandboxes = parts.sandboxes
		.all()
		.filter(({ id, phase }) => phase === 'removing' && !parts.queue.isBusy(sandboxKey(id)))
		.filter(({ id }) => containersOf(parts, id).length === 0);
	await Promise.all(
		sandboxes.map(({ id }) => parts.queue.run(sandboxKey(id), () => dismantleSandbox(parts, id))),
	);
}

/** Gives back what plugins could not give back before. */
async function collectNetworks(parts: Parts, signal: AbortSignal): Promise<void> {
	const stopped = parts.sandboxes
		.all()
		.filter((record) => isListed(record) && podSandboxState(record) !== 'ready' && !record.networkStopped)
		.filter(({ id }) => !parts.queue.isBusy(sandboxKey(id)));
	// Not in the queue of the pod: a stop must not wait behind it, and detaching twice at a time does no harm.
	await Promise.all(stopped.map(({ id }) => stopNetwork(parts, id)));
	const live = parts.sandboxes.all().filter(({ networkStopped }) => !networkStopped);
	const failures = await parts.network.collect(new Set(live.map(({ id }) => id)), { signal });
	for (const failure of failures) {
		parts.log('warn', 'a network attachment of a pod that is gone remains', { error: failure.message });
	}
}
