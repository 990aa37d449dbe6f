/** Looks after what earlier runs with `--rm` could not remove themselves: a client was killed, or had detached. */
import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import type { VerbContext } from '../verb.ts';
import { clientAnnotation, isGone } from './client-mark.ts';
import { sweepPodFolders } from './pod-folder.ts';
import { removePod } from './remove-pod.ts';
import { runLabel } from './run-plan.ts';

/**
 * Removes pods of `--rm` whose container has ended and whose client is gone, and tells of those that still run.
 * Never fails: what comes after it is what was asked for.
 */
export async function tidyEarlierRuns(client: CriClient, context: VerbContext): Promise<void> {
	const options = { signal: context.signal };
	try {
		const pods = await client.runtime.listPodSandbox(undefined, options);
		for (const { id, labels, annotations, metadata } of pods) {
			const mark = annotations[clientAnnotation];
			if (labels[runLabel] !== 'rm' || mark === undefined) continue;
			const detached = mark === 'detached';
			if (!detached && !(await isGone(mark))) continue;
			const containers = await client.runtime.listContainers({ podSandboxId: id }, options);
			const lives = containers.some(({ state }) => state === 'running' || state === 'created');
			const name = sanitizeLine(`${metadata.namespace}/${metadata.name}`);
			if (!lives && containers.length > 0) {
				await removePod(client, metadata, 0, options);
				context.stderr.write(`criscope: removed pod ${name}, left by an earlier run --rm\n`);
			} else if (!detached) {
				const advice = `remove it with: criscope rmp -f ${sanitizeLine(id.slice(0, 13))}`;
				context.stderr.write(
					`criscope: pod ${name} was left running by a run --rm that was killed; ${advice}\n`,
				);
			}
		}
		const alive = new Set(pods.map(({ metadata }): string => metadata.uid));
		await sweepPodFolders(alive, client.runtimeEndpoint, context.now());
	} catch {
		context.signal.throwIfAborted();
	}
}
