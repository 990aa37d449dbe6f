import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { acceptSpdy, type ServerStream } from './spdy-server-side.ts';
import { testCertificate, testKey } from './tls-certificate.ts';

/** What a fake command does with its session. */
export type FakeProcess = {
	onStdin: (bytes: Buffer) => void;
	onStdinEnd: () => void;
	onResize: (json: string) => void;
	stdout(bytes: Uint8Array | string): void;
	stderr(bytes: Uint8Array | string): void;
	/** Sends the exit code as a runtime does, and ends. */
	exit(exitCode: number): void;
	/** Sends these words on the error channel; the session stays open. */
	report(text: string): void;
	/** Ends all streams and the connection. */
	end(): void;
	/** Cuts the connection. */
	die(): void;
};

/** What can go wrong, and what the command does. */
export type StreamingServerOptions = {
	readonly run?: (command: FakeProcess) => void;
	readonly tty?: boolean;
	readonly stdin?: boolean;
	readonly stderr?: boolean;
	/** WebSocket protocols it knows; none: every WebSocket gets 403. */
	readonly webSocketProtocols?: readonly string[];
	/** Takes the request and never answers it. */
	readonly neverAnswers?: boolean;
	/** SPDY is refused with 403 too. */
	readonly refusesSpdy?: boolean;
	/** Serves https with the certificate of tls-certificate.ts. */
	readonly tls?: boolean;
	/** Each byte towards the client travels alone. */
	readonly splitsBytes?: boolean;
	/** Where port-forward connections lead; an Error's message goes to the error stream. */
	readonly dial?: (port: number) => Duplex | Error;
};

/** A running fake. */
export type StreamingServer = {
	/** A URL with a token of its own, good for one request. */
	url(): Promise<string>;
	/** How many tokens were handed out. */
	readonly urlCount: () => number;
	/** How many commands were started. */
	readonly startCount: () => number;
	/** Open connections from clients. */
	readonly connectionCount: () => number;
	close(): Promise<void>;
};

