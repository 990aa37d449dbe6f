import type { IncomingMessage } from 'node:http';
import type { Digest } from '../../storage/model.ts';
import { RegistryError, type Repository } from '../model.ts';
import { isLostConnection } from './network-error.ts';
import type { RegistryRequests } from './registry-requests.ts';
import { AnswerError, discard } from './response-error.ts';
import { type Patience, type Sleep, waitBeforeRetry } from './retry-after.ts';
import { countingBody } from './upload-body.ts';
import { chunksOf } from './upload-chunks.ts';

/** One upload into a repository. */
export type UploadRequest = {
	/** `registry.example/library/busybox`, for messages. */
	readonly name: string;
	readonly repository: string;
	readonly scopes: readonly string[];
	readonly open: Parameters<Repository['uploadBlob']>[0];
	readonly onProgress?: ((sentBytes: number) => void) | undefined;
	readonly signal?: AbortSignal | undefined;
};

/** A blob up to this size goes in one request. */
const monolithicBytes = 1 << 20;
/** What a blob is cut into once a proxy said that it is too large. */
const chunkBytes = [8 << 20, 1 << 20] as const;

/** A piece is held in memory: a registry that wants larger ones is not served. */
const largestPieceBytes = 32 << 20;

const octets = { 'content-type': 'application/octet-stream' };

/** Where an upload goes on; the query that the registry put there is kept. @throws RegistryError (invalid) */
function locationOf(response: IncomingMessage, base: URL | undefined, what: string): URL {
	const { location } = response.headers;
	const url = location === undefined ? null : URL.parse(location, base?.href);
	if (url === null) throw new RegistryError('invalid', `${what}: the registry did not say where to upload`);
	return url;
}

function isRestartable(error: unknown): boolean {
	if (!(error instanceof RegistryError)) return false;
	if (isLostConnection(error.cause)) return true;
	if (error instanceof AnswerError && /^BLOB_UPLOAD_(UNKNOWN|INVALID)$/.test(error.complaint)) return true;
	const { status } = error;
	return status !== undefined && (status >= 500 || [401, 404, 408, 413, 416, 429].includes(status));
}

/**
 * Uploads a blob: in one PUT where it is small, else in one streamed PATCH; in pieces where a proxy on the way refuses the
 * whole (413). Begins anew, by calling `open` again, where the registry lost the upload or the connection was lost.
 *
 * @param origin of the registry, for relative locations
 * @throws RegistryError; an error of the body itself; the reason of the signal
 * Source: OCI distribution-spec v1.1, "Pushing blobs".
 */
export async function uploadBlob(
	requests: RegistryRequests,
	origin: () => Promise<URL>,
	request: UploadRequest,
	{ patience, sleep }: { readonly patience: Patience; readonly sleep: Sleep },
): Promise<Digest> {
	const { signal } = request;
	let smaller = 0;
	for (let attempt = 1; ; ) {
		try {
			return await uploadOnce(
				requests,
				await origin(),
				request,
				smaller === 0 ? undefined : chunkBytes[smaller - 1],
			);
		} catch (error) {
			signal?.throwIfAborted();
			if (!isRestartable(error)) throw error;
			const { status, retryAfterMs } = error as RegistryError;
			if (status === 413) {
				if (smaller === chunkBytes.length) throw error;
				smaller += 1;
				continue;
			}
			const rule = status === 429 ? patience.rateLimit : patience.failure;
			if (attempt >= rule.tries) throw error;
			await sleep(waitBeforeRetry(attempt, rule, retryAfterMs), { signal });
			attempt += 1;
		}
	}
}

async function uploadOnce(
	requests: RegistryRequests,
	origin: URL,
	request: UploadRequest,
	pieceBytes: number | undefined,
): Promise<Digest> {
	const { name, repository, scopes, onProgress, signal } = request;
	const what = `cannot push blob to "${name}"`;
	const started = await requests.send({
		method: 'POST',
		target: `/v2/${repository}/blobs/uploads/`,
		headers: { 'content-length': '0' },
		scopes,
		accept: [202],
		what,
		signal,
	});
	let location = locationOf(started, origin, what);
	const shortest = Math.min(Number(started.headers['oci-chunk-min-length'] ?? 0) || 0, largestPieceBytes);
	await discard(started);

	const source = await request.open();
	const { sizeBytes } = source;
	const body = countingBody(source.body, sizeBytes, onProgress);
	const finish = async (bytes: Buffer | undefined): Promise<Digest> => {
		const digest = source.digest();
		location.searchParams.set('digest', digest);
		const done = await requests.send({
			method: 'PUT',
			target: location,
			headers: bytes === undefined ? { 'content-length': '0' } : octets,
			body: bytes,
			scopes,
			accept: [200, 201, 204],
			what: `cannot push blob "${name}@${digest}"`,
			signal,
		});
		await discard(done);
		return digest;
	};
	const patch = async (part: Buffer | typeof body, headers: Readonly<Record<string, string>>) => {
		const accepted = await requests.send({
			method: 'PATCH',
			target: location,
			headers: { ...octets, ...headers },
			body: part,
			scopes,
			accept: [202, 201, 204],
			what,
			signal,
		});
		location = locationOf(accepted, location, what);
		await discard(accepted);
	};

	try {
		if (sizeBytes !== undefined && sizeBytes <= Math.min(monolithicBytes, pieceBytes ?? monolithicBytes)) {
			const chunks: Buffer[] = [];
			for await (const chunk of body.stream as AsyncIterable<Buffer>) {
				signal?.throwIfAborted();
				chunks.push(chunk);
			}
			return await finish(Buffer.concat(chunks));
		}
		if (pieceBytes === undefined) {
			await patch(body, {});
			return await finish(undefined);
		}
		let sent = 0;
		for await (const piece of chunksOf(body.stream, Math.max(pieceBytes, shortest))) {
			signal?.throwIfAborted();
			await patch(piece, { 'content-range': `${sent}-${sent + piece.length - 1}` });
			sent += piece.length;
		}
		return await finish(undefined);
	} catch (error) {
		body.stream.destroy();
		source.body.destroy();
		throw body.failure() ?? error;
	}
}
