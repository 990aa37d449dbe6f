import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { setImmediate as connectionIsFree } from 'node:timers/promises';
import { sanitizeLine } from '../../../text/sanitize.ts';
import { RegistryError } from '../model.ts';
import { parseRetryAfter } from './retry-after.ts';

const longestErrorBytes = 64 * 1024;
const longestDiscardMs = 2000;
const longestWords = 400;

/**
 * Reads a body into memory.
 *
 * @param limitBytes more than that destroys the connection
 * @returns undefined where the body is longer
 * @throws whatever the body's error is
 */
export async function readBody(response: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
	const chunks: Buffer[] = [];
	let sizeBytes = 0;
	if (Number(response.headers['content-length'] ?? 0) > limitBytes) {
		response.on('error', () => undefined).destroy();
		return undefined;
	}
	for await (const chunk of response as AsyncIterable<Buffer>) {
		sizeBytes += chunk.length;
		// Leaving the loop destroys the response.
		if (sizeBytes > limitBytes) return undefined;
		chunks.push(chunk);
	}
	await connectionIsFree();
	return Buffer.concat(chunks, sizeBytes);
}

/**
 * Lets a response go whose body nobody wants: read where that is cheap, so that the connection lives on and is free for
 * the next request when this returns. Never fails.
 */
export async function discard(response: IncomingMessage): Promise<void> {
	response.on('error', () => undefined);
	if (response.destroyed) return;
	const { 'content-length': length } = response.headers;
	const { req: request } = response as IncomingMessage & { readonly req?: ClientRequest | undefined };
	const bodiless = request?.method === 'HEAD' || response.statusCode === 204;
	if (!bodiless && (length === undefined || Number(length) > longestErrorBytes)) {
		response.destroy();
		return;
	}
	const closed = once(response, 'close').catch(() => undefined);
	const tooSlow = setTimeout(() => response.destroy(), longestDiscardMs);
	response.resume();
	await closed;
	clearTimeout(tooSlow);
	await connectionIsFree();
}

type Json = Readonly<Record<string, unknown>>;

function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** The registry's own words: `manifest unknown: manifest tagged by "x" is not found`. Empty where it said nothing. */
function wordsOf(body: string): { readonly code: string; readonly words: string } {
	let parsed: unknown;
	try {
		parsed = JSON.parse(body);
	} catch {
		return { code: '', words: '' };
	}
	if (typeof parsed !== 'object' || parsed === null) return { code: '', words: '' };
	const answer = parsed as Json;
	const list = Array.isArray(answer['errors']) ? answer['errors'] : [];
	const first = list.find((one): one is Json => typeof one === 'object' && one !== null);
	if (first) {
		const code = text(first['code']);
		const name = code.toLowerCase().replaceAll('_', ' ');
		const message = text(first['message']);
		return { code, words: [name, message].filter((part) => part !== '').join(': ') };
	}
	// Token servers speak OAuth2, or Docker's own dialect.
	const parts = [answer['error'], answer['error_description'], answer['details'], answer['message']].map(
		text,
	);
	return { code: '', words: parts.filter((part) => part !== '').join(': ') };
}

function kindOf(status: number): RegistryError['kind'] {
	if (status === 401 || status === 403) return 'unauthorized';
	if (status === 404) return 'notFound';
	if (status === 429) return 'rateLimited';
	return status >= 500 ? 'serverError' : 'refused';
}

const plainWords: Readonly<Record<number, string>> = {
	401: 'unauthorized: authentication required',
	403: 'denied: requested access to the resource is denied',
	404: 'not found',
	413: 'request entity too large',
	429: 'toomanyrequests: too many requests',
};

/** An error answer of a registry, with the code of its first complaint, such as `BLOB_UPLOAD_UNKNOWN`. */
export class AnswerError extends RegistryError {
	readonly complaint: string;

	constructor(
		kind: RegistryError['kind'],
		message: string,
		options: {
			readonly status: number;
			readonly retryAfterMs: number | undefined;
			readonly complaint: string;
		},
	) {
		super(kind, message, options);
		this.complaint = options.complaint;
	}
}

/**
 * Makes an error of an answer that is none of those hoped for; reads its body, at most 64 KiB.
 *
 * @param what `cannot read manifest "…"`
 */
export async function answerError(
	what: string,
	response: IncomingMessage,
	now: number,
): Promise<AnswerError> {
	const status = response.statusCode ?? 0;
	const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now);
	// What goes wrong while reading why it went wrong changes nothing.
	const body = await readBody(response, longestErrorBytes).catch(() => undefined);
	const { code, words } = wordsOf(body?.toString('utf8') ?? '');
	const html = /\bhtml\b/.test(response.headers['content-type'] ?? '')
		? ' (an HTML page, maybe of a proxy)'
		: '';
	const said = sanitizeLine(words).slice(0, longestWords);
	const standard = plainWords[status] ?? `unexpected answer ${status} ${response.statusMessage ?? ''}`.trim();
	const main = said === '' ? `${sanitizeLine(standard)}${html}` : said;
	const cause = status === 429 && !/too ?many/i.test(main) ? `toomanyrequests: ${main}` : main;
	const shown = cause.includes(String(status)) ? cause : `${cause} (HTTP ${status})`;
	return new AnswerError(kindOf(status), `${what}: ${shown}`, { status, retryAfterMs, complaint: code });
}
