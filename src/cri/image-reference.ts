/**
 * Image references: what people write, what they mean by it, and how to show them shortly.
 * Source: distribution/reference, reference.go (grammar) and normalize.go (docker.io, library, latest).
 */
import { InvalidArgumentError } from './errors.ts';

/** A reference in full; `domain` and `repository` are never empty. */
export type ImageReference = {
	/** Registry with port, such as `docker.io` or `localhost:5000`. */
	readonly domain: string;
	/** Path within the registry, `library/nginx`. */
	readonly repository: string;
	readonly tag: string | undefined;
	/** `sha256:…` */
	readonly digest: string | undefined;
};

const referencePattern =
	/^(.+?)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const domainPattern =
	/^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?$/;

/**
 * Parses what a person wrote, and fills in what Docker would: `nginx` is `docker.io/library/nginx:latest`.
 * @throws InvalidArgumentError that quotes the reference and says what is wrong.
 */
export function parseImageReference(text: string): ImageReference {
	const fail = (cause: string): never => {
		throw new InvalidArgumentError(`cannot use image "${text}": ${cause}`);
	};
	const [, name = '', tag, digest] = referencePattern.exec(text.trim()) ?? [];
	if (name === '') return fail('a reference is [registry/]name[:tag][@digest]');
	const at = name.indexOf('@');
	if (at >= 0 && at === name.length - 1) return fail('the digest after "@" is missing');
	if (at >= 0) return fail(`"${name.slice(at + 1)}${tag === undefined ? '' : `:${tag}`}" is no digest`);
	const slash = name.indexOf('/');
	const hasDomain = !isShortName(name);
	let domain = hasDomain ? name.slice(0, slash) : 'docker.io';
	let repository = hasDomain ? name.slice(slash + 1) : name;
	if (domain === 'index.docker.io') domain = 'docker.io';
	if (domain === 'docker.io' && !repository.includes('/')) repository = `library/${repository}`;
	const port = Number(/:(\d+)$/.exec(domain)?.[1] ?? 0);
	if (!domainPattern.test(domain) || port > 65_535) fail(`"${domain}" is no registry`);
	if (/[A-Z]/.test(repository)) fail('the name must be lower case');
	const wrong = repository.split('/').find((component) => !componentPattern.test(component));
	if (wrong !== undefined) fail(`"${wrong}" is no part of a name`);
	return { domain, repository, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
}

/** The reference in full, as containerd and CRI-O list it. */
export function formatImageReference(reference: ImageReference): string {
	const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
	const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
	return `${reference.domain}/${reference.repository}${tag}${digest}`;
}

/**
 * The shortest text which means the same to people: without `docker.io/library/`, and without a digest
 * where there is a tag. Text that is no reference (hostile, an id) comes back as it is.
 */
export function shortImageName(text: string): string {
	return text.replace(/^(?:index\.)?docker\.io\/(?:library\/)?/, '').replace(/^([^@]*:[^@/]+)@.*$/, '$1');
}

/** Splits a listed name into repository and tag, as a table shows them; `<none>` for what is missing. */
export function splitRepositoryTag(text: string): { readonly repository: string; readonly tag: string } {
	const name = text.replace(/@.*$/, '');
	const colon = name.lastIndexOf(':');
	if (colon > name.lastIndexOf('/')) return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
	return { repository: name === '' ? '<none>' : name, tag: '<none>' };
}

/**
 * True for a name that does not say which registry it is of: `busybox`, `library/busybox:1`. What Docker would take from
 * docker.io, podman and CRI-O look for in registries.conf.
 */
export function isShortName(text: string): boolean {
	const slash = text.indexOf('/');
	const first = slash < 0 ? '' : text.slice(0, slash);
	// A first part is a registry only where it cannot be a folder: "a/b" is Docker's, "a.b/c" is not.
	return !(/[.:]/.test(first) || first === 'localhost' || /[A-Z]/.test(first));
}
