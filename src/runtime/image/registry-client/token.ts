import type { AuthConfig } from '../../../cri/model.ts';
import { RegistryError } from '../model.ts';
import type { Challenge } from './challenge.ts';
import type { HttpClient } from './http-client.ts';
import { networkError } from './network-error.ts';
import { sendFollowing } from './redirect.ts';
import { answerError, readBody } from './response-error.ts';

/** A bearer token and until when it is used. */
export type BearerToken = {
	readonly token: string;
	/** By `now`'s clock, with a margin before it really ends. */
	readonly useUntilMs: number;
};

const longestTokenBytes = 1 << 20;
const shortestLifeSeconds = 60;
const clientId = 'criscope';

/** What username and password make of an Authorization header. */
export function basicAuthorization({ username = '', password = '' }: AuthConfig): string {
	return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** `issued_at` is not used: the clock over there may be wrong, and ours is the one that decides. */
function tokenOf(body: Buffer, what: string, nowMs: number): BearerToken {
	let parsed: unknown;
	try {
		parsed = JSON.parse(body.toString('utf8'));
	} catch (error) {
		throw new RegistryError('invalid', `${what}: the answer is not JSON`, { cause: error });
	}
	const answer = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Readonly<
		Record<string, unknown>
	>;
	const token = [answer['token'], answer['access_token']].find(
		(one) => typeof one === 'string' && one !== '',
	);
	// It goes into a header: a line break in it would be another header.
	if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
		throw new RegistryError('invalid', `${what}: the answer holds no token`);
	}
	const { expires_in: said } = answer;
	const seconds = typeof said === 'number' && said > 0 ? said : shortestLifeSeconds;
	const marginMs = Math.min(10_000, seconds * 200);
	return { token, useUntilMs: nowMs + seconds * 1000 - marginMs };
}

/**
 * Asks the realm of a challenge for a token: with GET and basic login, or with POST where there is an identity token.
 *
 * @param scopes `repository:library/busybox:pull`
 * @param request.registry URL of the registry: secrets go to a plain-HTTP realm only where it is insecure itself
 * @throws RegistryError (unauthorized where the login is refused)
 * Source: distribution/docs/spec/auth/{token,oauth}.md
 */
export async function fetchToken(
	client: HttpClient,
	challenge: Challenge,
	request: {
		readonly auth: AuthConfig | undefined;
		readonly scopes: readonly string[];
		readonly insecure: boolean;
		readonly host: string;
		readonly now: () => number;
		readonly signal?: AbortSignal | undefined;
	},
): Promise<BearerToken> {
	const { auth, scopes, insecure, host, signal } = request;
	const what = `cannot log in to "${host}"`;
	const realm = URL.parse(challenge.parameters.get('realm') ?? '');
	if (realm === null || (realm.protocol !== 'https:' && realm.protocol !== 'http:')) {
		throw new RegistryError('invalid', `${what}: it names no address where tokens are given out`);
	}
	const { identityToken, username, password } = auth ?? {};
	const secret = Boolean(identityToken) || Boolean(username && password);
	if (secret && realm.protocol === 'http:' && !insecure) {
		throw new RegistryError(
			'refused',
			`${what}: it wants the password sent to ${realm.host} over plain HTTP`,
		);
	}
	const service = challenge.parameters.get('service');
	const fields = new URLSearchParams();
	if (service) fields.set('service', service);
	for (const scope of scopes) fields.append('scope', scope);

	const response = identityToken
		? await client.send({
				method: 'POST',
				url: realm,
				headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
				body: Buffer.from(
					`${fields.toString()}&${new URLSearchParams({
						grant_type: 'refresh_token',
						refresh_token: identityToken,
						client_id: clientId,
					}).toString()}`,
				),
				what,
				signal,
			})
		: await sendFollowing(
				client,
				{
					method: 'GET',
					url: withFields(realm, username ? [['account', username], ...fields] : [...fields]),
					headers: {
						accept: 'application/json',
						...(auth && username && password ? { authorization: basicAuthorization(auth) } : {}),
					},
					what,
					signal,
				},
				{ insecure },
			);
	if (response.statusCode !== 200) throw await answerError(what, response, request.now());
	let body: Buffer | undefined;
	try {
		body = await readBody(response, longestTokenBytes);
	} catch (error) {
		signal?.throwIfAborted();
		throw networkError(what, realm.host, error);
	}
	if (body === undefined) throw new RegistryError('invalid', `${what}: the token is larger than 1 MiB`);
	return tokenOf(body, what, request.now());
}

function withFields(realm: URL, fields: readonly (readonly [string, string])[]): URL {
	const url = new URL(realm);
	for (const [name, value] of fields) url.searchParams.append(name, value);
	return url;
}
