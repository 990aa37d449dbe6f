/** Names and ids that a runtime knows, for completion. */
import { shortId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { OperandKind } from './operand-kinds.ts';
import type { Candidate } from './place.ts';

type Options = { readonly signal: AbortSignal };

/** A word that no shell and no terminal takes for anything else. */
const isPlain = (value: string) => /^[\w.,:@/+-]+$/u.test(value);

async function containers(client: CriClient, kind: OperandKind, current: string, options: Options) {
	const state = kind === 'runningContainer' ? 'running' : kind === 'createdContainer' ? 'created' : undefined;
	const [listed, pods] = await Promise.all([
		client.runtime.listContainers(state && { state }, options),
		client.runtime.listPodSandbox(undefined, options),
	]);
	const podNames = new Map(pods.map((pod) => [pod.id, pod.metadata.name]));
	const counts = new Map<string, number>();
	for (const { metadata } of listed) counts.set(metadata.name, (counts.get(metadata.name) ?? 0) + 1);
	return listed.flatMap(({ id, metadata, podSandboxId, state: now }): readonly Candidate[] => {
		const pod = podNames.get(podSandboxId) ?? '';
		const value = (counts.get(metadata.name) ?? 0) > 1 ? `${pod}/${metadata.name}` : metadata.name;
		// Ids are for who has begun to type one; next to names they would only be noise.
		const ids = current !== '' && id.startsWith(current) ? [{ value: shortId(id), about: value }] : [];
		return [{ value, about: `${now}, pod ${pod}` }, ...ids];
	});
}

async function pods(client: CriClient, current: string, options: Options) {
	const listed = await client.runtime.listPodSandbox(undefined, options);
	const counts = new Map<string, number>();
	for (const { metadata } of listed) counts.set(metadata.name, (counts.get(metadata.name) ?? 0) + 1);
	return listed.flatMap(({ id, metadata, state }): readonly Candidate[] => {
		const full = `${metadata.namespace}/${metadata.name}`;
		const value = (counts.get(metadata.name) ?? 0) > 1 || current.includes('/') ? full : metadata.name;
		const ids = current !== '' && id.startsWith(current) ? [{ value: shortId(id), about: full }] : [];
		return [{ value, about: `${state}, namespace ${metadata.namespace}` }, ...ids];
	});
}

async function images(client: CriClient, current: string, options: Options) {
	const listed = await client.images.listImages(undefined, options);
	return listed.flatMap(({ id, repoTags }): readonly Candidate[] => {
		const hex = id.replace(/^sha256:/u, '');
		const ids =
			current !== '' && hex.startsWith(current) ? [{ value: shortId(id), about: repoTags[0] ?? '' }] : [];
		// People leave out the registry that runtimes put before a short name.
		const short = repoTags.map((tag) => tag.replace(/^docker\.io\/(?:library\/)?/u, ''));
		const names = [...new Set([...repoTags, ...(current === '' ? [] : short)])];
		return [...names.map((value) => ({ value, about: shortId(id) })), ...ids];
	});
}

/** What the runtime has of a kind; duplicates and words that need quoting are left out. */
export async function liveNames(
	client: CriClient,
	kind: OperandKind,
	current: string,
	options: Options,
): Promise<readonly Candidate[]> {
	const found =
		kind === 'pod'
			? await pods(client, current, options)
			: kind === 'image'
				? await images(client, current, options)
				: await containers(client, kind, current, options);
	const values = new Map(found.filter(({ value }) => isPlain(value)).map((each) => [each.value, each]));
	return [...values.values()];
}
