/** Header blocks that come again: a client asks the same questions all the time, and says the same of each. */
import type { CallHeaders } from './call-headers.ts';

/** So many of a connection, up to so many bytes each. */
const rememberedBlocks = 8;
const rememberedBytes = 256;

/** Of one connection. A block means the same again as long as its decoder has learnt and forgotten nothing. */
export type KnownCalls = {
	/** What a block says, where it is known. */
	find(block: Buffer): CallHeaders | undefined;
	/** The decoder begins with a block. */
	decoding(): void;
	/** The decoder has learnt something from the block, or has forgotten something. */
	changed(): void;
	/** Remembers what the block says that was decoded last. */
	keep(block: Buffer, headers: CallHeaders): CallHeaders;
};

/** Knows none at first. */
export function createKnownCalls(): KnownCalls {
	const known: { readonly block: Buffer; readonly headers: CallHeaders }[] = [];
	let changes = false;
	return {
		find(block) {
			for (let index = known.length - 1; index >= 0; index -= 1) {
				const one = known[index];
				if (one !== undefined && isSame(one.block, block)) return one.headers;
			}
			return undefined;
		},
		decoding() {
			changes = false;
		},
		changed() {
			changes = true;
			known.length = 0;
		},
		keep(block, headers) {
			if (changes || block.length > rememberedBytes) return headers;
			if (known.length >= rememberedBlocks) known.shift();
			known.push({ block: Buffer.from(block), headers });
			return headers;
		},
	};
}

/** By hand: for so few bytes a call into Node costs more. */
function isSame(one: Buffer, other: Buffer): boolean {
	if (one.length !== other.length) return false;
	for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
	return true;
}
