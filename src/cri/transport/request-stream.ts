/** The sending half of a call that streams its requests. */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { WireMessage } from '../codec-fields.ts';

/** Requests on their way. */
export type SendingRequests = {
	/** What the source of the requests threw; the call was cancelled for it. */
	failure(): unknown;
	/** Asks the source for no more. */
	stop(): void;
};

/**
 * Sends requests while the other end takes them, and half-closes the call after the last. Returns at once. Ends by itself
 * with the call; a source that is waiting for its next request then is told by its iterator's `return`, not waited for.
 */
export function sendRequests(
	call: ClientDuplexStream<WireMessage, WireMessage>,
	requests: AsyncIterable<WireMessage>,
): SendingRequests {
	const iterator = requests[Symbol.asyncIterator]();
	const ended = Promise.withResolvers<'ended'>();
	let stopped = false;
	let failure: unknown;
	const stop = () => {
		if (stopped) return;
		stopped = true;
		ended.resolve('ended');
		iterator.return?.()?.catch(() => undefined);
	};
	call.on('status', stop);

	const send = async () => {
		while (!stopped) {
			const next = await Promise.race([iterator.next(), ended.promise]);
			if (next === 'ended' || stopped) return;
			if (next.done) return void call.end();
			if (!call.write(next.value)) {
				const { promise, resolve } = Promise.withResolvers<void>();
				call.once('drain', resolve);
				await Promise.race([promise, ended.promise]);
			}
		}
	};
	send().catch((error: unknown) => {
		if (stopped) return;
		failure = error;
		call.cancel();
	});
	return { failure: () => failure, stop };
}
