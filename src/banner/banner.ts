/** Gathers what can be known of the node by a moment, and makes the banner of it. */
import type { BannerFacts } from './facts.ts';
import { readHostFacts } from './host-facts.ts';
import { type BannerScreen, renderBanner } from './render.ts';
import { askRuntime, type RuntimeRequest } from './runtime-facts.ts';
import { verdict } from './verdict.ts';

/** What the banner is made for. */
export type BannerRequest = RuntimeRequest & {
	readonly screen: BannerScreen;
	/** `login`: somebody waits for the key that opens the inspector. */
	readonly way: 'login' | 'byHand';
	/** What the kernel calls this host: known at once, without a file. */
	readonly hostname: string;
	/** Folder taken for `/` where the host's own facts are read. */
	readonly root?: string | undefined;
	/** When to stop, in milliseconds since the start of the process. */
	readonly deadlineMs: number;
};

/** The text, and whether a file was still being read, which may hold up the end of the process. */
export type Banner = { readonly text: string; readonly isReading: boolean };

/** Reads and asks until everything is known or the deadline has come. Never throws. */
export async function makeBanner(request: BannerRequest): Promise<Banner> {
	const facts: BannerFacts = { hostname: request.hostname, statuses: new Map() };
	const late = Promise.withResolvers<void>();
	const timer = setTimeout(late.resolve, Math.max(0, request.deadlineMs - performance.now()));
	let isReading = true;
	// The way to the runtime is the longest, so that it is begun first.
	const asked = askRuntime(facts, request);
	const read = readHostFacts(facts, { root: request.root, atOnce: true }).then(() => {
		isReading = false;
	});
	await Promise.race([Promise.all([asked, read]), late.promise]);
	clearTimeout(timer);
	const lines = verdict(facts, Date.now());
	return {
		text: renderBanner(facts, lines, request.screen, request.way),
		isReading: isReading || facts.runtime === undefined,
	};
}
