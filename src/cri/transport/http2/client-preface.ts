/** What every client says first. Source: RFC 9113 section 3.4 */
import { clientPreface, errorCodes } from './frames.ts';
import { Http2ConnectionError } from './http2-error.ts';

/**
 * @returns what takes the first bytes of a connection as they come, and says where those behind the preface begin; -1 as long
 * as that is not whole
 * @throws Http2ConnectionError (from what is returned) where the client says something else
 */
export function createPrefaceReader(): (chunk: Buffer, length: number) => number {
	let said = '';
	return (chunk, length) => {
		const missing = clientPreface.length - said.length;
		said += chunk.toString('latin1', 0, Math.min(missing, length));
		if (!clientPreface.startsWith(said)) {
			throw new Http2ConnectionError(errorCodes.protocol, 'this is no HTTP/2');
		}
		return said.length < clientPreface.length ? -1 : missing;
	};
}
