import * as fs from 'node:fs/promises';
import path from 'node:path';

/** One file that belongs to a log, as the folder shows it. */
export type LogFile = {
	readonly path: string;
	/** From the name (`3.log`); undefined when the name says none. */
	readonly attempt: number | undefined;
	/** What the name has behind the log's own: '' for the log file itself, a time stamp or a number. */
	readonly rotation: string;
	readonly compressed: boolean;
	/** Device, inode and birth time: follows a rename, and tells a new file with an old inode apart. */
	readonly identity: string;
	readonly sizeBytes: number;
};

/** Files looked at in one go. */
const statBatch = 64;
const rotationPattern = /^(?:\.(\d{8}-\d{6}|\d{1,5}))?(\.gz)?$/;

/**
 * Lists the files of a log, oldest first: earlier attempts (`0.log`, `1.log`), each after its own rotated files
 * (kubelet's `<log>.YYYYMMDD-HHMMSS`, Docker's and logrotate's `<log>.<n>`, either with `.gz`). Follows a link
 * (cri-dockerd) to the folder of its target too. `.tmp` files of a compression under way are ignored; of a file
 * and its compressed copy the plain one counts.
 * A missing folder or file yields fewer entries, not an error.
 */
export async function listLogFiles(
	logPath: string,
	options: { readonly lowestAttempt: number | undefined; readonly highestAttempt: number | undefined },
): Promise<readonly LogFile[]> {
	const folder = path.dirname(logPath);
	const ownName = path.basename(logPath);
	const ownAttempt = attemptOf(ownName);
	const names = await readNames(folder);
	const found: Candidate[] = [];
	for (const name of names) {
		const attempt = ownAttempt === undefined ? undefined : attemptOf(name);
		const base = attempt === undefined ? ownName : `${attempt}.log`;
		if (attempt === undefined && ownAttempt !== undefined) continue;
		if (attempt !== undefined && !isWithin(attempt, options)) continue;
		const candidate = toCandidate(folder, name, base, attempt);
		if (candidate === undefined) continue;
		found.push(candidate);
		if (candidate.rotation === '') found.push(...(await siblingsOfTarget(candidate)));
	}
	const plain = new Set(found.filter((file) => !file.compressed).map(keyOf));
	const kept = found.filter((file) => !file.compressed || !plain.has(keyOf(file))).sort(compareFiles);
	const files: LogFile[] = [];
	for (let at = 0; at < kept.length; at += statBatch) {
		const batch = await Promise.all(kept.slice(at, at + statBatch).map(withStat));
		files.push(...batch.filter((file) => file !== undefined));
	}
	return files;
}

/** The attempt a log file's name begins with: `2` for `2.log` and `2.log.20260102-030405.gz`. */
export function attemptOf(name: string): number | undefined {
	const match = /^(\d{1,9})\.log(?:$|\.)/.exec(name);
	return match === null ? undefined : Number(match[1]);
}

/** Identity of an open or listed file, for comparison only. */
export function identityOf(stat: {
	readonly dev: bigint;
	readonly ino: bigint;
	readonly birthtimeNs: bigint;
}): string {
	return `${stat.dev}:${stat.ino}:${stat.birthtimeNs}`;
}

type Candidate = Omit<LogFile, 'identity' | 'sizeBytes'>;

function isWithin(
	attempt: number,
	options: { readonly lowestAttempt: number | undefined; readonly highestAttempt: number | undefined },
): boolean {
	return attempt >= (options.lowestAttempt ?? 0) && attempt <= (options.highestAttempt ?? Number.MAX_VALUE);
}

function toCandidate(
	folder: string,
	name: string,
	base: string,
	attempt: number | undefined,
): Candidate | undefined {
	if (!name.startsWith(base)) return undefined;
	const match = rotationPattern.exec(name.slice(base.length));
	if (match === null) return undefined;
	return {
		path: path.join(folder, name),
		attempt,
		rotation: match[1] ?? '',
		compressed: match[2] !== undefined,
	};
}

/** Rotated files beside the target, when the log file is a link: Docker rotates there. */
async function siblingsOfTarget(link: Candidate): Promise<readonly Candidate[]> {
	let target: string;
	try {
		target = await fs.realpath(link.path);
	} catch {
		return [];
	}
	const folder = path.dirname(target);
	const name = path.basename(target);
	if (folder === path.dirname(link.path) && name === path.basename(link.path)) return [];
	const siblings = (await readNames(folder)).map((each) => toCandidate(folder, each, name, link.attempt));
	return siblings.filter((each) => each !== undefined && each.rotation !== '') as Candidate[];
}

async function readNames(folder: string): Promise<readonly string[]> {
	try {
		return await fs.readdir(folder);
	} catch {
		return [];
	}
}

async function withStat(file: Candidate): Promise<LogFile | undefined> {
	try {
		const stat = await fs.stat(file.path, { bigint: true });
		if (!stat.isFile()) return undefined;
		return { ...file, identity: identityOf(stat), sizeBytes: Number(stat.size) };
	} catch {
		// Removed since the folder was read.
		return undefined;
	}
}

function keyOf(file: Candidate): string {
	return `${file.attempt}/${file.rotation}`;
}

/** Oldest first: a higher number is older, a number is older than a time stamp, the log itself is newest. */
function compareFiles(a: Candidate, b: Candidate): number {
	if (a.attempt !== b.attempt) return (a.attempt ?? 0) - (b.attempt ?? 0);
	if (a.rotation === b.rotation) return a.path < b.path ? -1 : 1;
	if (a.rotation === '' || b.rotation === '') return a.rotation === '' ? 1 : -1;
	const aIsNumber = !a.rotation.includes('-');
	const bIsNumber = !b.rotation.includes('-');
	if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
	return aIsNumber ? Number(b.rotation) - Number(a.rotation) : a.rotation < b.rotation ? -1 : 1;
}
