/** Pods for people. Source: cri-tools v1.36 cmd/crictl/sandbox.go (OutputPodSandboxes). */
import { shortId } from '../../cri/ids.ts';
import type { PodSandbox } from '../../cri/model.ts';
import { goTime } from '../output/go-time.ts';
import { agoText } from '../output/human-duration.ts';
import { mapLines, paragraph } from '../output/paragraph.ts';
import { tableText } from '../output/table.ts';

const stateWords = { ready: 'Ready', notReady: 'NotReady', unknown: 'Unknown' } as const;

/** Columns of -o wide, beside the usual ones. */
export type PodExtras = {
	readonly ip: string;
	readonly ports: string;
	readonly containers: string;
	readonly cpu: string;
	readonly memory: string;
};

function runtimeOf(pod: PodSandbox): string {
	return pod.runtimeHandler === '' ? '(default)' : pod.runtimeHandler;
}

/** The table; with more columns where there are extras. */
export function podsTable(
	pods: readonly PodSandbox[],
	options: {
		readonly noTrunc: boolean;
		readonly nowMs: number;
		readonly extras?: ReadonlyMap<string, PodExtras> | undefined;
	},
): string {
	const { noTrunc, nowMs, extras } = options;
	const header = ['POD ID', 'CREATED', 'STATE', 'NAME', 'NAMESPACE', 'ATTEMPT', 'RUNTIME'];
	const wide = extras ? ['IP', 'PORTS', 'CONTAINERS', 'CPU %', 'MEM'] : [];
	const rows = pods.map((pod) => {
		const extra = extras?.get(pod.id);
		return [
			noTrunc ? pod.id : shortId(pod.id),
			agoText(pod.createdAtNanos, nowMs),
			stateWords[pod.state],
			pod.metadata.name,
			pod.metadata.namespace,
			String(pod.metadata.attempt),
			runtimeOf(pod),
			...(extras
				? [extra?.ip, extra?.ports, extra?.containers, extra?.cpu, extra?.memory].map((cell) => cell || '-')
				: []),
		];
	});
	return tableText([[...header, ...wide], ...rows]);
}

/** Paragraphs of `key: value` lines. */
export function podsVerbose(pods: readonly PodSandbox[]): string {
	return pods
		.map(({ metadata, ...pod }) =>
			[
				paragraph([
					['ID', pod.id],
					metadata.name === '' ? undefined : ['Name', metadata.name],
					metadata.uid === '' ? undefined : ['UID', metadata.uid],
					metadata.namespace === '' ? undefined : ['Namespace', metadata.namespace],
					metadata.attempt === 0 ? undefined : ['Attempt', metadata.attempt],
					['Status', stateWords[pod.state]],
					['Created', goTime(pod.createdAtNanos ?? 0n)],
				]),
				mapLines('Labels', pod.labels),
				mapLines('Annotations', pod.annotations),
				paragraph([['Runtime', runtimeOf({ metadata, ...pod })]]),
				'\n',
			].join(''),
		)
		.join('');
}
