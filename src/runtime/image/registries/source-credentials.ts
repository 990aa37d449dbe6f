import { InvalidArgumentError } from '../../../cri/errors.ts';
import type { ImageReference } from '../../../cri/image-reference.ts';
import type { AuthConfig } from '../../../cri/model.ts';
import { type AuthAccess, findCredentials } from '../../../cri/registry-credentials.ts';
import type { RegistriesLog } from './registries-log.ts';

/**
 * What the caller of PullImage gave as login, in one form. `serverAddress` is not looked at, as CRI-O does not.
 *
 * @returns undefined where it holds no login
 * @throws InvalidArgumentError where `auth` is not base64 of user:password; its text is not shown
 */
export function callerLogin(auth: AuthConfig | undefined): AuthConfig | undefined {
	if (auth === undefined) return undefined;
	const { identityToken, registryToken } = auth;
	let { username, password } = auth;
	if (auth.auth) {
		const decoded = Buffer.from(auth.auth, 'base64').toString('utf8').replace(/\0+$/, '');
		const colon = decoded.indexOf(':');
		if (colon < 0)
			throw new InvalidArgumentError('cannot use credentials: "auth" is not base64 of user:password');
		username = decoded.slice(0, colon);
		password = decoded.slice(colon + 1);
	}
	if (identityToken) return { username, identityToken };
	if (registryToken) return { registryToken };
	return username ? { username, password } : undefined;
}

/**
 * The login for one source: the caller's, where the source is on the registry that the caller named; else what the files
 * and helpers of this machine have for the source itself. A mirror elsewhere never sees the caller's.
 *
 * @param options.named what the image is called; `source` is where it is had
 * Source: go.podman.io/image/v5/docker, newImageSourceAttempt.
 */
export async function sourceCredentials(
	source: ImageReference,
	options: {
		readonly named: ImageReference;
		readonly login: AuthConfig | undefined;
		readonly access: AuthAccess;
		readonly authFile: string | undefined;
		readonly helpers: readonly string[];
		readonly log: RegistriesLog;
		readonly signal: AbortSignal;
	},
): Promise<AuthConfig | undefined> {
	const { named, login, access, authFile, helpers, log, signal } = options;
	if (login !== undefined && source.domain === named.domain) return login;
	const { auth, problems } = await findCredentials(source, access, { authFile, helpers, signal });
	for (const problem of problems) log.warning(problem);
	return auth;
}
