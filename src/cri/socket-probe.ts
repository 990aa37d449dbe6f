/**
 * Finds out why a socket does not answer. gRPC reports all of it as UNAVAILABLE, while "no permission",
 * "no such file" and "nobody listens" ask for different deeds.
 */
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { EndpointAddress } from './endpoint-address.ts';

/**
 * What a try to connect came to.
 * - `open`: somebody accepted the connection. Whether a runtime answers on it is another question.
 * - `missing`: no such file or host. - `refused`: the socket is there and nobody listens.
 * - `denied`: no permission. - `silent`: no answer in time. - `broken`: anything else, told by `message`.
 */
export type ProbeResult = {
	readonly kind: 'open' | 'missing' | 'refused' | 'denied' | 'silent' | 'broken';
	readonly message: string;
	/** Owner of the socket file, where stat could read it. */
	readonly gid?: number | undefined;
	/** Permission bits of the socket file. */
	readonly mode?: number | undefined;
};

const kindOfCode = new Map<string, ProbeResult['kind']>([
	['ENOENT', 'missing'],
	['ENOTDIR', 'missing'],
	['ENOTFOUND', 'missing'],
	['ECONNREFUSED', 'refused'],
	['ENOTSOCK', 'refused'],
	['EACCES', 'denied'],
	['EPERM', 'denied'],
]);

function resultOfError(error: unknown): ProbeResult {
	const code = error instanceof Error && 'code' in error ? String(error.code) : '';
	const message = error instanceof Error ? error.message : String(error);
	return { kind: kindOfCode.get(code) ?? 'broken', message };
}

/**
 * Looks at the file first (cheap, and most well-known sockets are missing), then connects. Never throws
 * for what it finds.
 * @param timeoutMs how long to wait for the connection, 500 by default.
 * @throws AbortError of the signal.
 */
export async function probeEndpoint(
	address: EndpointAddress,
	options: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<ProbeResult> {
	options.signal?.throwIfAborted();
	if (address.kind === 'tcp') return tryConnect({ host: address.host, port: address.port }, options);
	let owner: { gid: number; mode: number };
	try {
		const status = await stat(address.path);
		owner = { gid: status.gid, mode: status.mode & 0o777 };
		if (!status.isSocket()) return { ...owner, kind: 'broken', message: 'the file is no socket' };
	} catch (error) {
		return resultOfError(error);
	}
	return { ...owner, ...(await tryConnect({ path: address.path }, options)) };
}

function tryConnect(
	target: { readonly path: string } | { readonly host: string; readonly port: number },
	{ timeoutMs = 500, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined },
): Promise<ProbeResult> {
	const { promise, resolve, reject } = Promise.withResolvers<ProbeResult>();
	const socket = connect(target);
	const timer = setTimeout(
		() => resolve({ kind: 'silent', message: `no connection within ${timeoutMs} ms` }),
		timeoutMs,
	);
	const onAbort = () => reject(signal?.reason);
	signal?.addEventListener('abort', onAbort, { once: true });
	socket.once('connect', () => resolve({ kind: 'open', message: '' }));
	// Stays attached: an error after the answer was given must not become an uncaught one.
	socket.on('error', (error) => resolve(resultOfError(error)));
	return promise.finally(() => {
		clearTimeout(timer);
		signal?.removeEventListener('abort', onAbort);
		socket.destroy();
	});
}
