/** Memory that may be taken up to a limit: who finds none left does without. */
export type ByteBudget = {
	/** Disposing of the answer gives the bytes back. @returns undefined where not so many are left */
	take(bytes: number): Disposable | undefined;
};

export function createByteBudget(limitBytes: number): ByteBudget {
	let leftBytes = limitBytes;
	return {
		take(bytes) {
			if (bytes > leftBytes) return undefined;
			leftBytes -= bytes;
			let held = true;
			return {
				[Symbol.dispose]() {
					if (held) leftBytes += bytes;
					held = false;
				},
			};
		},
	};
}
