/** Removes the pods that a manifest names. */
import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObject } from '../failures.ts';
import type { OutputFormat } from '../output/format-flag.ts';
import { print } from '../output/print.ts';
import { printResults } from '../output/results.ts';
import type { VerbContext } from '../verb.ts';
import { findApplied, removeApplied } from './apply-pod.ts';
import type { Manifest } from './manifest.ts';
import { applyHash, podNameOf } from './pod-plan.ts';

/** Removes them one after the other; one that is not there is no failure. @returns the exit code */
export async function deletePods(
	client: CriClient,
	manifests: readonly Manifest[],
	{ format, graceSeconds }: { readonly format: OutputFormat; readonly graceSeconds: number | undefined },
	context: VerbContext,
): Promise<number> {
	const results: unknown[] = [];
	const pods = manifests.flatMap((manifest) => manifest.pods.map(podNameOf));
	const exitCode = await forEachObject(pods, context, async (pod) => {
		const path = `${pod.namespace}/${pod.name}`;
		const there = await findApplied(client, pod, context);
		if (there && there.annotations[applyHash] === undefined) {
			throw new Error(`cannot delete pod "${path}": criscope apply did not make it; criscope rmp removes it`);
		}
		if (there) await removeApplied(client, there, graceSeconds);
		const action = there ? 'deleted' : 'absent';
		results.push({ ...pod, action });
		if (format === 'table') await print(context, `pod ${sanitizeLine(path)} ${action}\n`);
	});
	await printResults(results, format, context);
	return exitCode;
}
