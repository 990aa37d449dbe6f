/** What `ps -o wide` adds, some of which only the verbose answers hold. */
import type { Container, PodSandbox } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { type PortMapping, parsePortMappings, parseVerboseInfo } from '../../cri/verbose-info.ts';
import { ifThere } from '../objects/if-there.ts';
import { inParallel } from '../objects/in-parallel.ts';
import { humanSize } from '../output/human-size.ts';
import { percentText } from '../stats/cpu-percent.ts';
import { measureContainers, sampleIfNeeded } from '../stats/measure.ts';
import type { ContainerExtras } from './container-table.ts';

type Options = { readonly signal: AbortSignal };

/** `0.0.0.0:8080->80/tcp, 53/udp`, as Docker writes it. */
export function portsText(ports: readonly PortMapping[]): string {
	return ports
		.map(({ hostIp, hostPort, containerPort, protocol }) => {
			const inside = `${containerPort}/${protocol.toLowerCase()}`;
			return hostPort === 0 ? inside : `${hostIp === '' ? '' : `${hostIp}:`}${hostPort}->${inside}`;
		})
		.join(', ');
}

/** Use of CPU in percent and of memory in bytes, as tables show them. */
export function usageCells(
	cpu: number | undefined,
	memoryBytes: bigint | undefined,
): { readonly cpu: string; readonly memory: string } {
	return { cpu: percentText(cpu), memory: memoryBytes === undefined ? '-' : humanSize(memoryBytes, 4) };
}

/** What a pod's ports are: of its own configuration, for all of its containers. */
async function podPorts(
	client: CriClient,
	id: PodSandbox['id'],
	options: Options,
): Promise<readonly PortMapping[]> {
	const status = await client.runtime.podSandboxStatus(id, { verbose: true }, options);
	return parseVerboseInfo(status.info).portMappings;
}

/** Finds out what the columns of -o wide show, by container. */
export async function containerExtras(
	client: CriClient,
	containers: readonly Container[],
	options: Options,
): Promise<ReadonlyMap<string, ContainerExtras>> {
	const running = containers.some(({ state }) => state === 'running');
	const podIds = [...new Set(containers.map(({ podSandboxId }) => podSandboxId))];
	const [measured, statuses, ports] = await Promise.all([
		running
			? sampleIfNeeded(
					() => measureContainers(client, { ids: undefined, labelSelector: {} }, options),
					options,
				)
			: [],
		inParallel(containers, ({ id }) =>
			ifThere(client.runtime.containerStatus(id, { verbose: true }, options)),
		),
		inParallel(podIds, (id) => ifThere(podPorts(client, id, options))),
	]);
	const byId = new Map(measured.map((item) => [String(item.stats.id), item]));
	const portsOf = new Map(podIds.map((id, index) => [id, ports[index]]));
	return new Map(
		containers.map((container, index): [string, ContainerExtras] => {
			const usage = byId.get(container.id);
			// The kubelet notes a container's own ports; otherwise there are those of its pod.
			const own = parsePortMappings(kubeletPorts(container));
			return [
				container.id,
				{
					command: parseVerboseInfo(statuses[index]?.info ?? {}).args.join(' '),
					ports: portsText(own.length > 0 ? own : (portsOf.get(container.podSandboxId) ?? [])),
					...usageCells(usage?.cpuPercent, usage?.stats.memory?.workingSetBytes),
				},
			];
		}),
	);
}

function kubeletPorts({ annotations }: Container): string | undefined {
	return annotations['io.kubernetes.container.ports'];
}
