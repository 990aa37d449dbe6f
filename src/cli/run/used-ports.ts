/** Ports of this host that are taken: a network plugin would hide the program that listens there, without a word. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';

type Options = { readonly signal: AbortSignal };

async function listenTcp(port: number, host: string, { signal }: Options): Promise<void> {
	const server = createServer().listen({ port, exclusive: true, ...(host && { host }) });
	try {
		await once(server, 'listening', { signal });
	} finally {
		server.close();
	}
}

async function listenUdp(port: number, host: string, { signal }: Options): Promise<void> {
	const socket = createSocket(host.includes(':') || host === '' ? 'udp6' : 'udp4');
	try {
		socket.bind({ port, exclusive: true, ...(host && { address: host }) });
		await once(socket, 'listening', { signal });
	} finally {
		socket.close();
	}
}

/**
 * Tries every port that is to be published, for a moment. What cannot be tried (SCTP, addresses that come later) is left to
 * the plugin.
 * @param mappings messages PortMapping
 * @throws Error that names the first one which somebody listens on.
 */
export async function refuseUsedPorts(mappings: readonly ProtocolMessage[], options: Options): Promise<void> {
	for (const { protocol, hostPort, hostIp } of mappings) {
		const listen = protocol === 'TCP' ? listenTcp : protocol === 'UDP' ? listenUdp : undefined;
		const port = Number(hostPort ?? 0);
		if (!listen || port === 0) continue;
		const address = typeof hostIp === 'string' ? hostIp : '';
		await listen(port, address, options).catch((error: NodeJS.ErrnoException) => {
			options.signal.throwIfAborted();
			if (error.code !== 'EADDRINUSE') return;
			const where = `${address === '' ? '' : `${address} `}port ${port}/${String(protocol).toLowerCase()}`;
			throw new Error(`cannot publish ${where}: something on this host listens there`, { cause: error });
		});
	}
}
