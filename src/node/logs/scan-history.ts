import type { LogScanOptions } from './log-history.ts';
import type { LogMatcher } from './log-matcher.ts';
import { createScanClient } from './scan-client.ts';
import type { ScanJob, ScanResult } from './scan-job.ts';
import { describeFileProblem, type Segment } from './segment.ts';
import type { SegmentStore } from './segment-store.ts';
import { describeDamage } from './spool.ts';

/** Scans segments off the main thread. */
export type Scanner = AsyncDisposable & {
	/** Scans one segment; undefined when it cannot be read. @throws as {@link createScanClient} says. */
	scan(
		segment: Segment,
		request: Omit<ScanJob, 'fd' | 'path' | 'compressed' | 'limitBytes'>,
		options: {
			readonly signal?: AbortSignal | undefined;
			readonly onProgress?: ((scannedBytes: number, matches: number) => void) | undefined;
		},
	): Promise<ScanResult | undefined>;
	/** Counts matching lines in all segments. */
	count(matcher: LogMatcher, options?: LogScanOptions): Promise<{ matches: number; scannedBytes: number }>;
};

/** Makes the scanner of a history. */
export function createScanner(store: SegmentStore, reading: { readonly limitBytes: number }): Scanner {
	const client = createScanClient();

	const scan: Scanner['scan'] = async (segment, request, options) => {
		await using opened = await openForScan(store, segment);
		if (opened === undefined) return undefined;
		const { compressed } = segment.file;
		const result = await client.run(
			{
				...request,
				fd: opened.fd,
				path: segment.file.path,
				compressed,
				limitBytes: reading.limitBytes,
			},
			options,
		);
		if (result.damage !== undefined) {
			const { sizeBytes, message, code } = result.damage;
			segment.problem = describeDamage(
				segment.file.path,
				sizeBytes,
				Object.assign(new Error(message), { code }),
			);
		}
		return result;
	};

	const count: Scanner['count'] = async (matcher, options = {}) => {
		await store.refresh();
		// A list of its own: the store may change while the scan goes on.
		const segments = [...store.segments()];
		let matches = 0;
		let scannedBytes = 0;
		const report = (moreBytes: number, moreMatches: number) => {
			const totalBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
			const bytes = scannedBytes + moreBytes;
			options.onProgress?.({
				scannedBytes: bytes,
				totalBytes,
				ratio: totalBytes === 0 ? 1 : Math.min(1, bytes / totalBytes),
				matches: matches + moreMatches,
			});
		};
		for (const segment of segments) {
			options.signal?.throwIfAborted();
			const to = segment.file.compressed ? Number.POSITIVE_INFINITY : segment.sizeBytes;
			const result = await scan(
				segment,
				{ matcher, direction: 'forward', from: 0, to, unfinished: true, wanted: 0 },
				{ signal: options.signal, onProgress: report },
			);
			if (result === undefined) continue;
			if (segment.file.compressed) segment.sizeBytes = result.scannedBytes;
			matches += result.matches;
			scannedBytes += result.scannedBytes;
			report(0, 0);
		}
		return { matches, scannedBytes };
	};

	return { scan, count, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

async function openForScan(
	store: SegmentStore,
	segment: Segment,
): Promise<({ readonly fd: number } & AsyncDisposable) | undefined> {
	try {
		const opened = segment.file.compressed
			? await store.files.openPacked(segment)
			: await store.files.open(segment);
		if (opened === undefined) return undefined;
		return { fd: opened.fd, [Symbol.asyncDispose]: () => opened.release() };
	} catch (error) {
		segment.problem = describeFileProblem(segment.file.path, error);
		return undefined;
	}
}
