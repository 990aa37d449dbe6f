/** Containers for people. Source: cri-tools v1.36 cmd/crictl/container.go (OutputContainers). */
import { shortId } from '../../cri/ids.ts';
import type { Container } from '../../cri/model.ts';
import { agoText } from '../output/human-duration.ts';
import { mapLines, paragraph } from '../output/paragraph.ts';
import { tableText } from '../output/table.ts';
import { podOfLabels } from './container-list.ts';

const stateWords = { created: 'Created', running: 'Running', exited: 'Exited', unknown: 'Unknown' } as const;

/** Columns of -o wide, beside the usual ones. */
export type ContainerExtras = {
	readonly command: string;
	readonly ports: string;
	readonly cpu: string;
	readonly memory: string;
};

type TableOptions = {
	readonly noTrunc: boolean;
	readonly nowMs: number;
	/** Names of images, where they were asked for: by container. */
	readonly imageNames?: ReadonlyMap<string, string> | undefined;
	readonly extras?: ReadonlyMap<string, ContainerExtras> | undefined;
};

const digest = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/u;

/** The image as its container names it; a digest, as the kubelet writes it, is as short as an id. */
export function shownImage({ image }: Container, noTrunc: boolean): string {
	return !noTrunc && digest.test(image.image) ? shortId(image.image) : image.image;
}

/** The table; with more columns where there are extras. */
export function containersTable(containers: readonly Container[], options: TableOptions): string {
	const { noTrunc, nowMs, imageNames, extras } = options;
	const short = (id: string) => (noTrunc ? id : shortId(id));
	const header = ['CONTAINER', 'IMAGE', 'CREATED', 'STATE', 'NAME', 'ATTEMPT', 'POD ID', 'POD', 'NAMESPACE'];
	const wide = extras ? ['CPU %', 'MEM', 'PORTS', 'COMMAND'] : [];
	const rows = containers.map((container) => {
		const { name, namespace } = podOfLabels(container);
		const extra = extras?.get(container.id);
		return [
			short(container.id),
			imageNames?.get(container.id) ?? shownImage(container, noTrunc),
			agoText(container.createdAtNanos, nowMs),
			stateWords[container.state],
			container.metadata.name,
			String(container.metadata.attempt),
			short(container.podSandboxId),
			name,
			namespace,
			...(extras ? [extra?.cpu, extra?.memory, extra?.ports, extra?.command].map((cell) => cell || '-') : []),
		];
	});
	return tableText([[...header, ...wide], ...rows]);
}

/** Paragraphs of `key: value` lines. */
export function containersVerbose(containers: readonly Container[], nowMs: number): string {
	return containers
		.map((container) =>
			[
				paragraph([
					['ID', container.id],
					['PodID', container.podSandboxId],
					['Namespace', podOfLabels(container).namespace],
					container.metadata.name === '' ? undefined : ['Name', container.metadata.name],
					['Attempt', container.metadata.attempt],
					['State', stateWords[container.state]],
					['Image', container.image.image],
					['Created', agoText(container.createdAtNanos, nowMs)],
				]),
				mapLines('Labels', container.labels),
				mapLines('Annotations', container.annotations),
				'\n',
			].join(''),
		)
		.join('');
}
