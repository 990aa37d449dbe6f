import type { LogFile } from './log-files.ts';
import { createSegment, estimateUnpacked, kindOf, type Segment } from './segment.ts';

/** What a look at the folder changed. */
export type Reconciled = {
	/** In time order, with ids increasing. */
	readonly segments: readonly Segment[];
	/** Known before, with no file any more. */
	readonly gone: readonly Segment[];
};

/**
 * Matches the files of a folder with the segments known so far, so that a file keeps its id whatever it is
 * called now. Found by identity (renamed), else by place in the rotation (compressed), else a rotated file
 * that appeared while the log file vanished is that log file. The rest is new. Changes the known segments.
 * `highestId` is the highest id ever given out in this history.
 */
export function reconcileSegments(
	known: readonly Segment[],
	files: readonly LogFile[],
	highestId: number,
): Reconciled {
	const latestAttempt = files.at(-1)?.attempt;
	const left = new Set(known.filter((segment) => !segment.orphaned));
	const matches = new Map<LogFile, Segment>();
	const match = (file: LogFile, segment: Segment | undefined) => {
		if (segment === undefined) return;
		matches.set(file, segment);
		left.delete(segment);
	};
	for (const file of files) {
		match(
			file,
			find(left, (segment) => segment.file.identity === file.identity),
		);
	}
	for (const file of files) {
		if (matches.has(file) || file.rotation === '') continue;
		match(
			file,
			find(left, ({ file: old }) => old.attempt === file.attempt && old.rotation === file.rotation),
		);
	}
	for (const file of files) {
		if (matches.has(file) || file.rotation === '') continue;
		match(
			file,
			find(left, ({ file: old }) => old.attempt === file.attempt && old.rotation === ''),
		);
	}
	const kept = known.filter((segment) => !left.has(segment));
	const ids = assignIds(files, matches, highestId);
	const segments = files.map((file, index) => {
		const segment = matches.get(file);
		if (segment === undefined) return createSegment(ids[index]!, file, kindOf(file, latestAttempt));
		if (file.compressed && !segment.file.compressed && segment.sizeBytes === 0) {
			segment.sizeBytes = estimateUnpacked(file.sizeBytes);
		}
		segment.file = file;
		segment.kind = kindOf(file, latestAttempt);
		return segment;
	});
	const orphans = kept.filter((segment) => segment.orphaned);
	return {
		segments: [...segments, ...orphans].sort((a, b) => a.id - b.id),
		gone: [...left],
	};
}

/**
 * Ids for the files without one, between the ids of their neighbours. Behind the last known they count on;
 * between two they are fractions, for an id once given out never changes.
 */
function assignIds(
	files: readonly LogFile[],
	matches: ReadonlyMap<LogFile, Segment>,
	highestId: number,
): readonly number[] {
	const ids: number[] = files.map((file) => matches.get(file)?.id ?? Number.NaN);
	for (let at = 0; at < ids.length; ) {
		if (!Number.isNaN(ids[at])) {
			at += 1;
			continue;
		}
		let end = at;
		while (end < ids.length && Number.isNaN(ids[end])) end += 1;
		const run = end - at;
		const before = at === 0 ? undefined : ids[at - 1]!;
		const after = end === ids.length ? undefined : ids[end]!;
		for (let index = 0; index < run; index += 1) {
			if (after === undefined) ids[at + index] = highestId + 1 + index;
			else if (before === undefined) ids[at + index] = after - run + index;
			else ids[at + index] = before + ((after - before) * (index + 1)) / (run + 1);
		}
		at = end;
	}
	return ids;
}

function find(segments: ReadonlySet<Segment>, test: (segment: Segment) => boolean): Segment | undefined {
	for (const segment of segments) if (test(segment)) return segment;
	return undefined;
}
