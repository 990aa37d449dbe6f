/**
 * Which object a word on the command line means: crictl's ids and their beginnings, and names, which people know by heart.
 */
import { InvalidArgumentError, NotFoundError } from '../../cri/errors.ts';
import { shortId } from '../../cri/ids.ts';
import type { Container, PodSandbox } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';

type FindOptions = { readonly signal?: AbortSignal | undefined };

/** The pods that containers belong to; asked for only where a name needs them. */
export type PodsLookup = () => Promise<readonly PodSandbox[]>;

/** How many candidates an error names. */
const mostCandidates = 5;

function newer<Item extends Container | PodSandbox>(a: Item, b: Item): Item {
	const [attemptA, attemptB] = [a.metadata.attempt, b.metadata.attempt];
	if (attemptA !== attemptB) return attemptA > attemptB ? a : b;
	return (a.createdAtNanos ?? 0n) >= (b.createdAtNanos ?? 0n) ? a : b;
}

/** Of objects that are attempts at the same thing, the newest. */
function newestOf<Item extends Container | PodSandbox>(
	items: readonly Item[],
	identity: (item: Item) => string,
): readonly Item[] {
	const newest = new Map<string, Item>();
	for (const item of items) {
		const key = identity(item);
		const before = newest.get(key);
		newest.set(key, before ? newer(before, item) : item);
	}
	return [...newest.values()];
}

/**
 * Decides between the objects whose id begins with the word and those that it names.
 * @throws NotFoundError, InvalidArgumentError where it may mean several: acting on the wrong one cannot be undone.
 */
function onlyOne<Item extends { readonly id: string }>(
	kind: 'container' | 'pod',
	word: string,
	candidates: readonly Item[],
	nameOf: (item: Item) => string,
): Item {
	const [first, ...more] = [...new Set(candidates)];
	if (first === undefined) {
		throw new NotFoundError(`cannot find ${kind} "${word}": no ${kind} has that id or name`);
	}
	if (more.length === 0) return first;
	const named = [first, ...more]
		.slice(0, mostCandidates)
		.map((item) => `${shortId(item.id)} (${nameOf(item)})`);
	const rest = more.length + 1 - named.length;
	throw new InvalidArgumentError(
		`cannot choose ${kind} "${word}": it may be ${named.join(', ')}${rest > 0 ? ` or ${rest} more` : ''}`,
	);
}

/** `namespace/name` of a pod. */
export function podPath({ metadata }: PodSandbox): string {
	return `${metadata.namespace}/${metadata.name}`;
}

/**
 * Picks the pod that the word means: by id, by the beginning of an id, by `name` or by `namespace/name`.
 * Of several sandboxes of one pod, the newest attempt.
 * @throws NotFoundError, InvalidArgumentError naming the candidates.
 */
export function matchPod(pods: readonly PodSandbox[], word: string): PodSandbox {
	const whole = pods.find(({ id }) => id === word);
	if (whole) return whole;
	const byId = word === '' ? [] : pods.filter(({ id }) => id.startsWith(word));
	const named = pods.filter((pod) => pod.metadata.name === word || podPath(pod) === word);
	return onlyOne('pod', word, [...byId, ...newestOf(named, podPath)], podPath);
}

/** Where no container fits, pods only make the refusal clearer, and must not stand in its way. */
async function podsOrNone(podsOf: PodsLookup): Promise<readonly PodSandbox[]> {
	try {
		return await podsOf();
	} catch {
		return [];
	}
}

/**
 * Picks the container that the word means: by id, by the beginning of an id, by `name` or by `pod/name`.
 * Of several attempts at one container of one pod, the newest.
 * @param podsOf is asked only where names must be told apart
 * @throws NotFoundError, InvalidArgumentError naming the candidates, and what podsOf throws.
 */
export async function matchContainer(
	containers: readonly Container[],
	podsOf: PodsLookup,
	word: string,
): Promise<Container> {
	const whole = containers.find(({ id }) => id === word);
	if (whole) return whole;
	const byId = word === '' ? [] : containers.filter(({ id }) => id.startsWith(word));
	const name = word.slice(word.lastIndexOf('/') + 1);
	const namesakes = name === '' ? [] : containers.filter(({ metadata }) => metadata.name === name);
	const [only, other] = [...byId, ...namesakes];
	if (only !== undefined && other === undefined && name === word) return only;
	const known = await (only === undefined ? podsOrNone(podsOf) : podsOf());
	const pods = new Map(known.map((pod) => [pod.id, pod]));
	const pathOf = (container: Container) => {
		const pod = pods.get(container.podSandboxId);
		return `${pod ? podPath(pod) : container.podSandboxId}/${container.metadata.name}`;
	};
	const named = namesakes.filter((container) => {
		const path = pathOf(container);
		return name === word || path === word || path.endsWith(`/${word}`);
	});
	const candidates = [...byId, ...newestOf(named, pathOf)];
	// Who is used to kubectl names the pod.
	const inPod =
		candidates.length > 0 || word === ''
			? []
			: containers.filter(({ podSandboxId }) => {
					const pod = pods.get(podSandboxId);
					return pod?.metadata.name === word || pod?.id === word || (pod && podPath(pod)) === word;
				});
	if (inPod.length > 0) {
		const names = newestOf(inPod, pathOf).slice(0, mostCandidates).map(pathOf);
		throw new NotFoundError(
			`cannot find container "${word}": that is a pod, with the container${names.length > 1 ? 's' : ''} ${names.join(', ')}`,
		);
	}
	return onlyOne('container', word, candidates, pathOf);
}

/**
 * Finds the container that a word on the command line means. Asks the runtime for its list.
 * @throws NotFoundError; InvalidArgumentError where the word may mean several, which it names.
 */
export async function findContainer(
	client: CriClient,
	word: string,
	options: FindOptions,
): Promise<Container> {
	const containers = await client.runtime.listContainers(undefined, options);
	return matchContainer(containers, () => client.runtime.listPodSandbox(undefined, options), word);
}

/**
 * Finds the pod that a word on the command line means. Asks the runtime for its list.
 * @throws NotFoundError; InvalidArgumentError where the word may mean several, which it names.
 */
export async function findPod(client: CriClient, word: string, options: FindOptions): Promise<PodSandbox> {
	return matchPod(await client.runtime.listPodSandbox(undefined, options), word);
}
