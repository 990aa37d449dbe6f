import type WebSocket from 'ws';
import { createSessionStreams } from './client-streams.ts';
import { endReport } from './end-report.ts';
import { createReadHold } from './read-hold.ts';
import type { SessionOptions } from './spdy-session.ts';
import { channel, openChannelMessages } from './websocket-messages.ts';

/** Exec's and attach's protocols over WebSocket; none at all is the oldest. Source: runtime.md §5.4 */
export const webSocketSessionProtocols: readonly string[] = [
	'v5.channel.k8s.io',
	'v4.channel.k8s.io',
	'v4.base64.channel.k8s.io',
	'channel.k8s.io',
	'base64.channel.k8s.io',
	'',
];

/** Serves an exec or attach over WebSocket until the connection is closed. Never rejects. */
export async function serveWebSocketSession(
	options: SessionOptions & { readonly socket: WebSocket },
): Promise<void> {
	const { socket, request, protocol } = options;
	const { promise: closed, resolve: setClosed } = Promise.withResolvers<void>();
	const messages = openChannelMessages(socket, protocol.includes('base64'), (on, bytes) => {
		if (on === channel.stdin) session.takeStdin(bytes);
		else if (on === channel.resize) session.takeResize(bytes);
		else if (on === channel.close && protocol === 'v5.channel.k8s.io' && bytes[0] === channel.stdin) {
			session.endStdin();
		}
	});
	const hold = createReadHold(
		{
			pause: () => socket.pause(),
			resume: () => socket.resume(),
			beat: () => socket.ping(),
		},
		options.limits.heartbeatMs,
	);
	const session = createSessionStreams({
		request,
		hold,
		send: (name, bytes, done) => messages.send(channel[name], bytes, done),
	});
	// What a client sends against the protocol ends the connection, with a code that says why.
	socket.on('error', () => undefined);
	socket.on('close', () => {
		hold.close();
		session.gone();
		setClosed();
	});

	const { stdout, stderr } = session.streams;
	// Tells the client that the session is there: an empty message on the lowest channel that we write.
	messages.send(stdout ? channel.stdout : stderr ? channel.stderr : channel.error, Buffer.alloc(0));
	const end = await options.run(session.streams);
	await session.flush();
	hold.close();
	socket.resume();
	const report = endReport(end, /^v[45]\./.test(protocol) ? 'status' : 'text');
	if (report !== '') {
		await new Promise<void>((sent) => messages.send(channel.error, Buffer.from(report), sent));
	}
	socket.close(1000);
	await closed;
}
