import type { AuthConfig } from '../../../cri/model.ts';
import type { Challenge } from './challenge.ts';
import type { HttpClient } from './http-client.ts';
import { waitWith } from './shared-wait.ts';
import { type BearerToken, basicAuthorization, fetchToken } from './token.ts';

/** Logs in to one registry as one user. Requests that need the same token at the same time share it. */
export type Authorizer = {
	/**
	 * @param challenges what the registry said last
	 * @returns undefined where nothing is asked for, or nothing that we can do
	 * @throws RegistryError; the reason of the signal
	 */
	header(
		challenges: readonly Challenge[],
		scopes: readonly string[],
		options: { readonly signal?: AbortSignal | undefined },
	): Promise<string | undefined>;
	/** Throws away the tokens of these scopes: the registry does not take them. @returns false where there were none. */
	forget(scopes: readonly string[]): boolean;
};

type Held = { readonly promise: Promise<BearerToken>; useUntilMs: number };

/**
 * @param options.credentials asked once, when the registry first wants a login
 */
export function createAuthorizer(options: {
	readonly host: string;
	readonly insecure: boolean;
	readonly client: HttpClient;
	readonly credentials: () => Promise<AuthConfig | undefined>;
	readonly now: () => number;
}): Authorizer {
	const { host, insecure, client, now } = options;
	const tokens = new Map<string, Held>();
	let found: Promise<AuthConfig | undefined> | undefined;

	function credentials(): Promise<AuthConfig | undefined> {
		found ??= options.credentials();
		return found;
	}

	function token(challenge: Challenge, scopes: readonly string[]): Promise<BearerToken> {
		const key = scopes.join(' ');
		const held = tokens.get(key);
		if (held && now() < held.useUntilMs) return held.promise;
		// Not the signal of whoever asks first: others wait for the same token. HTTP's own time limits end it.
		const promise = credentials().then((auth) =>
			fetchToken(client, challenge, { auth, scopes, insecure, host, now }),
		);
		const fresh: Held = { promise, useUntilMs: Number.POSITIVE_INFINITY };
		tokens.set(key, fresh);
		promise.then(
			({ useUntilMs }) => {
				fresh.useUntilMs = useUntilMs;
			},
			() => tokens.delete(key),
		);
		return promise;
	}

	return {
		async header(challenges, scopes, { signal }) {
			for (const challenge of challenges) {
				if (challenge.scheme !== 'basic' && challenge.scheme !== 'bearer') continue;
				const auth = await waitWith(credentials(), signal);
				if (challenge.scheme === 'bearer') {
					if (auth?.registryToken) return `Bearer ${auth.registryToken}`;
					return `Bearer ${(await waitWith(token(challenge, scopes), signal)).token}`;
				}
				// Without a user there is nothing to say; the next challenge may want less.
				if (auth?.username) return basicAuthorization(auth);
			}
			return undefined;
		},
		forget: (scopes) => tokens.delete(scopes.join(' ')),
	};
}
