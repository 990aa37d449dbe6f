/** The unix socket of a server: who may connect, and what to do with one that a dead server left behind. */
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { errorMessage, FailedPreconditionError } from '../errors.ts';
import { probeEndpoint } from '../socket-probe.ts';

/** A socket that listens. */
export type ListeningSocket = {
	/** Takes no more connections and removes the file, unless it is another server's by now. */
	close(): void;
};

/**
 * Listens on a unix socket that its owner and group may open; makes its folder where there is none.
 * @throws FailedPreconditionError where somebody listens on it already, or where something else lies there
 */
export async function listenOnSocket(
	path: string,
	onConnection: (socket: Socket) => void,
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

	const server = createServer(onConnection);
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
	const { dev, ino } = statSync(path);
	return { close: () => closeSocket(server, path, { dev, ino }) };
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
