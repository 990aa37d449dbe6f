import { once } from 'node:events';
import { createServer } from 'node:net';

/** A TCP port of this host on which nothing listens at the moment. */
export async function freePort(): Promise<number> {
	// On all addresses: a mapped port would hide what listens on any of them.
	await using server = createServer().listen(0);
	await once(server, 'listening');
	const address = server.address();
	if (address === null || typeof address === 'string') throw new Error('cannot find a free port');
	return address.port;
}
