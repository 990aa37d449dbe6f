import type { IncomingMessage } from 'node:http';
import {
	CriError,
	DeadlineError,
	errorMessage,
	FailedPreconditionError,
	NotFoundError,
	UnavailableError,
} from '../errors.ts';
import type { StreamingConnectOptions } from './session.ts';

const defaultConnectTimeoutMs = 10_000;
const maxRefusalChars = 500;

/** What to hand to `http.request` or `ws` so that a vanished peer is noticed and keystrokes are not held back. */
export const socketOptions = { keepAlive: true, keepAliveInitialDelay: 30_000, noDelay: true } as const;

/** The TLS side of the options; nothing for what was not asked. */
export function tlsOptions(options: StreamingConnectOptions): {
	readonly rejectUnauthorized?: boolean;
	readonly ca?: string | Buffer;
	readonly cert?: string | Buffer;
	readonly key?: string | Buffer;
	readonly servername?: string;
} {
	return {
		...(options.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
		...(options.ca === undefined ? {} : { ca: options.ca }),
		...(options.cert === undefined ? {} : { cert: options.cert }),
		...(options.key === undefined ? {} : { key: options.key }),
		...(options.serverName === undefined ? {} : { servername: options.serverName }),
	};
}

/**
 * Runs one try to connect, bounded by the options' timeout and signal. `begin` starts it and returns how to
 * give it up; whatever is settled first counts.
 * @throws DeadlineError, CriError of code `cancelled`, or what `begin` rejects with.
 */
export function connectWithin<T>(
	options: StreamingConnectOptions,
	url: URL,
	begin: (settle: {
		readonly resolve: (value: T) => void;
		readonly reject: (error: Error) => void;
	}) => () => void,
): Promise<T> {
	const timeoutMs = options.connectTimeoutMs ?? defaultConnectTimeoutMs;
	const { signal } = options;
	if (signal?.aborted) return Promise.reject(cancelledError(url, signal));
	return new Promise((resolve, reject) => {
		const finish = () => {
			clearTimeout(timer);
			signal?.removeEventListener('abort', abort);
		};
		const giveUp = begin({
			resolve: (value) => {
				finish();
				resolve(value);
			},
			reject: (error) => {
				finish();
				reject(error);
			},
		});
		const timer = setTimeout(() => {
			finish();
			reject(new DeadlineError(sentence(url, `no answer within ${timeoutMs} ms`), { timeoutMs }));
			giveUp();
		}, timeoutMs);
		const abort = () => {
			finish();
			reject(cancelledError(url, signal));
			giveUp();
		};
		signal?.addEventListener('abort', abort);
	});
}

/** `cannot open streaming connection "host:port": cause`; the path is left out, for its token is a secret. */
export function sentence(url: URL, cause: string): string {
	return `cannot open streaming connection "${url.host}": ${cause}`;
}

/** The error of a try that the caller's signal ended. */
export function cancelledError(url: URL, signal: AbortSignal | undefined): CriError {
	return new CriError('cancelled', sentence(url, 'cancelled'), { cause: signal?.reason });
}

/** The error of a socket that failed before the protocol was agreed on. */
export function unreachableError(url: URL, cause: Error): UnavailableError {
	// With several addresses tried, Node's error has an empty message and the reasons beneath.
	const words = cause.message === '' && cause instanceof AggregateError ? cause.errors[0] : cause;
	return new UnavailableError(sentence(url, errorMessage(words)), { cause });
}

/** Reads what a server says instead of switching protocols, for at most `maxRefusalChars`; never rejects. */
export async function refusalError(url: URL, response: IncomingMessage): Promise<CriError> {
	const status = `${response.statusCode ?? 0} ${response.statusMessage ?? ''}`.trim();
	let body = '';
	try {
		response.setEncoding('utf8');
		for await (const piece of response) {
			body += piece;
			if (body.length >= maxRefusalChars) break;
		}
	} catch {
		// The status line says enough when the rest is cut off.
	}
	const words = body.trim().slice(0, maxRefusalChars);
	const cause = `the server answered ${status}${words === '' ? '' : `: ${words}`}`;
	if (response.statusCode === 404) {
		return new NotFoundError(sentence(url, `${cause} (its token is used up or expired)`));
	}
	return new FailedPreconditionError(sentence(url, cause));
}
