import { criErrorCode, errorMessage } from './errors.ts';

/** Why a pull failed: its class, one sentence, what to do next, and everything the runtime said. */
export type PullProblem = {
	readonly kind:
		| 'unauthorized'
		| 'notFound'
		| 'dns'
		| 'refused'
		| 'certificate'
		| 'rateLimit'
		| 'diskFull'
		| 'timeout'
		| 'shortName'
		| 'unreachable'
		| 'other';
	/** One sentence with its full stop. */
	readonly sentence: string;
	/** What the person can do about it, one sentence. */
	readonly remedy: string;
	/** The runtime's own words, unshortened and unsanitised. */
	readonly text: string;
};

type Rule = {
	readonly kind: PullProblem['kind'];
	readonly pattern: RegExp;
	readonly sentence: (image: string, registry: string) => string;
	readonly remedy: string;
};

/** The image without the registry that the sentence names already. */
function within(image: string, registry: string): string {
	return image.startsWith(`${registry}/`) ? image.slice(registry.length + 1) : image;
}

/** What runtimes and registries say, most telling first: one text often holds the words of several. */
const rules: readonly Rule[] = [
	{
		kind: 'shortName',
		pattern: /short-?name|unqualified-search|did not resolve to an alias/,
		sentence: (image) => `The runtime does not know which registry the short name "${image}" is of.`,
		remedy: 'Write it in full, as in docker.io/library/nginx:1.27.',
	},
	{
		kind: 'diskFull',
		pattern: /no space left|disk quota exceeded|not enough (?:disk )?space|enospc/,
		sentence: () => 'The disk that holds the images is full.',
		remedy: 'Remove images that nobody uses; then pull again.',
	},
	{
		kind: 'rateLimit',
		pattern: /toomanyrequests|too many requests|rate limit|\b429\b/,
		sentence: (_image, registry) => `${registry} refuses more pulls for now: its rate limit is reached.`,
		remedy: 'Log in for a higher limit, or wait and pull again.',
	},
	{
		kind: 'dns',
		pattern:
			/no such host|server misbehaving|temporary failure in name resolution|name or service not known|lookup \S+ on \S+: /,
		sentence: (_image, registry) => `The name ${registry} cannot be resolved (DNS).`,
		remedy: "Check the name, and this node's /etc/resolv.conf.",
	},
	{
		kind: 'certificate',
		pattern: /http response to https client/,
		sentence: (_image, registry) => `${registry} speaks plain HTTP, and the runtime expects HTTPS.`,
		remedy: 'Allow it as an insecure registry in the configuration of the runtime.',
	},
	{
		kind: 'timeout',
		pattern: /tls handshake timeout|i\/o timeout|deadline exceeded|timed? ?out/,
		sentence: (_image, registry) => `${registry} did not answer in time.`,
		remedy: 'Check the way there: routes, firewall, the proxy of the runtime.',
	},
	{
		kind: 'certificate',
		pattern: /x509|certificate|tls: /,
		sentence: (_image, registry) => `The certificate of ${registry} is not trusted.`,
		remedy: 'Check its dates and names, and put its CA where the runtime looks, such as certs.d.',
	},
	{
		kind: 'unauthorized',
		pattern:
			/unauthorized|authentication required|authorization failed|no basic auth|access (?:is )?denied|\bdenied\b|forbidden|\b40[13]\b/,
		sentence: (image, registry) =>
			`${registry} wants a login for ${within(image, registry)}, or has no such image.`,
		remedy: 'Log in, or check the name.',
	},
	{
		kind: 'notFound',
		pattern: /manifest unknown|name unknown|not found|does not exist|no match for platform|\b404\b/,
		sentence: (image, registry) => `${registry} has no ${within(image, registry)}.`,
		remedy: 'Check name and tag; the tag may be gone, or built for another platform only.',
	},
	{
		kind: 'refused',
		pattern: /connection refused|no route to host|network is unreachable|connection reset|broken pipe/,
		sentence: (_image, registry) => `Nothing takes connections at ${registry}.`,
		remedy: 'Check address and port, and whether the registry runs.',
	},
];

/** Next steps in the words of one way to use this program, such as its keys or flags, in place of the general ones. */
export type PullRemedies = Readonly<Partial<Record<PullProblem['kind'], string>>>;

/**
 * Puts the failure of a pull into one sentence and a next step; the full text goes with it.
 * @param image as typed; @param registry the host that the reference names.
 */
export function explainPullError(
	error: unknown,
	options: {
		readonly image: string;
		readonly registry: string;
		readonly remedies?: PullRemedies | undefined;
	},
): PullProblem {
	const problem = findProblem(error, options);
	return { ...problem, remedy: options.remedies?.[problem.kind] ?? problem.remedy };
}

function findProblem(
	error: unknown,
	{ image, registry }: { readonly image: string; readonly registry: string },
): PullProblem {
	const text = errorMessage(error);
	// The image's own name must not be taken for a cause: shop/denied:404 exists somewhere.
	const said = text.replaceAll(image, '').toLowerCase();
	const rule = rules.find(({ pattern }) => pattern.test(said));
	const code = criErrorCode(error);
	if (code === 'unavailable' && !rule) {
		return {
			kind: 'unreachable',
			sentence: 'The runtime went away during the pull.',
			remedy: 'Pull again when it answers.',
			text,
		};
	}
	if (!rule) {
		return {
			kind: 'other',
			sentence: `The runtime cannot pull ${image}.`,
			remedy: 'Its own words say more.',
			text,
		};
	}
	return { kind: rule.kind, sentence: rule.sentence(image, registry), remedy: rule.remedy, text };
}
