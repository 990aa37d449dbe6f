/** One source of events, any number of readers, none of whom can hold up the others. */

export type EventFanout<Event> = {
	readonly readers: number;
	publish(event: Event): void;
	/** What is published from now on, until the signal is aborted; then it ends with the signal's reason. */
	subscribe(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<Event>;
	/** Ends all streams, those that begin later too. @param reason what they end with; without it just so */
	close(reason?: Error): void;
};

/** Events that wait for a slow reader; what comes on top is dropped. Source: cri-o 1.36, containerEventsBufferSize */
const maxWaiting = 1000;

/** @param onDrop told once for each reader that is too slow */
export function createEventFanout<Event>(onDrop: () => void = () => undefined): EventFanout<Event> {
	type Reader = { readonly waiting: Event[]; wake: () => void; dropping: boolean };
	const readers = new Set<Reader>();
	let closed: { readonly reason: Error | undefined } | undefined;
	return {
		get readers() {
			return readers.size;
		},
		publish(event) {
			for (const reader of readers) {
				if (reader.waiting.length < maxWaiting) {
					reader.dropping = false;
					reader.waiting.push(event);
					reader.wake();
				} else if (!reader.dropping) {
					reader.dropping = true;
					onDrop();
				}
			}
		},
		subscribe({ signal } = {}) {
			// Subscribed at once, not when the first event is asked for: nothing in between is lost.
			const reader: Reader = { waiting: [], wake: () => undefined, dropping: false };
			readers.add(reader);
			const wake = () => {
				readers.delete(reader);
				reader.wake();
			};
			signal?.addEventListener('abort', wake, { once: true });
			const events = async function* (): AsyncGenerator<Event, void> {
				try {
					for (;;) {
						signal?.throwIfAborted();
						yield* reader.waiting.splice(0);
						if (reader.waiting.length > 0 || signal?.aborted) continue;
						if (closed?.reason !== undefined) throw closed.reason;
						if (closed) return;
						const woken = Promise.withResolvers<void>();
						reader.wake = woken.resolve;
						await woken.promise;
					}
				} finally {
					readers.delete(reader);
					signal?.removeEventListener('abort', wake);
				}
			};
			return events();
		},
		close(reason) {
			closed ??= { reason };
			for (const reader of readers) reader.wake();
		},
	};
}
