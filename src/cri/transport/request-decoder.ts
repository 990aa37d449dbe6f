/** Reads requests; those of questions that are asked again and again are read once. */
import type { WireMessage } from '../codec-fields.ts';
import { errorMessage, InvalidArgumentError } from '../errors.ts';
import type { WireMethod } from './wire.ts';

/** Requests of one RPC that are remembered, and the longest of them in bytes: an id, a filter of a few labels. */
const rememberedRequests = 128;
const rememberedBytes = 256;

/**
 * @param repeated the same request comes again and again, as those do that change nothing
 * @returns what reads a request's bytes, which are the caller's again afterwards
 * @throws InvalidArgumentError (from what is returned) where they are none
 */
export function createRequestDecoder(method: WireMethod, repeated: boolean): (bytes: Buffer) => WireMessage {
	if (!repeated) return (bytes) => decode(method, Buffer.from(bytes));
	const known = new Map<string, WireMessage>();
	return (bytes) => {
		if (bytes.length > rememberedBytes) return decode(method, Buffer.from(bytes));
		const key = bytes.toString('latin1');
		const before = known.get(key);
		if (before !== undefined) return before;
		// Nobody changes a message once it is made.
		const request = decode(method, Buffer.from(bytes));
		if (known.size >= rememberedRequests) known.clear();
		known.set(key, request);
		return request;
	};
}

function decode(method: WireMethod, bytes: Buffer): WireMessage {
	try {
		return method.requestDeserialize(bytes);
	} catch (cause) {
		throw new InvalidArgumentError(`cannot read the request: ${errorMessage(cause)}`, { cause });
	}
}
