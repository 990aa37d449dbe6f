/** The time of day. */

/** Nanoseconds since 1970. The clock gives milliseconds; below them stands what tells two calls apart. */
export function nowNanos(): bigint {
	return BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
}
