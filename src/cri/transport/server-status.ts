/** How the calls of a server end. */
import { type CriError, grpcStatusOf } from '../errors.ts';

/**
 * Longest text of a status, in bytes. It travels percent-encoded in a header, up to three bytes for each of these, and
 * clients take no more than 64 KiB of headers. Source: grpc PROTOCOL-HTTP2, "Percent-Encoded".
 */
const maxStatusBytes = 8 * 1024;

/** @returns the status that an error travels as, its text cut where it is too long for a header. */
export function statusOf(error: CriError): { readonly code: number; readonly details: string } {
	// An unpaired surrogate cannot be percent-encoded.
	const details = error.message.toWellFormed();
	const bytes = Buffer.from(details);
	if (bytes.length <= maxStatusBytes) return { code: grpcStatusOf[error.code], details };
	const ellipsis = '…';
	let end = maxStatusBytes - Buffer.byteLength(ellipsis);
	while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
	return { code: grpcStatusOf[error.code], details: `${bytes.toString('utf8', 0, end)}${ellipsis}` };
}

/** Waits until all calls are done, at most for the time and until the signal. */
export async function endOfCalls(
	calls: Iterable<Promise<unknown>>,
	timeoutMs: number,
	signal?: AbortSignal,
): Promise<void> {
	if (signal?.aborted) return;
	const enough = Promise.withResolvers<void>();
	const timer = setTimeout(enough.resolve, timeoutMs);
	const stop = () => enough.resolve();
	signal?.addEventListener('abort', stop, { once: true });
	await Promise.race([Promise.allSettled(calls), enough.promise]);
	clearTimeout(timer);
	signal?.removeEventListener('abort', stop);
}
