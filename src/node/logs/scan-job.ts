import * as fs from 'node:fs';
import type { ByteSource } from './byte-source.ts';
import { gunzipChunks } from './gunzip.ts';
import { cutAtCharacter, type RawLine } from './line-parser.ts';
import { findJoinStart, findLineStart, type LineReadOptions } from './line-reader.ts';
import { createLineScanner } from './line-scanner.ts';
import type { LogMatcher } from './log-matcher.ts';
import { detectLogFormat } from './physical-line.ts';

/** One segment to scan, as it is sent to the worker. The descriptor stays open until the answer. */
export type ScanJob = {
	readonly fd: number;
	readonly path: string;
	/** The descriptor is a gzip file: it is unpacked on the way, forward only, nothing is kept. */
	readonly compressed: boolean;
	readonly matcher: LogMatcher;
	readonly direction: 'forward' | 'backward';
	/** Starts of physical lines, or the end; for a compressed segment `to` may be infinite. */
	readonly from: number;
	readonly to: number;
	/** `to` is the end of the segment: lines without an end count. */
	readonly unfinished: boolean;
	/** Lines wanted: the nearest in the direction. 0: only count all. */
	readonly wanted: number;
	/** Bytes of content kept of a line. */
	readonly limitBytes: number;
};

/** A matching line, ready to be sent. */
export type ScannedLine = Omit<RawLine, 'content'> & { readonly text: string };

/** What came of a job. */
export type ScanResult = {
	readonly lines: readonly ScannedLine[];
	readonly matches: number;
	readonly scannedBytes: number;
	/** Why a compressed segment ended early. */
	readonly damage?:
		| { readonly sizeBytes: number; readonly message: string; readonly code: string }
		| undefined;
};

/** What the worker's main loop is told meanwhile. */
export type ScanHooks = {
	readonly onProgress: (scannedBytes: number, matches: number) => void;
	/** Around the matching of a chunk, and for each line tried. */
	readonly onMatching: (matching: boolean) => void;
	readonly onTry: () => void;
};

const scanChunkBytes = 1 << 20;
/** Blocks of a backward scan grow from a chunk to this. */
const largestBlockBytes = 32 << 20;
const formatHeadBytes = 64 * 1024;

/** Scans one segment. Blocks its thread while it reads and matches; a compressed one is awaited by chunks. */
export async function runScanJob(job: ScanJob, hooks: ScanHooks): Promise<ScanResult> {
	const lines: ScannedLine[] = [];
	let matches = 0;
	const onMatch = (line: RawLine): boolean => {
		matches += 1;
		if (job.wanted === 0) return true;
		lines.push(toScannedLine(line, job.limitBytes));
		if (job.direction === 'forward') return lines.length < job.wanted || line.unfinished;
		// The nearest are the last: forget the rest now and then.
		if (lines.length > job.wanted * 2 + 16) lines.splice(0, lines.length - job.wanted - 1);
		return true;
	};
	const scan = { ...job, ...hooks, onMatch, countOnly: job.wanted === 0 };
	const { scannedBytes, damage } = job.compressed
		? await scanCompressed(scan, () => matches)
		: job.direction === 'forward'
			? await scanForward(scan, () => matches)
			: await scanBackward(scan, lines, () => matches);
	let first = job.wanted === 0 || job.direction === 'forward' ? 0 : Math.max(0, lines.length - job.wanted);
	// Two unfinished lines share a start and come together.
	while (first > 0 && lines[first]?.start === lines[first - 1]?.start) first -= 1;
	return { lines: lines.slice(first), matches, scannedBytes, damage };
}

type Scan = ScanJob &
	ScanHooks & { readonly onMatch: (line: RawLine) => boolean; readonly countOnly: boolean };
type Scanned = Pick<ScanResult, 'scannedBytes' | 'damage'>;

