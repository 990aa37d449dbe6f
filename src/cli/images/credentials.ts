/** Credentials that were given on the command line, and those that the usual files hold. */
import { parseImageReference } from '../../cri/image-reference.ts';
import type { AuthConfig } from '../../cri/model.ts';
import { findCredentials, hostAuthAccess } from '../../cri/registry-credentials.ts';
import type { FlagSpecs, FlagValues } from '../flags.ts';
import { readPassword } from '../read-password.ts';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';

/** crictl's flags for credentials. */
export const credentialFlags = {
	creds: {
		kind: 'text',
		value: 'USER[:PASSWORD]',
		help: 'credentials for the registry',
		env: 'CRICTL_CREDS',
	},
	auth: {
		kind: 'text',
		value: 'BASE64',
		help: 'the same in base64, as in docker config.json',
		env: 'CRICTL_AUTH',
	},
	username: {
		kind: 'text',
		short: 'u',
		value: 'USER',
		help: 'asks for the password, or reads it from stdin',
	},
} as const satisfies FlagSpecs;

/**
 * The credentials given by flags or variables; undefined where there are none.
 * @throws UsageError where they contradict each other.
 */
export async function givenCredentials(
	flags: FlagValues<typeof credentialFlags>,
	context: VerbContext,
): Promise<AuthConfig | undefined> {
	const { creds, auth, username } = flags;
	if ([creds, auth, username].filter((value) => value !== undefined).length > 1) {
		throw new UsageError('give one of --creds, --auth and --username');
	}
	if (username !== undefined) return { username, password: await readPassword(username, context) };
	if (auth !== undefined) {
		// Runtimes take it apart themselves; what is no such text would only fail there, far from its cause.
		if (!Buffer.from(auth, 'base64').toString('utf8').includes(':')) {
			throw new UsageError('flag --auth is base64 of USER:PASSWORD');
		}
		return { auth };
	}
	if (creds === undefined) return undefined;
	const colon = creds.indexOf(':');
	if (colon === 0) throw new UsageError('flag --creds needs a user name before the colon');
	return colon < 0
		? { username: creds, password: '' }
		: { username: creds.slice(0, colon), password: creds.slice(colon + 1) };
}

/**
 * What podman, docker or kubelet would use for this image, for runtimes that are told credentials with each pull.
 * A name that is no reference has none: the runtime says what is wrong with it.
 */
export async function filedCredentials(
	image: string,
	{ env, signal }: Pick<VerbContext, 'env' | 'signal'>,
): Promise<{ readonly auth: AuthConfig | undefined; readonly problems: readonly string[] }> {
	let reference: ReturnType<typeof parseImageReference>;
	try {
		reference = parseImageReference(image);
	} catch {
		return { auth: undefined, problems: [] };
	}
	return findCredentials(reference, hostAuthAccess(env), { signal });
}
