import type { IncomingMessage } from 'node:http';
import { RegistryError } from '../model.ts';
import type { HttpClient, HttpRequest } from './http-client.ts';
import { discard } from './response-error.ts';

const mostRedirects = 10;

/**
 * Where an answer sends us.
 *
 * @returns undefined where it is no redirect
 * @throws RegistryError where it leads to something that is no HTTP, or from HTTPS to plain HTTP
 */
export function redirectTarget(
	response: Pick<IncomingMessage, 'statusCode' | 'headers'>,
	from: URL,
	{ insecure, what }: { readonly insecure: boolean; readonly what: string },
): URL | undefined {
	if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) return undefined;
	const { location } = response.headers;
	if (location === undefined) return undefined;
	const target = URL.parse(location, from);
	if (target === null || (target.protocol !== 'https:' && target.protocol !== 'http:')) {
		throw new RegistryError('invalid', `${what}: ${from.host} redirects to a place that is no HTTP address`);
	}
	if (from.protocol === 'https:' && target.protocol === 'http:' && !insecure) {
		throw new RegistryError(
			'refused',
			`${what}: ${from.host} redirects from HTTPS to plain HTTP at ${target.host}, which is not followed`,
		);
	}
	return target;
}

/**
 * Sends a request without a body and goes where it is sent, at most ten times. Authorization goes to the first host only:
 * a redirect to another scheme, host or port never sees it.
 *
 * @throws as HttpClient.send, and RegistryError for redirects that are not followed
 */
export async function sendFollowing(
	client: HttpClient,
	request: HttpRequest,
	{ insecure }: { readonly insecure: boolean },
): Promise<IncomingMessage> {
	let { url, headers } = request;
	for (let count = 0; count <= mostRedirects; count += 1) {
		const response = await client.send({ ...request, url, headers });
		let target: URL | undefined;
		try {
			target = redirectTarget(response, url, { insecure, what: request.what });
		} catch (error) {
			await discard(response);
			throw error;
		}
		if (target === undefined) return response;
		await discard(response);
		if (target.origin !== url.origin) {
			const { authorization: _secret, ...rest } = headers;
			headers = rest;
		}
		url = target;
	}
	throw new RegistryError('invalid', `${request.what}: more than ${mostRedirects} redirects`);
}
