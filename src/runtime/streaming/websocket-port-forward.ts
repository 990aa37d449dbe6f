import type WebSocket from 'ws';
import { createForwarded } from './forwarded.ts';
import { createReadHold } from './read-hold.ts';
import type { Dial } from './spdy-port-forward.ts';
import type { SessionLimits } from './spdy-session.ts';
import { openChannelMessages } from './websocket-messages.ts';

/** SPDY in WebSocket messages: what client-go does since it prefers WebSockets. */
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';

/** Port-forward's protocols over WebSocket; none at all is the oldest. Source: runtime.md §5.4 */
export const webSocketPortForwardProtocols: readonly string[] = [
	tunnelProtocol,
	'v4.channel.k8s.io',
	'v4.base64.channel.k8s.io',
	'',
];

/**
 * Serves one connection to each port over WebSocket, until the client goes or all have ended. Never rejects.
 * The n-th port has channel 2n for its data and 2n+1 for what went wrong; the server's first message on each is the port.
 * A client has no way to end its half, so the port's end ends both.
 * Source: k8s.io/cri-streaming portforward/websocket.go
 */
export async function serveWebSocketPortForward(options: {
	readonly socket: WebSocket;
	readonly protocol: string;
	readonly ports: readonly number[];
	readonly dial: Dial;
	readonly limits: SessionLimits;
}): Promise<void> {
	const { socket, ports, dial } = options;
	const { promise: closed, resolve: setClosed } = Promise.withResolvers<void>();
	const messages = openChannelMessages(socket, options.protocol.includes('base64'), (on, bytes) => {
		if (on % 2 === 0) forwards[on / 2]?.take(bytes);
	});
	const hold = createReadHold(
		{
			pause: () => socket.pause(),
			resume: () => socket.resume(),
			beat: () => socket.ping(),
		},
		options.limits.heartbeatMs,
	);
	const forwards = ports.map((port, index) =>
		createForwarded({
			hold,
			dial: (dialOptions) => dial(port, dialOptions),
			client: {
				send: (bytes, done) => messages.send(index * 2, bytes, done),
				endData: () => false,
				resetData: () => {},
				endError: (words) => {
					if (words !== undefined) messages.send(index * 2 + 1, Buffer.from(words));
				},
			},
		}),
	);
	socket.on('error', () => undefined);
	socket.on('close', () => {
		hold.close();
		for (const forwarded of forwards) forwarded.abort();
		setClosed();
	});
	ports.forEach((port, index) => {
		const prefix = Buffer.alloc(2);
		prefix.writeUInt16LE(port);
		messages.send(index * 2, prefix);
		messages.send(index * 2 + 1, prefix);
	});
	for (const forwarded of forwards) forwarded.start();
	await Promise.all(forwards.map((forwarded) => forwarded.done));
	hold.close();
	socket.resume();
	socket.close(1000);
	await closed;
}