async function scanForward(scan: Scan, matches: () => number): Promise<Scanned> {
	const source = createSyncSource(scan.fd);
	const options = await readOptions(source);
	const at = await findJoinStart(source, scan.from, options);
	// Parsing began before the range, where its first partial did.
	const onMatch = (line: RawLine) => (!line.unfinished && line.start < scan.from ? true : scan.onMatch(line));
	const scanner = createLineScanner({ ...scan, onMatch, format: options.format, at });
	const buffer = Buffer.allocUnsafeSlow(scanChunkBytes);
	let offset = at;
	while (offset < scan.to && !scanner.stopped()) {
		const length = fs.readSync(scan.fd, buffer, 0, Math.min(buffer.length, scan.to - offset), offset);
		if (length === 0) break;
		offset += length;
		scan.onMatching(true);
		scanner.push(buffer.subarray(0, length));
		scan.onMatching(false);
		scan.onProgress(offset - scan.from, matches());
	}
	scan.onMatching(true);
	if (scan.unfinished) scanner.finish();
	scan.onMatching(false);
	return { scannedBytes: Math.max(0, offset - scan.from) };
}

/** Block by block from the end, until enough is found. */
async function scanBackward(scan: Scan, found: ScannedLine[], matches: () => number): Promise<Scanned> {
	const source = createSyncSource(scan.fd);
	let { to, unfinished } = scan;
	const later: ScannedLine[][] = [];
	let count = 0;
	let blockBytes = scanChunkBytes;
	while ((to > scan.from || unfinished) && count < scan.wanted) {
		const start = to <= blockBytes ? 0 : await findLineStart(source, to - blockBytes, formatHeadBytes);
		// Where a block begins, open partials are looked for far back: the fewer blocks the better.
		blockBytes = Math.min(blockBytes * 2, largestBlockBytes);
		const from = Math.max(start, scan.from);
		await scanForward(
			{ ...scan, direction: 'forward', from, to, unfinished, onProgress: () => undefined },
			matches,
		);
		count += found.length;
		later.push(found.splice(0));
		to = from;
		unfinished = false;
		scan.onProgress(scan.to - to, matches());
	}
	found.push(...later.reverse().flat());
	return { scannedBytes: scan.to - to };
}

async function scanCompressed(scan: Scan, matches: () => number): Promise<Scanned> {
	let scanner: ReturnType<typeof createLineScanner> | undefined;
	const onMatch = (line: RawLine): boolean => {
		if (line.unfinished) return scan.onMatch(line);
		if (line.start < scan.from) return true;
		return line.end <= scan.to && scan.onMatch(line);
	};
	let offset = 0;
	let damage: ScanResult['damage'];
	try {
		for await (const chunk of gunzipChunks(scan.fd)) {
			scanner ??= createLineScanner({ ...scan, onMatch, format: detectLogFormat(chunk), at: 0 });
			offset += chunk.length;
			scan.onMatching(true);
			scanner.push(chunk);
			scan.onMatching(false);
			scan.onProgress(Math.max(0, Math.min(offset, scan.to) - scan.from), matches());
			if (scanner.stopped() || offset >= scan.to + scanChunkBytes) break;
		}
	} catch (error) {
		const { code = '' } = error as NodeJS.ErrnoException;
		damage = { sizeBytes: offset, message: (error as Error).message, code };
	}
	if (scan.unfinished) scanner?.finish();
	return { scannedBytes: Math.max(0, Math.min(offset, scan.to) - scan.from), damage };
}

/** Reads a descriptor without a thread in between: the worker has nothing else to do. */
function createSyncSource(fd: number): ByteSource {
	return {
		async read(offset, length) {
			const buffer = Buffer.allocUnsafe(length);
			return buffer.subarray(0, fs.readSync(fd, buffer, 0, length, offset));
		},
	};
}

async function readOptions(source: ByteSource): Promise<LineReadOptions> {
	const format = detectLogFormat(await source.read(0, formatHeadBytes));
	return { format, limitBytes: 0, chunkBytes: 64 * 1024 };
}

function toScannedLine(line: RawLine, limitBytes: number): ScannedLine {
	const { content, ...rest } = line;
	const kept = cutAtCharacter(content, limitBytes);
	const truncatedBytes = line.truncatedBytes + content.length - kept.length;
	return { ...rest, text: kept.toString('utf8'), truncatedBytes };
}
