/**
 * Which containers a list shows, and in which order.
 * Source: cri-tools v1.36 cmd/crictl/container.go (ListContainers, getContainersList).
 */
import { mapContainer } from '../../cri/codec-container.ts';
import { matchesContainer, parseContainerState, parseLabelSelector } from '../../cri/filters.ts';
import type { Container } from '../../cri/model.ts';
import type { ContainerFilter, CriClient } from '../../cri/ports.ts';
import type { ProtocolJson } from '../../cri/protocol-json.ts';
import type { FlagSpecs, FlagValues } from '../flags.ts';
import { podPath } from '../objects/find.ts';
import { matches, parseGoRegExp } from '../objects/go-regexp.ts';
import { isLimited, type Limit, limitFlags, newestFirst } from '../objects/limit.ts';
import { asFlag } from '../usage-error.ts';

/** The flags of verbs that choose containers by what they are. */
export const containerFilterFlags = {
	name: { kind: 'text', value: 'REGEXP', help: 'whose name matches' },
	namespace: { kind: 'text', value: 'REGEXP', help: "whose pod's namespace matches" },
	pod: { kind: 'text', short: 'p', value: 'POD', help: 'of this pod: an id, its beginning, or a name' },
	image: { kind: 'text', value: 'IMAGE', help: 'of this image' },
	state: { kind: 'text', short: 's', value: 'STATE', help: 'created, running, exited or unknown' },
	label: { kind: 'list', value: 'KEY=VALUE', help: 'with this label; all that are given hold' },
	all: { kind: 'switch', short: 'a', help: 'in every state, not just running' },
	...limitFlags,
} as const satisfies FlagSpecs;

/** One container as this program knows it, and as the runtime told it. */
export type ListedContainer = Container & { readonly json: ProtocolJson };

/** What was asked for, checked. */
export type ContainerChoice = {
	readonly filter: ContainerFilter;
	readonly name: RegExp | undefined;
	readonly namespace: RegExp | undefined;
	readonly pod: string | undefined;
	readonly image: string | undefined;
	readonly limit: Limit;
};

const podNameLabel = 'io.kubernetes.pod.name';
const podNamespaceLabel = 'io.kubernetes.pod.namespace';

/** The pod's name and namespace as the kubelet labels its containers; `unknown` where nobody did, as with crictl. */
export function podOfLabels({ labels }: Pick<Container, 'labels'>): {
	readonly name: string;
	readonly namespace: string;
} {
	return { name: labels[podNameLabel] ?? 'unknown', namespace: labels[podNamespaceLabel] ?? 'unknown' };
}

/** Reads the flags. @throws UsageError */
export function parseContainerChoice(
	flags: FlagValues<typeof containerFilterFlags> & { readonly id?: string | undefined },
): ContainerChoice {
	const { id, name, namespace, pod, image, state, label, all } = flags;
	const given = state === undefined ? undefined : asFlag(() => parseContainerState(state));
	// The newest ones are the newest in any state.
	const wanted = isLimited(flags) ? undefined : (given ?? (all ? undefined : 'running'));
	return {
		filter: { id, state: wanted, labelSelector: asFlag(() => parseLabelSelector(label)) },
		name: name === undefined ? undefined : parseGoRegExp(name, 'name'),
		namespace: namespace === undefined ? undefined : parseGoRegExp(namespace, 'namespace'),
		pod,
		image,
		limit: flags,
	};
}

type Options = { readonly signal: AbortSignal };

/** Whether a container's image is the one that was named, as the runtime resolves both names. */
function imageMatcher(client: CriClient, image: string, { signal }: Options) {
	const ids = new Map<string, Promise<string | undefined>>();
	const idOf = (name: string) => {
		let id = ids.get(name);
		if (!id) {
			id = client.images.imageStatus(name, { verbose: false }, { signal }).then((status) => status.image?.id);
			ids.set(name, id);
		}
		return id;
	};
	return async (container: Container) => {
		const wanted = await idOf(image);
		return wanted !== undefined && wanted === (await idOf(container.image.image));
	};
}

/** Which sandboxes `--pod` means; undefined for all. */
async function podMatcher(client: CriClient, pod: string | undefined, { signal }: Options) {
	if (pod === undefined) return () => true;
	if (/^[0-9a-f]{64}$/u.test(pod)) return (id: string) => id === pod;
	const pods = await client.runtime.listPodSandbox(undefined, { signal });
	const named = new Set(
		pods.filter((item) => item.metadata.name === pod || podPath(item) === pod).map(({ id }) => String(id)),
	);
	return (id: string) => id.startsWith(pod) || named.has(id);
}

/** Asks for the containers that were chosen, newest first. Runtimes that forget a part of the filter are corrected. */
export async function listContainers(
	client: CriClient,
	choice: ContainerChoice,
	options: Options,
): Promise<readonly ListedContainer[]> {
	// Not every runtime takes the beginning of an id: that is looked for here.
	const { id: _, ...filter } = choice.filter;
	const [answers, ofPod] = await Promise.all([
		client.answers.listContainers(filter, options),
		podMatcher(client, choice.pod, options),
	]);
	const ofImage = choice.image === undefined ? undefined : imageMatcher(client, choice.image, options);
	const chosen: ListedContainer[] = [];
	for (const json of answers) {
		const container = { ...mapContainer(json), json };
		if (
			matchesContainer(container, choice.filter) &&
			ofPod(container.podSandboxId) &&
			matches(choice.name, container.metadata.name) &&
			matches(choice.namespace, podOfLabels(container).namespace) &&
			(!ofImage || (await ofImage(container)))
		) {
			chosen.push(container);
		}
	}
	return newestFirst(chosen, choice.limit);
}
