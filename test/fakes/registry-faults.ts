import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What a request is about. */
export type RegistryPart = 'ping' | 'manifest' | 'blob' | 'upload';

/** How the registry misbehaves. Counts of bytes are of the body that it would have sent. */
export type RegistryFault =
	/** An answer with a code, such as 429, 503 or 401; the body may be anything. */
	| {
			readonly kind: 'status';
			readonly status: number;
			readonly headers?: Readonly<Record<string, string>>;
			readonly body?: string;
	  }
	/** Sends so many bytes, then nothing, and keeps the connection. */
	| { readonly kind: 'stall'; readonly afterBytes: number }
	/** Sends so many bytes, then resets the connection. */
	| { readonly kind: 'drop'; readonly afterBytes: number }
	/** Sends so many bytes and ends in good order, without having promised a length. */
	| { readonly kind: 'truncate'; readonly afterBytes: number }
	/** Turns over the bits of one byte. */
	| { readonly kind: 'corrupt'; readonly atByte: number }
	/** Sends more than the blob is, with a length to match. */
	| { readonly kind: 'lengthen'; readonly extraBytes: number }
	/** Says another digest than that of the bytes. */
	| { readonly kind: 'wrongDigestHeader' }
	/** Sends other bytes of the same length. */
	| { readonly kind: 'replace'; readonly bytes: Uint8Array }
	/** Answers a request for a range with the whole. */
	| { readonly kind: 'ignoreRange' }
	| { readonly kind: 'drip'; readonly bytesPerSecond: number }
	/** What a captive portal answers to everything. */
	| { readonly kind: 'html' }
	| { readonly kind: 'redirect'; readonly location: string }
	/** A body that never ends; it would be a manifest by its type. */
	| { readonly kind: 'endless' };

/** When a fault strikes. */
export type FaultRule = {
	readonly on: RegistryPart | 'all';
	/** Only where the path holds it: a digest, a tag, a name. */
	readonly where?: string;
	readonly method?: string;
	/** For how many requests; for ever where it is absent. */
	readonly times?: number;
	readonly fault: RegistryFault;
};

/** An answer as it would be without a fault. */
export type Answer = {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
};

/** Sends an answer, spoiled by a fault. Resolves when nothing more will be sent. */
export async function sendAnswer(
	request: IncomingMessage,
	response: ServerResponse,
	answer: Answer,
	fault: RegistryFault | undefined,
): Promise<void> {
	const withoutBody = request.method === 'HEAD';
	const { status, headers, body } = answer;
	switch (fault?.kind) {
		case 'status':
			response.writeHead(fault.status, fault.headers).end(withoutBody ? undefined : (fault.body ?? ''));
			return;
		case 'html':
			response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please log in</body></html>');
			return;
		case 'redirect':
			response.writeHead(307, { location: fault.location }).end();
			return;
		case 'endless':
			response.writeHead(200, withoutLength(headers));
			while (!response.destroyed) {
				if (!response.write(Buffer.alloc(65_536, ' '))) await drained(response);
			}
			return;
		case 'stall':
			response.writeHead(status, headers);
			if (!withoutBody) response.write(body.subarray(0, fault.afterBytes));
			else response.flushHeaders();
			return;
		case 'drop':
			response.writeHead(status, headers);
			// Only once the bytes are out: a reset throws away what still waits here.
			response.write(withoutBody ? '' : body.subarray(0, fault.afterBytes), () => {
				setImmediate(() => response.destroy());
			});
			return;
		case 'truncate':
			response.writeHead(status, withoutLength(headers)).end(body.subarray(0, fault.afterBytes));
			return;
		case 'lengthen': {
			const longer = Buffer.concat([body, Buffer.alloc(fault.extraBytes, 'x')]);
			response.writeHead(status, { ...headers, 'content-length': `${longer.length}` }).end(longer);
			return;
		}
		case 'drip':
			response.writeHead(status, headers);
			for (let at = 0; at < body.length && !response.destroyed; ) {
				const pieceBytes = Math.max(1, Math.round(fault.bytesPerSecond / 20));
				response.write(body.subarray(at, at + pieceBytes));
				at += pieceBytes;
				await delay(50);
			}
			response.end();
			return;
		case 'wrongDigestHeader':
			response.writeHead(status, { ...headers, 'docker-content-digest': `sha256:${'0'.repeat(64)}` });
			break;
		default:
			response.writeHead(status, headers);
	}
	response.end(withoutBody ? undefined : spoiled(body, fault));
}

function spoiled(body: Buffer, fault: RegistryFault | undefined): Buffer {
	if (fault?.kind === 'replace') {
		const other = Buffer.alloc(body.length);
		other.set(fault.bytes.subarray(0, body.length));
		return other;
	}
	if (fault?.kind !== 'corrupt' || fault.atByte >= body.length) return body;
	const copy = Buffer.from(body);
	copy[fault.atByte] = ~(copy[fault.atByte] ?? 0) & 0xff;
	return copy;
}

function withoutLength(headers: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'));
}

function drained(response: ServerResponse): Promise<void> {
	return new Promise((resolve) => {
		const go = () => {
			response.off('drain', go);
			response.off('close', go);
			resolve();
		};
		response.on('drain', go);
		response.on('close', go);
	});
}
