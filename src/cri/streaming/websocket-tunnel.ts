import WebSocket, { createWebSocketStream } from 'ws';
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
import type { UpgradedSocket } from './spdy-upgrade.ts';

/**
 * Opens SPDY/3.1 inside of WebSocket messages, for servers or proxies that pass nothing else on.
 * @throws as upgradeToSpdy does.
 * Source: k8s.io/client-go/tools/portforward, tunneling_dialer.go (`SPDY/3.1+` and the protocol).
 */
export function tunnelByWebSocket(
	url: URL,
	protocol: string,
	options: StreamingConnectOptions,
): Promise<UpgradedSocket> {
	return connectWithin(options, url, ({ resolve, reject }) => {
		const webSocket = new WebSocket(url, [`SPDY/3.1+${protocol}`], {
			perMessageDeflate: false,
			...socketOptions,
			...tlsOptions(options),
		});
		// Listens from the start, so that no early frame can pass by.
		const socket = createWebSocketStream(webSocket);
		// Whoever reads it has a listener too; until then a failure is no crash.
		socket.on('error', () => undefined);
		webSocket.on('unexpected-response', async (request, response) => {
			reject(await refusalError(url, response));
			request.destroy();
			webSocket.terminate();
		});
		webSocket.on('error', (error: NodeJS.ErrnoException) => {
			if (error.syscall !== undefined) reject(unreachableError(url, error));
			else reject(new FailedPreconditionError(sentence(url, error.message), { cause: error }));
		});
		webSocket.on('open', () => resolve({ socket, head: Buffer.alloc(0), protocol }));
		return () => webSocket.terminate();
	});
}
