import { RegistryError } from '../model.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { type HttpClient, type HttpSettings, openHttpClient } from './http-client.ts';
import { sendFollowing } from './redirect.ts';
import { answerError, discard } from './response-error.ts';
import { parseRetryAfter, type Sleep, waitBeforeRetry } from './retry-after.ts';
import { waitWith } from './shared-wait.ts';

/** How a registry is spoken to. */
export type Endpoint = {
	/** `https://registry-1.docker.io` */
	readonly origin: URL;
	readonly challenges: readonly Challenge[];
};

/** A registry as a server: how it is reached and what it wants. Shared by all its repositories. */
export type RegistryHost = Disposable & {
	/** As in names: `docker.io`, `mirror.example:5000`. */
	readonly name: string;
	readonly insecure: boolean;
	readonly client: HttpClient;
	/** Asks the registry, at most every five minutes. @throws RegistryError; the reason of the signal */
	endpoint(options: { readonly signal?: AbortSignal | undefined }): Promise<Endpoint>;
	/** The registry wants another login than it said. */
	learn(challenges: readonly Challenge[]): void;
	/** What is known is no longer true: ask again. */
	forget(): void;
};

const trustPingMs = 5 * 60_000;

/** Where the API of a registry is: Docker Hub's is not where its name says. */
function serverOf(name: string): string {
	return name === 'docker.io' ? 'registry-1.docker.io' : name;
}

/**
 * Opens a registry; nothing is sent before the first request.
 *
 * @param options.insecure certificates are not checked, and plain HTTP is spoken where HTTPS does not work
 */
export function openRegistryHost(
	name: string,
	options: {
		readonly insecure: boolean;
		readonly settings: HttpSettings;
		readonly sleep: Sleep;
		readonly now: () => number;
	},
): RegistryHost {
	const { insecure, settings, sleep, now } = options;
	const client = openHttpClient(name, settings, { insecure });
	let known: { readonly promise: Promise<Endpoint>; readonly atMs: number } | undefined;

	async function ping(origin: URL): Promise<Endpoint> {
		const what = `cannot reach registry "${name}"`;
		const { rateLimit, failure } = settings.patience;
		for (let attempt = 1; ; attempt += 1) {
			const url = new URL('/v2/', origin);
			const response = await sendFollowing(client, { method: 'GET', url, headers: {}, what }, { insecure });
			const status = response.statusCode ?? 0;
			const rule = status === 429 ? rateLimit : status >= 500 ? failure : undefined;
			if (rule && attempt < rule.tries) {
				const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now());
				await discard(response);
				await sleep(waitBeforeRetry(attempt, rule, retryAfterMs), {});
				continue;
			}
			if (rule) throw await answerError(what, response, now());
			const challenges = parseChallenges(response.headersDistinct['www-authenticate']);
			const page = /\btext\/html\b/.test(response.headers['content-type'] ?? '');
			await discard(response);
			if (status === 200 && page && challenges.length === 0) {
				throw new RegistryError(
					'invalid',
					`${what}: it answers with an HTML page: no registry, or a captive portal or proxy on the way`,
				);
			}
			// Any other refusal is told better by the request that follows.
			return { origin, challenges: status === 401 ? challenges : [] };
		}
	}

	async function detect(): Promise<Endpoint> {
		const secure = new URL(`https://${serverOf(name)}`);
		try {
			return await ping(secure);
		} catch (error) {
			if (!insecure) throw error;
			try {
				return await ping(new URL(`http://${serverOf(name)}`));
			} catch (plainError) {
				// Both failed: where nothing speaks TLS, what plain HTTP met is the cause.
				const spokeTls = error instanceof RegistryError && error.status !== undefined;
				throw spokeTls ? error : plainError;
			}
		}
	}

	return {
		name,
		insecure,
		client,
		endpoint({ signal }) {
			if (known === undefined || now() - known.atMs > trustPingMs) {
				const promise = detect();
				const fresh = { promise, atMs: now() };
				known = fresh;
				promise.catch(() => {
					if (known === fresh) known = undefined;
				});
			}
			return waitWith(known.promise, signal);
		},
		learn(challenges) {
			if (known === undefined) return;
			const { atMs, promise } = known;
			known = { atMs, promise: promise.then(({ origin }) => ({ origin, challenges })) };
			known.promise.catch(() => undefined);
		},
		forget() {
			known = undefined;
		},
		[Symbol.dispose]() {
			client[Symbol.dispose]();
		},
	};
}
