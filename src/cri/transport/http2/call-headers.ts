/** What the header fields of a call say, and the fields of its answer. Source: gRPC over HTTP/2 (PROTOCOL-HTTP2). */
import { grpcStatusOf } from '../../errors.ts';
import { errorCodes } from './frames.ts';
import { encodeHeaders } from './hpack-encoder.ts';
import type { HeaderField } from './hpack-table.ts';
import { Http2StreamError } from './http2-error.ts';
import { type IncomingMethod, methodThatRefuses } from './incoming-call.ts';

/** A call's own fields. */
export type CallHeaders = {
	/** `/runtime.v1.RuntimeService/Version` */
	readonly path: string;
	/** How long the caller waits; undefined: for ever. */
	readonly timeoutMs: number | undefined;
	/** What answers instead of the method, where a field makes no sense. */
	readonly refusal: IncomingMethod | undefined;
	/** How its messages may be compressed, as `grpc-encoding` says it. */
	readonly encoding: string;
	/** An HTTP status for what is no gRPC at all; undefined for a call. */
	readonly httpStatus: number | undefined;
};

/** Fields about one HTTP/1 connection, which HTTP/2 forbids. Source: RFC 9113 section 8.2.2 */
const connectionFields = new Set([
	'connection',
	'keep-alive',
	'proxy-connection',
	'transfer-encoding',
	'upgrade',
]);
/** Those of every client, which need no look at their letters. */
const usualFields = new Set(['user-agent', 'grpc-accept-encoding', 'accept-encoding']);
/** Source: RFC 9110 section 5.6.2, token, without capitals. */
const fieldName = /^[-!#$%&'*+.^_`|~0-9a-z]+$/;

function malformed(cause: string): never {
	throw new Http2StreamError(errorCodes.protocol, cause);
}

/** Looks at the fields that begin a request. @throws Http2StreamError where they are malformed */
export function readCallHeaders(fields: readonly HeaderField[]): CallHeaders {
	let method = '';
	let path = '';
	let scheme = '';
	let authority = '';
	let regular = false;
	let contentType = '';
	let encoding = 'identity';
	let timeoutMs: number | undefined;
	let refusal: IncomingMethod | undefined;
	for (const [name, value] of fields) {
		if (name.charCodeAt(0) === 0x3a) {
			if (regular) malformed(`a field ${name} out of place`);
			if (name === ':method' && method === '') method = value;
			else if (name === ':path' && path === '') path = value;
			else if (name === ':scheme' && scheme === '') scheme = value;
			else if (name === ':authority' && authority === '') authority = value;
			else malformed(`a field ${name} out of place`);
			continue;
		}
		regular = true;
		if (name === 'content-type') contentType = value;
		else if (name === 'grpc-timeout') {
			timeoutMs = readTimeoutMs(value);
			// Its caller would wait for ever where it meant not to. Source: the words of grpc-js
			if (timeoutMs === undefined) {
				refusal = methodThatRefuses(grpcStatusOf.internal, `Invalid grpc-timeout value "${value}"`);
			}
		} else if (name === 'grpc-encoding') encoding = value;
		else if (!usualFields.has(name)) checkField(name, value);
	}
	if (method === '' || path === '' || scheme === '') malformed('a request without its line');
	const httpStatus = method !== 'POST' ? 405 : contentType.startsWith('application/grpc') ? undefined : 415;
	return { path, timeoutMs, refusal, encoding, httpStatus };
}

function checkField(name: string, value: string): void {
	if (!fieldName.test(name)) malformed('a field whose name is none');
	if (connectionFields.has(name)) malformed(`a field ${name}`);
	if (name === 'te' && value !== 'trailers') malformed('a field te of another kind');
}

/** Fields that end a request say nothing to us. @throws Http2StreamError where they cannot be such */
export function checkTrailers(fields: readonly HeaderField[]): void {
	for (const [name, value] of fields) checkField(name, value);
}

/** Milliseconds of each unit. Source: PROTOCOL-HTTP2, "TimeoutUnit" */
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
/** The longest timer of Node, nearly 25 days. */
const longestMs = 2 ** 31 - 1;

/**
 * @returns the time of a `grpc-timeout`, at most what a timer takes; undefined where it is none.
 */
export function readTimeoutMs(value: string): number | undefined {
	const unit = unitMs[value.charAt(value.length - 1)];
	if (unit === undefined || value.length < 2 || value.length > 9) return undefined;
	let count = 0;
	for (let index = 0; index < value.length - 1; index += 1) {
		const digit = value.charCodeAt(index) - 0x30;
		if (digit < 0 || digit > 9) return undefined;
		count = count * 10 + digit;
	}
	return Math.min(longestMs, count * unit);
}

const answerFields: readonly HeaderField[] = [
	[':status', '200'],
	['content-type', 'application/grpc'],
	['grpc-accept-encoding', 'identity,deflate,gzip'],
];

/** The fields that begin an answer; they are always the same. */
export function answerHeaders(): Buffer {
	return encodeHeaders(answerFields);
}

/** The fields that end an answer with a status. @param alone nothing was answered before */
export function statusHeaders(code: number, details: string, alone: boolean): Buffer {
	return encodeHeaders([
		...(alone ? answerFields : []),
		['grpc-status', String(code)],
		...(details === '' ? [] : [['grpc-message', percentEncoded(details)] as const]),
	]);
}

/** The fields of an answer to what is no gRPC. */
export function httpHeaders(status: number): Buffer {
	return encodeHeaders([
		[':status', String(status)],
		['content-length', '0'],
	]);
}

/** Source: PROTOCOL-HTTP2, "Percent-Encoded" */
function percentEncoded(text: string): string {
	if (/^[ -$&-~]*$/.test(text)) return text;
	let encoded = '';
	for (const byte of Buffer.from(text)) {
		const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
		encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
	}
	return encoded;
}
