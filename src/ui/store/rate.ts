/** How fast a number of bytes grows, measured over the last few seconds. */

/** What was counted when; oldest first. */
export type Rate = readonly { readonly atMs: number; readonly bytes: number }[];

/** Span that a rate is measured over, in milliseconds: long enough to read, short enough to notice a stall. */
const windowMs = 6_000;
/** Counts closer together than this replace one another: memory stays bounded however fast they come. */
const stepMs = 500;

/** A rate with one more count. A count that is lower than the one before begins anew: a transfer was tried again. */
export function sampled(rate: Rate, atMs: number, bytes: number): Rate {
	const last = rate.at(-1);
	if (last && bytes < last.bytes) return [{ atMs, bytes }];
	// The newest sample that is older than the window is where the window begins.
	const within = rate.findIndex((sample) => atMs - sample.atMs <= windowMs);
	const kept = within < 0 ? rate.slice(-1) : rate.slice(Math.max(0, within - 1));
	const before = kept.at(-2);
	const next = { atMs, bytes };
	return last && before && last.atMs - before.atMs < stepMs ? [...kept.slice(0, -1), next] : [...kept, next];
}

/** Bytes per second by now; 0 when nothing has come for the whole window, undefined while it is too early to say. */
export function bytesPerSecond(rate: Rate, nowMs: number): number | undefined {
	const last = rate.at(-1);
	if (!last) return undefined;
	const atMs = Math.max(nowMs, last.atMs);
	if (atMs - last.atMs > windowMs) return 0;
	const first = rate.find((sample) => atMs - sample.atMs <= windowMs) ?? last;
	const spanMs = atMs - first.atMs;
	return spanMs < stepMs ? undefined : ((last.bytes - first.bytes) * 1000) / spanMs;
}