/** A streaming server with faults; the sound one to compare with is containerd's (test/e2e/streaming.test.ts). */
export async function startStreamingServer(options: StreamingServerOptions): Promise<StreamingServer> {
	const tokens = new Set<string>();
	const sockets = new Set<Socket>();
	let urlCount = 0;
	let startCount = 0;
	const answer: RequestListener = (_request, response) => response.writeHead(400).end('upgrade needed');
	const server =
		options.tls === true
			? createTlsServer({ key: testKey, cert: testCertificate }, answer)
			: createServer(answer);
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => {});
	});
	server.on('upgrade', (request, socket, head) => {
		// Node leaves the server's half of an upgraded socket open when the client ends its own.
		socket.on('end', () => socket.end());
		if (options.neverAnswers === true) {
			socket.resume();
			return;
		}
		if (!tokens.delete(request.url ?? '')) {
			refuse(socket, '404 Not Found', 'no such token');
			return;
		}
		const write = writer(socket, options.splitsBytes === true);
		const run = (command: FakeProcess) => {
			startCount++;
			options.run?.(command);
		};
		if (request.headers.upgrade?.toLowerCase() === 'websocket') {
			const known = options.webSocketProtocols ?? ['v4.channel.k8s.io'];
			acceptWebSocket(request, socket, head, known, options.splitsBytes === true, run);
		} else if (options.refusesSpdy === true) refuse(socket, '403 Forbidden', 'no SPDY here');
		else {
			const protocol = request.headers['x-stream-protocol-version'];
			write(
				Buffer.from(
					'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
						`X-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
				),
			);
			const session = createSpdySession(options, write, socket, run);
			acceptSpdy(socket, head, write, protocol === 'portforward.k8s.io' ? session.forward : session.exec);
		}
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	return {
		url: async () => {
			const path = `/exec/token-${urlCount++}`;
			tokens.add(path);
			return `${options.tls === true ? 'https' : 'http'}://127.0.0.1:${port}${path}`;
		},
		urlCount: () => urlCount,
		startCount: () => startCount,
		connectionCount: () => sockets.size,
		close: async () => {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, 'close');
		},
	};
}

/** The report of a runtime for an exit code. Source: containerd 1.6.20's answer on the wire. */
export function exitStatus(exitCode: number): string {
	if (exitCode === 0) return '{"metadata":{},"status":"Success"}';
	const causes = [{ reason: 'ExitCode', message: String(exitCode) }];
	const message = `command terminated with non-zero exit code: error executing command: ${exitCode}`;
	return JSON.stringify({
		metadata: {},
		status: 'Failure',
		message,
		reason: 'NonZeroExitCode',
		details: { causes },
	});
}

function refuse(socket: Duplex, status: string, body: string): void {
	socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}

function writer(socket: Duplex, splits: boolean): (bytes: Uint8Array) => void {
	if (!splits) return (bytes) => socket.write(bytes);
	const queue: number[] = [];
	const original = socket.write.bind(socket);
	let busy = false;
	const step = () => {
		const byte = queue.shift();
		busy = byte !== undefined && !socket.destroyed;
		if (byte !== undefined && busy) original(Buffer.from([byte]), () => setImmediate(step));
	};
	return (bytes) => {
		queue.push(...bytes);
		if (!busy) step();
	};
}

function acceptWebSocket(
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
	known: readonly string[],
	splits: boolean,
	run: (command: FakeProcess) => void,
): void {
	const asked = String(request.headers['sec-websocket-protocol'] ?? '').split(/,\s*/);
	const chosen = asked.find((protocol) => known.includes(protocol));
	if (chosen === undefined) {
		refuse(socket, '403 Forbidden', 'unknown protocol');
		return;
	}
	if (splits) {
		const write = writer(socket, true);
		socket.write = ((bytes: Uint8Array | string) => {
			write(Buffer.from(bytes as Uint8Array));
			return true;
		}) as typeof socket.write;
	}
	const accepter = new WebSocketServer({ noServer: true, handleProtocols: () => chosen });
	accepter.handleUpgrade(request, socket, head, (client) => {
		const send = (channel: number, bytes: Uint8Array | string) =>
			client.send(Buffer.concat([Buffer.from([channel]), Buffer.from(bytes as Uint8Array)]));
		const command: FakeProcess = {
			onStdin: () => {},
			onStdinEnd: () => {},
			onResize: () => {},
			stdout: (bytes) => send(1, bytes),
			stderr: (bytes) => send(2, bytes),
			report: (text) => send(3, text),
			exit: (exitCode) => {
				send(3, exitStatus(exitCode));
				client.close(1000);
			},
			end: () => client.close(1000),
			die: () => socket.destroy(),
		};
		send(1, '');
		client.on('message', (message) => {
			const bytes = message as Buffer;
			if (bytes[0] === 0) command.onStdin(bytes.subarray(1));
			else if (bytes[0] === 4) command.onResize(bytes.toString('utf8', 1));
			else if (bytes[0] === 255 && bytes[1] === 0) command.onStdinEnd();
		});
		client.on('error', () => {});
		run(command);
	});
}

function createSpdySession(
	options: StreamingServerOptions,
	write: (bytes: Uint8Array) => void,
	socket: Duplex,
	run: (command: FakeProcess) => void,
) {
	const streams = new Map<string, ServerStream>();
	const wanted = ['error', 'stdout'];
	if (options.stdin === true) wanted.push('stdin');
	if (options.tty === true) wanted.push('resize');
	else if (options.stderr === true) wanted.push('stderr');
	const end = () => {
		for (const stream of streams.values()) stream.reset();
	};
	const exec = (stream: ServerStream) => {
		streams.set(String(stream.headers.get('streamtype')), stream);
		if (!wanted.every((name) => streams.has(name))) return;
		const command: FakeProcess = {
			onStdin: () => {},
			onStdinEnd: () => {},
			onResize: () => {},
			stdout: (bytes) => streams.get('stdout')?.write(Buffer.from(bytes as Uint8Array)),
			stderr: (bytes) => streams.get('stderr')?.write(Buffer.from(bytes as Uint8Array)),
			report: (text) => streams.get('error')?.write(Buffer.from(text)),
			exit: (exitCode) => {
				command.report(exitStatus(exitCode));
				end();
			},
			end,
			die: () => socket.destroy(),
		};
		const stdin = streams.get('stdin');
		if (stdin !== undefined) {
			stdin.onData = (bytes) => command.onStdin(bytes);
			stdin.onEnd = () => command.onStdinEnd();
		}
		const resize = streams.get('resize');
		if (resize !== undefined) resize.onData = (bytes) => command.onResize(bytes.toString());
		run(command);
	};
	const errorStreams = new Map<string, ServerStream>();
	const forward = (stream: ServerStream) => {
		const requestId = String(stream.headers.get('requestid'));
		if (stream.headers.get('streamtype') === 'error') {
			errorStreams.set(requestId, stream);
			return;
		}
		const errorStream = errorStreams.get(requestId);
		const target = options.dial?.(Number(stream.headers.get('port'))) ?? new Error('nothing listens');
		if (target instanceof Error) {
			// containerd's order: the data ends first, and then comes why.
			stream.end();
			setImmediate(() => {
				errorStream?.write(Buffer.from(target.message));
				errorStream?.end();
			});
			return;
		}
		stream.onData = (bytes) => target.write(bytes);
		stream.onEnd = () => target.end();
		target.on('data', (bytes: Buffer) => stream.write(bytes));
		target.on('end', () => {
			stream.end();
			errorStream?.end();
		});
		target.on('error', () => stream.reset());
	};
	return { exec, forward, write };
}
