/** How tables name images. Source: cri-tools v1.36 cmd/crictl/image.go (normalizeRepoDigest, normalizeRepoTagPair). */
import type { Image } from '../../cri/model.ts';

const none = '<none>';

/** Repository and digest of the first digest reference, as crictl splits it; `<none>` where there is none. */
export function repositoryAndDigest(image: Image): readonly [repository: string, digest: string] {
	const [first] = image.repoDigests;
	if (first === undefined) return [none, none];
	const [repository = '', digest, ...more] = first.split('@');
	return digest === undefined || more.length > 0 ? ['errorName', 'errorRepoDigest'] : [repository, digest];
}

/** The repository of the first digest reference. */
export function repositoryOf(image: Image): string {
	return repositoryAndDigest(image)[0];
}

/** One pair for each tag; one with `<none>` where there is no tag. */
export function nameAndTag(image: Image): readonly (readonly [name: string, tag: string])[] {
	if (image.repoTags.length === 0) return [[repositoryOf(image), none]];
	return image.repoTags.map((tag) => {
		const colon = tag.lastIndexOf(':');
		if (colon < 0) return ['errorRepoTag', 'errorRepoTag'];
		const name = tag.slice(0, colon);
		return [name === none ? repositoryOf(image) : name, tag.slice(colon + 1)];
	});
}

/** What is said of an image that was taken away or changed: its tags, else its digest references, else its id. */
export function namesOf(image: Image): readonly string[] {
	if (image.repoTags.length > 0) return image.repoTags;
	return image.repoDigests.length > 0 ? image.repoDigests : [image.id];
}

/**
 * Whether a person who writes `name` means this image: by its id or the id's beginning, by a full or a short name, with a
 * tag or digest or by repository alone.
 */
export function isCalled(image: Image, name: string): boolean {
	const id = image.id.replace(/^sha256:/u, '');
	if (/^(?:sha256:)?[0-9a-f]{3,64}$/u.test(name) && id.startsWith(name.replace(/^sha256:/u, ''))) return true;
	return [...image.repoTags, ...image.repoDigests].some((reference) => {
		const repository = reference.replace(/@.*$/u, '').replace(/:[^:/]*$/u, '');
		return [reference, repository].some((known) => known === name || known.endsWith(`/${name}`));
	});
}
