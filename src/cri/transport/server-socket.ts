/** The unix socket of a server: who may connect, and what to do with one that a dead server left behind. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { errorMessage, FailedPreconditionError } from '../errors.ts';
import { probeEndpoint } from '../socket-probe.ts';

/**
 * Node takes one connection from a listener each time it looks at its sockets. A busy host looks a few times a second, and fifty
 * clients at once would wait for longer than the 5 s that they give a server to greet them: so several listen on one socket.
 * Source: libuv, uv__server_io; cri-client, minConnectionTimeout.
 */
const listeners = 16;

/** A socket that listens. */
export type ListeningSocket = {
	/** Takes no more connections and removes the file, unless it is another server's by now. */
	close(): void;
};

/** Another descriptor of the same open file, closed on exec. */
export type DuplicateDescriptor = (descriptor: number) => number;

/**
 * Listens on a unix socket that its owner and group may open; makes its folder where there is none.
 * @param options.duplicate lets it take many connections at once; without, one at a time
 * @throws FailedPreconditionError where somebody listens on it already, or where something else lies there
 */
export async function listenOnSocket(
	path: string,
	onConnection: (socket: Socket) => void,
	{ duplicate }: { readonly duplicate?: DuplicateDescriptor | undefined } = {},
): Promise<ListeningSocket> {
	const fail = (cause: string, error?: unknown): never => {
		throw new FailedPreconditionError(`cannot listen on "${path}": ${cause}`, { cause: error });
	};
	try {
		// Whoever may open the socket must be able to reach it; what else lies there is nobody's business.
		mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
	} catch (error) {
		fail(errorMessage(error), error);
	}
	const found = await probeEndpoint({ kind: 'unix', path });
	if (found.kind === 'open' || found.kind === 'silent') fail('another server answers on it');
	if (found.kind === 'denied' || found.kind === 'broken') fail(found.message);
	if (found.kind === 'refused') rmSync(path, { force: true });

	const server = createServer({ pauseOnConnect: true }, onConnection);
	const listening = Promise.withResolvers<void>();
	server.once('error', (error) => listening.reject(error));
	server.once('listening', listening.resolve);
	// The file is made inside `listen`, and nobody may open it before its permissions are right.
	const umask = process.umask(0o177);
	try {
		server.listen(path);
	} finally {
		process.umask(umask);
	}
	try {
		await listening.promise;
		chmodSync(path, 0o660);
	} catch (error) {
		fail(errorMessage(error), error);
	}
	survive(server);
	const { dev, ino } = statSync(path);
	const others = duplicate === undefined ? [] : await listenBeside(server, onConnection, duplicate);
	return {
		close() {
			for (const other of others) other.close();
			closeSocket(server, path, { dev, ino });
		},
	};
}

/** What cannot be had for want of descriptors is done without. */
async function listenBeside(
	server: Server,
	onConnection: (socket: Socket) => void,
	duplicate: DuplicateDescriptor,
): Promise<readonly Server[]> {
	// Node tells it nowhere else.
	const descriptor = (server as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
	if (descriptor === undefined || descriptor < 0) return [];
	const made: Server[] = [];
	while (made.length < listeners - 1) {
		const other = createServer({ pauseOnConnect: true }, onConnection);
		try {
			other.listen({ fd: duplicate(descriptor) });
			await once(other, 'listening');
		} catch {
			break;
		}
		survive(other);
		made.push(other);
	}
	return made;
}

/** A connection that cannot be taken, for want of descriptors say, is that client's misfortune alone. */
function survive(server: Server): void {
	server.on('error', () => undefined);
}

function closeSocket(
	server: Server,
	path: string,
	own: { readonly dev: number; readonly ino: number },
): void {
	const now = statSync(path, { throwIfNoEntry: false });
	// Closing removes whatever lies at the path, also the socket of a server that has taken it over: move ours aside only.
	if (now !== undefined && (now.dev !== own.dev || now.ino !== own.ino)) return void server.unref();
	server.close();
	rmSync(path, { force: true });
}
