import type { IncomingMessage } from 'node:http';
import { type BlobStream, type Descriptor, RegistryError } from '../model.ts';
import { sendFollowing } from './redirect.ts';
import type { RegistryHost } from './registry-host.ts';
import type { RegistryRequests } from './registry-requests.ts';
import { answerError, discard } from './response-error.ts';

/** What is asked for. */
export type BlobRequest = {
	/** `mirror.example:5000/library/busybox`, for messages. */
	readonly name: string;
	readonly repository: string;
	readonly descriptor: Descriptor;
	/** Bytes already here. */
	readonly offset: number;
	readonly scopes: readonly string[];
	readonly signal?: AbortSignal | undefined;
};

/** `bytes 10-99/100`; `*` for an unknown total. @returns undefined where it is nothing of the kind */
export function parseContentRange(
	header: string | undefined,
): { readonly start: number; readonly end: number; readonly total: number | undefined } | undefined {
	const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(header?.trim() ?? '') ?? [];
	if (start === undefined || end === undefined) return undefined;
	return { start: Number(start), end: Number(end), total: total === '*' ? undefined : Number(total) };
}

/** Checks where the body of an answer begins. @throws RegistryError (invalid), having let the answer go */
async function streamOf(response: IncomingMessage, offset: number, what: string): Promise<BlobStream> {
	const fail = async (cause: string): Promise<never> => {
		await discard(response);
		throw new RegistryError('invalid', `${what}: ${cause}`);
	};
	if (/\btext\/html\b/.test(response.headers['content-type'] ?? '')) {
		await fail('the answer is an HTML page: no registry, or a captive portal or proxy on the way');
	}
	const { 'content-length': length } = response.headers;
	if (response.statusCode === 200) {
		return { body: response, offset: 0, totalBytes: length === undefined ? undefined : Number(length) };
	}
	const range = parseContentRange(response.headers['content-range']);
	if (range === undefined || range.start !== offset) {
		await fail(
			`asked for bytes from ${offset} on, the answer is "${response.headers['content-range'] ?? ''}"`,
		);
	}
	return { body: response, offset, totalBytes: range?.total };
}

/** Foreign layers live elsewhere: no login is ever sent there. */
async function fetchElsewhere(
	host: RegistryHost,
	request: BlobRequest,
	what: string,
): Promise<BlobStream | undefined> {
	const { descriptor, offset, signal } = request;
	for (const text of descriptor.urls) {
		const url = URL.parse(text);
		if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) continue;
		const headers = rangeHeaders(offset);
		try {
			const response = await sendFollowing(
				host.client,
				{ method: 'GET', url, headers, what, signal },
				{ insecure: host.insecure },
			);
			if (response.statusCode === 200 || response.statusCode === 206)
				return await streamOf(response, offset, what);
			await discard(response);
		} catch (error) {
			signal?.throwIfAborted();
			if (!(error instanceof RegistryError)) throw error;
		}
	}
	return undefined;
}

function rangeHeaders(offset: number): Readonly<Record<string, string>> {
	return {
		// A proxy that compresses on the way would break offsets and digests.
		'accept-encoding': 'identity',
		...(offset > 0 ? { range: `bytes=${offset}-` } : {}),
	};
}

/**
 * Asks for a blob, from `offset` on where the server can. The body is the connection's own; nothing is verified here.
 * A foreign layer that the registry does not have is fetched from where its descriptor says.
 *
 * @throws RegistryError; the reason of the signal
 */
export async function fetchBlob(
	requests: RegistryRequests,
	host: RegistryHost,
	request: BlobRequest,
): Promise<BlobStream> {
	const { name, repository, descriptor, scopes, signal } = request;
	const what = `cannot read blob "${name}@${descriptor.digest}"`;
	const ask = (offset: number) =>
		requests.send({
			method: 'GET',
			target: `/v2/${repository}/blobs/${descriptor.digest}`,
			headers: rangeHeaders(offset),
			scopes,
			accept: offset > 0 ? [200, 206, 416] : descriptor.urls.length > 0 ? [200, 404] : [200],
			what,
			signal,
		});
	let { offset } = request;
	let response = await ask(offset);
	if (response.statusCode === 416) {
		// What we have is longer than what is there, or ranges are not understood: from the beginning, then.
		await discard(response);
		offset = 0;
		response = await ask(0);
	}
	if (response.statusCode !== 404) return streamOf(response, offset, what);
	const foreign = await fetchElsewhere(host, { ...request, offset }, what);
	if (foreign === undefined) throw await answerError(what, response, Date.now());
	await discard(response);
	return foreign;
}
