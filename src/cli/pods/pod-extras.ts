/** What `pods -o wide` adds. */
import { isUnimplemented } from '../../cri/errors.ts';
import type { PodSandbox, PodSandboxStats } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { parseVerboseInfo } from '../../cri/verbose-info.ts';
import { portsText, usageCells } from '../containers/container-extras.ts';
import { ifThere } from '../objects/if-there.ts';
import { inParallel } from '../objects/in-parallel.ts';
import { measurePods, type Sampled, sampleIfNeeded } from '../stats/measure.ts';
import type { PodExtras } from './pod-table.ts';

type Options = { readonly signal: AbortSignal };

async function usages(client: CriClient, options: Options): Promise<readonly Sampled<PodSandboxStats>[]> {
	try {
		return await sampleIfNeeded(
			() => measurePods(client, { ids: undefined, labelSelector: {} }, options),
			options,
		);
	} catch (error) {
		// Old runtimes measure no pods; the rest of the table is known all the same.
		if (isUnimplemented(error)) return [];
		throw error;
	}
}

/** Finds out what the columns of -o wide show, by pod. */
export async function podExtras(
	client: CriClient,
	pods: readonly PodSandbox[],
	options: Options,
): Promise<ReadonlyMap<string, PodExtras>> {
	const [measured, containers, statuses] = await Promise.all([
		usages(client, options),
		client.runtime.listContainers(undefined, options),
		inParallel(pods, ({ id }) => ifThere(client.runtime.podSandboxStatus(id, { verbose: true }, options))),
	]);
	const byId = new Map(measured.map((item) => [String(item.stats.id), item]));
	return new Map(
		pods.map((pod, index): [string, PodExtras] => {
			const status = statuses[index];
			const usage = byId.get(pod.id);
			const own = containers.filter(({ podSandboxId }) => podSandboxId === pod.id);
			const running = own.filter(({ state }) => state === 'running').length;
			return [
				pod.id,
				{
					ip: status ? [status.ip, ...status.additionalIps].filter(Boolean).join(', ') : '',
					ports: portsText(parseVerboseInfo(status?.info ?? {}).portMappings),
					containers: `${running}/${own.length}`,
					...usageCells(usage?.cpuPercent, usage?.stats.memory?.workingSetBytes),
				},
			];
		}),
	);
}
