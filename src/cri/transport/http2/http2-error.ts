/** How the other end broke the protocol. */

/** What ends the whole connection. Source: RFC 9113 section 5.4.1 */
export class Http2ConnectionError extends Error {
	override readonly name = 'Http2ConnectionError';
	/** One of frames.ts, errorCodes. */
	readonly code: number;
	constructor(code: number, message: string) {
		super(message);
		this.code = code;
	}
}

/** What ends one stream, and leaves the connection as it is. Source: RFC 9113 section 5.4.2 */
export class Http2StreamError extends Error {
	override readonly name = 'Http2StreamError';
	readonly code: number;
	constructor(code: number, message: string) {
		super(message);
		this.code = code;
	}
}
