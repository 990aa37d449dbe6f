/** A string that only its own parser may make; keeps a container's id from being passed as a pod's. */
type Branded<Name extends string> = string & { readonly __brand: Name };

/** Id of a container as the runtime gave it: usually 64 hex digits, but any non-empty string is legal. */
export type ContainerId = Branded<'ContainerId'>;
/** Id of a PodSandbox. */
export type PodSandboxId = Branded<'PodSandboxId'>;
/** Id of an image: for most runtimes the digest of its config, `sha256:…` or bare hex. */
export type ImageId = Branded<'ImageId'>;

/** Takes an id from the wire or a command line as a container's. */
export function containerId(id: string): ContainerId {
	return id as ContainerId;
}

/** Takes an id from the wire or a command line as a PodSandbox's. */
export function podSandboxId(id: string): PodSandboxId {
	return id as PodSandboxId;
}

/** Takes an id from the wire or a command line as an image's. */
export function imageId(id: string): ImageId {
	return id as ImageId;
}

/** How crictl shortens ids: the digest's algorithm dropped, then 13 characters. */
export function shortId(id: string): string {
	const colon = id.indexOf(':');
	return (colon >= 0 ? id.slice(colon + 1) : id).slice(0, 13);
}
