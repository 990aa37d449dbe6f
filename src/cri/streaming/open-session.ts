import { errorMessage, FailedPreconditionError } from '../errors.ts';
import type { StreamingSession, StreamingSessionOptions } from './session.ts';
import { openSpdySession } from './spdy-session.ts';
import { nextStreamingUrl } from './streaming-url.ts';
import { openWebSocketSession } from './websocket-session.ts';

/**
 * Opens the exec or attach that a runtime gave a streaming URL for. Output may reach the callbacks before this
 * resolves; none is lost. With `transport: 'auto'` WebSocket is tried first, and SPDY/3.1, with the URL asked for
 * again, where the server answered but would not have it: nothing was started then.
 * @throws NotFoundError for a used or expired token, FailedPreconditionError where the server refuses every
 * transport, UnavailableError where nobody listens, DeadlineError, InvalidArgumentError for a URL that is none,
 * CriError of code `cancelled`, and whatever the `url` function throws.
 */
export async function openStreamingSession(options: StreamingSessionOptions): Promise<StreamingSession> {
	const transport = options.transport ?? 'auto';
	if (transport === 'spdy') return openSpdySession(await nextStreamingUrl(options.url), options);

	const attempt = await openWebSocketSession(await nextStreamingUrl(options.url), options);
	if (attempt.kind === 'opened') return attempt.session;
	if (transport === 'websocket') throw attempt.error;
	try {
		return await openSpdySession(await nextStreamingUrl(options.url), options);
	} catch (error) {
		if (!(error instanceof FailedPreconditionError)) throw error;
		// Both were refused: each reason may be the one that helps.
		throw new FailedPreconditionError(`${errorMessage(error)}; by WebSocket: ${attempt.error.message}`, {
			cause: error,
		});
	}
}
