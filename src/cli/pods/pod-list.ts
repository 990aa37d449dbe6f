/**
 * Which pods a list shows, and in which order.
 * Source: cri-tools v1.36 cmd/crictl/sandbox.go (ListPodSandboxes, getSandboxesList).
 */
import { mapPodSandbox } from '../../cri/codec-pod-sandbox.ts';
import { matchesPodSandbox, parseLabelSelector, parsePodSandboxState } from '../../cri/filters.ts';
import type { PodSandbox } from '../../cri/model.ts';
import type { CriClient, PodSandboxFilter } from '../../cri/ports.ts';
import type { ProtocolJson } from '../../cri/protocol-json.ts';
import type { FlagSpecs, FlagValues } from '../flags.ts';
import { matches, parseGoRegExp } from '../objects/go-regexp.ts';
import { type Limit, limitFlags, newestFirst } from '../objects/limit.ts';
import { asFlag } from '../usage-error.ts';

/** The flags of verbs that choose pods by what they are. */
export const podFilterFlags = {
	name: { kind: 'text', value: 'REGEXP', help: 'whose name matches' },
	namespace: { kind: 'text', value: 'REGEXP', help: 'whose namespace matches' },
	state: { kind: 'text', short: 's', value: 'STATE', help: 'ready or notready' },
	label: { kind: 'list', value: 'KEY=VALUE', help: 'with this label; all that are given hold' },
	...limitFlags,
} as const satisfies FlagSpecs;

/** One pod as this program knows it, and as the runtime told it. */
export type ListedPod = PodSandbox & { readonly json: ProtocolJson };

/** What was asked for, checked. */
export type PodChoice = {
	/** What the runtime is asked for. */
	readonly filter: PodSandboxFilter;
	readonly name: RegExp | undefined;
	readonly namespace: RegExp | undefined;
	readonly limit: Limit;
};

/** Reads the flags. @throws UsageError */
export function parsePodChoice(
	flags: FlagValues<typeof podFilterFlags> & { readonly id?: string | undefined },
): PodChoice {
	const { id, name, namespace, state, label } = flags;
	return {
		filter: {
			id,
			state: state === undefined ? undefined : asFlag(() => parsePodSandboxState(state)),
			labelSelector: asFlag(() => parseLabelSelector(label)),
		},
		name: name === undefined ? undefined : parseGoRegExp(name, 'name'),
		namespace: namespace === undefined ? undefined : parseGoRegExp(namespace, 'namespace'),
		limit: flags,
	};
}

/** Asks for the pods that were chosen, newest first. Runtimes that forget a part of the filter are corrected. */
export async function listPods(
	client: CriClient,
	choice: PodChoice,
	{ signal }: { readonly signal: AbortSignal },
): Promise<readonly ListedPod[]> {
	// Not every runtime takes the beginning of an id: that is looked for here.
	const { id: _, ...filter } = choice.filter;
	const answers = await client.answers.listPodSandbox(filter, { signal });
	const pods = answers
		.map((json) => ({ ...mapPodSandbox(json), json }))
		.filter(
			(pod) =>
				matchesPodSandbox(pod, choice.filter) &&
				matches(choice.name, pod.metadata.name) &&
				matches(choice.namespace, pod.metadata.namespace),
		);
	return newestFirst(pods, choice.limit);
}
