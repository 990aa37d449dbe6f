/** Takes the log files of a removed container away, which runtimes leave to whoever made it. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Removes a log and its rotations. Files that are gone already are no failure.
 * @throws Error in one sentence for the first one that cannot be removed; the others are removed all the same.
 * Source: crictl 1.36, `rm`: `<logPath>` and `<logPath>.*`.
 */
export async function removeLog(logPath: string): Promise<void> {
	const { dir, base } = path.parse(logPath);
	const names = await readdir(dir).catch(() => []);
	const own = names.filter((name) => name === base || name.startsWith(`${base}.`));
	const done = await Promise.allSettled(own.map((name) => rm(path.join(dir, name), { force: true })));
	const failed = done.find((result) => result.status === 'rejected');
	if (!failed) return;
	const cause: unknown = failed.reason;
	throw new Error(`cannot remove log file "${logPath}": ${cause instanceof Error ? cause.message : cause}`, {
		cause,
	});
}
