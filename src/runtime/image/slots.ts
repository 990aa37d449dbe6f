/** A fixed number of slots: who finds none free waits in line. */
export type Slots = {
	/** Takes a slot; disposing of the answer gives it back. @throws the reason of the signal */
	take(options?: { readonly signal?: AbortSignal | undefined }): Promise<Disposable>;
};

export function createSlots(count: number): Slots {
	let free = count;
	const line: (() => void)[] = [];

	function slot(): Disposable {
		let held = true;
		return {
			[Symbol.dispose]() {
				if (!held) return;
				held = false;
				const next = line.shift();
				if (next) next();
				else free += 1;
			},
		};
	}

	return {
		async take({ signal } = {}) {
			signal?.throwIfAborted();
			if (free > 0) {
				free -= 1;
				return slot();
			}
			const { promise, resolve, reject } = Promise.withResolvers<void>();
			const onAbort = () => {
				const place = line.indexOf(resolve);
				if (place >= 0) line.splice(place, 1);
				reject(signal?.reason);
			};
			line.push(resolve);
			signal?.addEventListener('abort', onAbort, { once: true });
			try {
				await promise;
			} finally {
				signal?.removeEventListener('abort', onAbort);
			}
			return slot();
		},
	};
}
