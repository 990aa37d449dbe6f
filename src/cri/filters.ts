/**
 * Selecting by what people type: id prefixes, labels, states, names. The words are crictl's.
 * Source: cri-tools v1.36 cmd/crictl (flags of pods and ps).
 */
import { InvalidArgumentError } from './errors.ts';
import type { Container, ContainerState, PodSandbox, PodSandboxState, StringMap } from './model.ts';
import type { ContainerFilter, PodSandboxFilter } from './ports.ts';

/**
 * Reads `key=value` texts, of a repeated flag `--label`. A value may hold `=` and may be empty.
 * @throws InvalidArgumentError for a text without a key or without `=`.
 */
export function parseLabelSelector(texts: readonly string[]): StringMap {
	// Without a prototype, so that no label is lost to a name such as __proto__.
	const labels: Record<string, string> = Object.create(null);
	for (const text of texts) {
		const equals = text.indexOf('=');
		if (equals <= 0) throw new InvalidArgumentError(`cannot use label "${text}": it must be key=value`);
		labels[text.slice(0, equals)] = text.slice(equals + 1);
	}
	return labels;
}

/**
 * Reads crictl's word for a pod's state, in any case.
 * @throws InvalidArgumentError that names the words.
 */
export function parsePodSandboxState(text: string): PodSandboxState {
	const states = new Map<string, PodSandboxState>([
		['ready', 'ready'],
		['notready', 'notReady'],
	]);
	return states.get(text.toLowerCase()) ?? failState(text, 'ready, notready');
}

/**
 * Reads crictl's word for a container's state, in any case.
 * @throws InvalidArgumentError that names the words.
 */
export function parseContainerState(text: string): ContainerState {
	const words: readonly ContainerState[] = ['created', 'running', 'exited', 'unknown'];
	return words.find((word) => word === text.toLowerCase()) ?? failState(text, words.join(', '));
}

function failState(text: string, words: string): never {
	throw new InvalidArgumentError(`cannot filter by state "${text}": it must be one of ${words}`);
}

function matchesLabels(labels: StringMap, selector: StringMap | undefined): boolean {
	return Object.entries(selector ?? {}).every(
		([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
	);
}

/** The rule of ListPodSandbox, for a server and for a client whose runtime forgot a part of it. */
export function matchesPodSandbox(pod: PodSandbox, filter: PodSandboxFilter): boolean {
	return (
		pod.id.startsWith(filter.id ?? '') &&
		(filter.state === undefined || pod.state === filter.state) &&
		matchesLabels(pod.labels, filter.labelSelector)
	);
}

/** The rule of ListContainers. */
export function matchesContainer(container: Container, filter: ContainerFilter): boolean {
	return (
		container.id.startsWith(filter.id ?? '') &&
		container.podSandboxId.startsWith(filter.podSandboxId ?? '') &&
		(filter.state === undefined || container.state === filter.state) &&
		matchesLabels(container.labels, filter.labelSelector)
	);
}

/** What a text that a person typed for an object stands for. */
export type Resolution<Item> =
	| { readonly kind: 'one'; readonly item: Item }
	| { readonly kind: 'none' }
	| { readonly kind: 'ambiguous'; readonly items: readonly Item[] };

/**
 * Finds the object meant by an id, a prefix of one, or a name: a whole id wins, then a name, then a prefix.
 * An id may be typed with or without its `sha256:`.
 */
export function resolveObject<Item extends { readonly id: string }>(
	items: readonly Item[],
	text: string,
	namesOf: (item: Item) => readonly string[],
): Resolution<Item> {
	if (text === '') return { kind: 'none' };
	const bare = (id: string) => id.replace(/^sha256:/, '');
	const wanted = bare(text);
	const rules: readonly ((item: Item) => boolean)[] = [
		(item) => bare(item.id) === wanted,
		(item) => namesOf(item).includes(text),
		(item) => wanted !== '' && bare(item.id).startsWith(wanted),
	];
	for (const rule of rules) {
		const found = items.filter(rule);
		const [first] = found;
		if (first !== undefined)
			return found.length === 1 ? { kind: 'one', item: first } : { kind: 'ambiguous', items: found };
	}
	return { kind: 'none' };
}
