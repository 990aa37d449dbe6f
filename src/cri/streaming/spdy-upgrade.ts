import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { FailedPreconditionError } from '../errors.ts';
import {
	connectWithin,
	refusalError,
	sentence,
	socketOptions,
	tlsOptions,
	unreachableError,
} from './connect.ts';
import type { StreamingConnectOptions } from './session.ts';

/** A socket that speaks SPDY/3.1 from here on; `head` are the bytes that came with the switch. */
export type UpgradedSocket = { readonly socket: Duplex; readonly head: Buffer; readonly protocol: string };

/**
 * Asks a streaming server to switch to SPDY/3.1 with one of the given protocols, the preferred one first.
 * @throws NotFoundError for a used or expired token, FailedPreconditionError where the server refuses,
 * UnavailableError where nobody listens, DeadlineError, or CriError of code `cancelled`.
 * Source: k8s.io/apimachinery/pkg/util/httpstream (X-Stream-Protocol-Version).
 */
export function upgradeToSpdy(
	url: URL,
	protocols: readonly string[],
	options: StreamingConnectOptions,
): Promise<UpgradedSocket> {
	return connectWithin(options, url, ({ resolve, reject }) => {
		const request = (url.protocol === 'https:' ? https : http).request(url, {
			method: 'POST',
			agent: false,
			headers: {
				Connection: 'Upgrade',
				Upgrade: 'SPDY/3.1',
				'X-Stream-Protocol-Version': [...protocols],
			},
			...socketOptions,
			...tlsOptions(options),
		});
		request.on('upgrade', (response, socket, head) => {
			const protocol = String(response.headers['x-stream-protocol-version'] ?? '');
			const upgrade = String(response.headers.upgrade ?? '');
			if (upgrade.toLowerCase() === 'spdy/3.1' && protocols.includes(protocol)) {
				resolve({ socket, head, protocol });
				return;
			}
			socket.destroy();
			const got = `${JSON.stringify(upgrade)} with ${JSON.stringify(protocol)}`;
			reject(new FailedPreconditionError(sentence(url, `the server switched to ${got}`)));
		});
		request.on('response', async (response) => {
			const error = await refusalError(url, response);
			request.destroy();
			reject(error);
		});
		// After a refusal was read this fires once more for the destroyed request, to no effect.
		request.on('error', (error) => reject(unreachableError(url, error)));
		request.end();
		return () => request.destroy();
	});
}
