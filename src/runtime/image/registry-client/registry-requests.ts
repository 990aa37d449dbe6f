import type { IncomingMessage } from 'node:http';
import { RegistryError } from '../model.ts';
import type { Authorizer } from './authorizer.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { HttpRequest } from './http-client.ts';
import { isLostConnection } from './network-error.ts';
import { sendFollowing } from './redirect.ts';
import type { RegistryHost } from './registry-host.ts';
import { answerError, discard } from './response-error.ts';
import { type Patience, parseRetryAfter, type Sleep, waitBeforeRetry } from './retry-after.ts';
import type { UploadBody } from './upload-body.ts';

/** A request to a registry's API. */
export type RegistryRequest = {
	readonly method: HttpRequest['method'];
	/** `/v2/library/busybox/manifests/latest`, or a Location that the registry gave. */
	readonly target: string | URL;
	readonly headers?: Readonly<Record<string, string>> | undefined;
	/** A stream is sent once: its failures are the caller's to repeat. */
	readonly body?: Buffer | UploadBody | undefined;
	/** `repository:library/busybox:pull` */
	readonly scopes: readonly string[];
	/** Statuses that are answers; all others are thrown. */
	readonly accept: readonly number[];
	readonly what: string;
	readonly signal?: AbortSignal | undefined;
};

/** Sends requests to a registry: logs in, repeats what may be repeated, makes errors of refusals. */
export type RegistryRequests = {
	/** @throws RegistryError; the reason of the signal */
	send(request: RegistryRequest): Promise<IncomingMessage>;
};

/** The scopes that a registry misses in our token. */
function missingScope(challenges: readonly Challenge[]): string | undefined {
	const challenge = challenges.find(
		({ scheme, parameters }) => scheme === 'bearer' && parameters.get('error') === 'insufficient_scope',
	);
	return challenge?.parameters.get('scope') || undefined;
}

function isStream(body: RegistryRequest['body']): body is UploadBody {
	return body !== undefined && !Buffer.isBuffer(body);
}

/** @param options.sleep between tries */
export function createRequests(options: {
	readonly host: RegistryHost;
	readonly authorizer: Authorizer;
	readonly patience: Patience;
	readonly sleep: Sleep;
	readonly now: () => number;
}): RegistryRequests {
	const { host, authorizer, patience, sleep, now } = options;

	async function once(
		request: RegistryRequest,
		scopes: readonly string[],
	): Promise<{ readonly response: IncomingMessage; readonly authorization: string | undefined }> {
		const { signal, method, body, what } = request;
		const { origin, challenges } = await host.endpoint({ signal });
		const url = new URL(request.target, origin);
		// A Location may lead elsewhere (a storage backend): it brings its own signature, and our secrets stay here.
		const authorization =
			url.origin === origin.origin ? await authorizer.header(challenges, scopes, { signal }) : undefined;
		const headers = {
			'user-agent': 'criscope',
			'docker-distribution-api-version': 'registry/2.0',
			...request.headers,
			...(authorization === undefined ? {} : { authorization }),
		};
		const sent: HttpRequest = { method, url, headers, body, what, signal };
		const response =
			body === undefined && (method === 'GET' || method === 'HEAD')
				? await sendFollowing(host.client, sent, { insecure: host.insecure })
				: await host.client.send(sent);
		return { response, authorization };
	}

	/** After a 401: @returns the scopes to try again with; undefined where another try cannot help. */
	function relogin(
		response: IncomingMessage,
		scopes: readonly string[],
		authorization: string | undefined,
	): readonly string[] | undefined {
		const challenges = parseChallenges(response.headersDistinct['www-authenticate']);
		const missing = missingScope(challenges);
		if (missing !== undefined)
			return [...scopes, ...missing.split(' ').filter((one) => !scopes.includes(one))];
		const hadToken = authorizer.forget(scopes);
		if (challenges.length === 0) return hadToken ? scopes : undefined;
		host.learn(challenges);
		// The same password a second time only brings its owner closer to being locked out.
		const basic = challenges.every(({ scheme }) => scheme !== 'bearer');
		return basic && authorization?.startsWith('Basic ') ? undefined : scopes;
	}

	return {
		async send(request) {
			const { what, signal, body } = request;
			let { scopes } = request;
			let reloginLeft = !isStream(body);
			let failures = 0;
			let refusals = 0;
			/** @returns how long to wait before another try; undefined where there is none. */
			const patienceFor = (
				status: number | undefined,
				retryAfterMs: number | undefined,
			): number | undefined => {
				const rule =
					status === 429 ? patience.rateLimit : (status ?? 500) >= 500 ? patience.failure : undefined;
				if (status === 429) refusals += 1;
				else failures += 1;
				const tries = status === 429 ? refusals : failures;
				if (rule === undefined || isStream(body) || tries >= rule.tries) return undefined;
				return waitBeforeRetry(tries, rule, retryAfterMs);
			};
			for (;;) {
				let answer: Awaited<ReturnType<typeof once>>;
				try {
					answer = await once(request, scopes);
				} catch (error) {
					signal?.throwIfAborted();
					if (!(error instanceof RegistryError)) throw error;
					if (error.kind === 'unreachable') host.forget();
					const lost = isLostConnection(error.cause);
					if (!lost && error.status === undefined) throw error;
					const waitMs = patienceFor(error.status, error.retryAfterMs);
					if (waitMs === undefined) throw error;
					// A connection kept alive may have been closed over there at that moment: no need to wait.
					if (!lost || failures > 1) await sleep(waitMs, { signal });
					continue;
				}
				const { response, authorization } = answer;
				const status = response.statusCode ?? 0;
				if (request.accept.includes(status)) return response;
				if (status === 401 && reloginLeft) {
					reloginLeft = false;
					const wider = relogin(response, scopes, authorization);
					if (wider !== undefined) {
						scopes = wider;
						await discard(response);
						continue;
					}
				}
				const waitMs =
					status === 429 || status >= 500
						? patienceFor(status, parseRetryAfter(response.headers['retry-after'], now()))
						: undefined;
				if (waitMs === undefined) throw await answerError(what, response, now());
				await discard(response);
				await sleep(waitMs, { signal });
			}
		},
	};
}
