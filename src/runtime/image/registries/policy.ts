import { FailedPreconditionError, PermissionError } from '../../../cri/errors.ts';
import { formatImageReference, type ImageReference } from '../../../cri/image-reference.ts';

/** The policy does not admit the image. A kubelet is told so by a word of its own. */
export class PolicyRefusedError extends PermissionError {}

const requirementTypes = [
	'insecureAcceptAnything',
	'reject',
	'signedBy',
	'signedBaseLayer',
	'sigstoreSigned',
] as const;
type RequirementType = (typeof requirementTypes)[number];

/** What must be true of an image: all of it. Never empty. */
type Requirements = readonly RequirementType[];

/** A policy.json. */
export type Policy = {
	readonly path: string;
	readonly default: Requirements;
	/** By transport (`docker`), then by scope; the empty scope is the transport's default. */
	readonly transports: ReadonlyMap<string, ReadonlyMap<string, Requirements>>;
};

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads a policy.json; whatever is not understood is an error, for a policy half understood protects nobody.
 *
 * @throws FailedPreconditionError that names the file and the place
 * Source: containers-policy.json(5).
 */
export function parsePolicy(text: string, path: string): Policy {
	const fail = (cause: string): never => {
		throw new FailedPreconditionError(`cannot use policy "${path}": ${cause}`);
	};
	let top: unknown;
	try {
		top = JSON.parse(text);
	} catch (error) {
		return fail(`it is not JSON: ${(error as Error).message}`);
	}
	if (!isObject(top)) return fail('it is no JSON object');
	const unknown = Object.keys(top).find((key) => key !== 'default' && key !== 'transports');
	if (unknown !== undefined) fail(`unknown key "${unknown}"`);

	function requirements(value: unknown, place: string): Requirements {
		if (!Array.isArray(value) || value.length === 0) return fail(`${place} must be a list that is not empty`);
		return value.map((one: unknown, index) => {
			const type = isObject(one) ? one['type'] : undefined;
			const known = requirementTypes.find((name) => name === type);
			if (known === undefined) return fail(`${place}[${index}] has the unknown type ${JSON.stringify(type)}`);
			const plain = known === 'insecureAcceptAnything' || known === 'reject';
			const extra = plain ? Object.keys(one as Json).find((key) => key !== 'type') : undefined;
			if (extra !== undefined) fail(`${place}[${index}] has the unknown key "${extra}"`);
			return known;
		});
	}
	const transports = top['transports'] ?? {};
	if (!isObject(transports)) return fail('transports must be an object');
	return {
		path,
		default: requirements(top['default'], 'default'),
		transports: new Map(
			Object.entries(transports).map(([transport, scopes]) => {
				if (!isObject(scopes)) return fail(`transports.${transport} must be an object`);
				const entries = Object.entries(scopes).map(
					([scope, list]) => [scope, requirements(list, `transports.${transport}["${scope}"]`)] as const,
				);
				return [transport, new Map(entries)] as const;
			}),
		),
	};
}

/** Scopes of a registry's image, most specific first: the reference, each folder, the host, its domains. */
function scopesOf(reference: ImageReference): readonly string[] {
	const { domain, repository } = reference;
	const parts = repository.split('/');
	const folders = parts.map((_, index) => `${domain}/${parts.slice(0, parts.length - index).join('/')}`);
	const labels = domain.replace(/:\d+$/, '').split('.');
	const wildcards = labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
	return [formatImageReference(reference), ...folders, domain, ...wildcards];
}

/** Why an image of a registry may not be pulled; undefined where it may. A sentence part that names scope and file. */
export function policyRefusal(policy: Policy, reference: ImageReference): string | undefined {
	const docker = policy.transports.get('docker');
	const scope = [...scopesOf(reference), ''].find((one) => docker?.has(one));
	const requirements = (scope === undefined ? undefined : docker?.get(scope)) ?? policy.default;
	const place = scope === undefined ? 'by default' : scope === '' ? 'for all registries' : `for "${scope}"`;
	return refusalOf(policy, requirements, place);
}

/** What an archive is to a policy. */
export type ArchiveTransport = 'docker-archive' | 'oci-archive';

/**
 * Why no image may be loaded from such an archive; undefined where it may. It comes as a stream, so scopes that name files do
 * not fit; the transport's own and the default do.
 * Source: containers-policy.json(5), "Supported transports".
 */
export function archiveRefusal(policy: Policy, transport: ArchiveTransport): string | undefined {
	const requirements = policy.transports.get(transport)?.get('');
	return refusalOf(policy, requirements ?? policy.default, requirements ? `for ${transport}` : 'by default');
}

function refusalOf(policy: Policy, requirements: Requirements, place: string): string | undefined {
	if (requirements.includes('reject')) return `the policy "${policy.path}" rejects it (${place})`;
	const signed = requirements.find((type) => type !== 'insecureAcceptAnything');
	if (signed === undefined) return undefined;
	return (
		`the policy "${policy.path}" wants signatures (${signed}, ${place}), which criscope cannot check; ` +
		'it is refused rather than taken unchecked'
	);
}
