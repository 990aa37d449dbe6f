/** What a row of each list is: pods with sums of their containers, containers with facts and usage, images with users. */
import type { Container, Image, PodSandbox } from '../../cri/model.ts';
import type { UsageSample } from '../store/slices/stats.ts';
import type { ContainerFacts, PodSandboxFacts } from './facts.ts';
import type { BaseRow } from './resource.ts';

export type ContainerRow = BaseRow & {
	readonly kind: 'container';
	readonly container: Container;
	readonly pod: PodSandbox | undefined;
	readonly facts: ContainerFacts | undefined;
	readonly usage: UsageSample | undefined;
	readonly stateText: string;
	/** A later attempt of the same container exists: this one is history. */
	readonly superseded: boolean;
	/** The image as people call it: what was asked for, or a tag of the id that a runtime put in its place. */
	readonly imageName: string;
};

export type PodRow = BaseRow & {
	readonly kind: 'pod';
	readonly pod: PodSandbox;
	readonly facts: PodSandboxFacts | undefined;
	readonly containers: readonly ContainerRow[];
	/** False until the runtime has listed containers: none are known, which is not the same as none. */
	readonly containersKnown: boolean;
	readonly readyCount: number;
	readonly totalCount: number;
	/** Sum of the attempts of the newest containers. */
	readonly restarts: number;
	readonly cpuMillicores: number | undefined;
	readonly memoryBytes: number | undefined;
	readonly stateText: string;
};

export type ImageRow = BaseRow & {
	readonly kind: 'image';
	readonly image: Image;
	readonly usedBy: readonly ContainerRow[];
	readonly containersKnown: boolean;
	/** How many of them run. */
	readonly runningCount: number;
};

/** Any row of any list. */
export type Row = PodRow | ContainerRow | ImageRow;

/** Name a container's pod goes by: its sandbox's metadata, or kubelet's label where the sandbox is gone. */
export function podNameOf(row: ContainerRow): string {
	return row.pod?.metadata.name ?? row.container.labels['io.kubernetes.pod.name'] ?? '';
}

/** Namespace of a container's pod. */
export function namespaceOf(row: ContainerRow): string {
	return row.pod?.metadata.namespace ?? row.container.labels['io.kubernetes.pod.namespace'] ?? '';
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** How many digits stand in a text from `start` on. */
function digitsFrom(text: string, start: number): number {
	let end = start;
	while (isDigit(text.charCodeAt(end))) end++;
	return end - start;
}

/**
 * Order of texts by code unit, the same on every node, whatever its locale; numbers in them by how many digits they have,
 * so that `web-9` comes before `web-10`.
 */
export function compareText(left: string, right: string): number {
	if (left === right) return 0;
	let at = 0;
	while (left.charCodeAt(at) === right.charCodeAt(at)) at++;
	// A number counts as a whole, with those of its digits that are the same.
	let start = at;
	while (isDigit(left.charCodeAt(start - 1))) start--;
	const [leftDigits, rightDigits] = [digitsFrom(left, start), digitsFrom(right, start)];
	if (leftDigits > 0 && rightDigits > 0 && leftDigits !== rightDigits) return leftDigits - rightDigits;
	return left < right ? -1 : 1;
}
