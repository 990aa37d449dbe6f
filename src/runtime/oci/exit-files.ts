/** What conmon writes down when a container ends. Source: runtime.md section 3.5, conmon 2.1 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../sys/atomic-file.ts';
import { errnoCode } from '../sys/errno.ts';
import type { ContainerExit, ContainerPaths } from './container-process.ts';

/**
 * The end of a container; undefined while there is none. Either file will do: the first is gone after a reboot, the second
 * was never written where the disk was full, and is removed once the end is on record.
 * @throws the errors of read, other than of a file that is not there
 */
export function readContainerExit(id: string, paths: ContainerPaths): ContainerExit | undefined {
	const exit =
		readExitFile(path.join(paths.persistDir, 'exit')) ?? readExitFile(path.join(paths.exitsDir, id));
	if (exit === undefined) return undefined;
	const oomKilled = [paths.bundleDir, paths.persistDir].some((dir) => existsSync(path.join(dir, 'oom')));
	return { ...exit, oomKilled };
}

function readExitFile(file: string): Omit<ContainerExit, 'oomKilled'> | undefined {
	try {
		const text = readFileSync(file, 'latin1').trim();
		// It is written aside and renamed; what is no number is not conmon's, or was lost to a full disk.
		if (!/^\d{1,10}$/.test(text)) return undefined;
		return { exitCode: Number(text), finishedAtNanos: statSync(file, { bigint: true }).ctimeNs };
	} catch (error) {
		if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return undefined;
		throw error;
	}
}

/**
 * Writes down the end of a container in conmon's place, which was killed: its init came to us then, and we know how it
 * ended. What conmon has written itself stays as it is.
 * @throws what writing throws, where neither file could be written
 */
export async function writeContainerExit(id: string, paths: ContainerPaths, exitCode: number): Promise<void> {
	const files = [path.join(paths.persistDir, 'exit'), path.join(paths.exitsDir, id)];
	const written = await Promise.allSettled(
		files
			.filter((file) => !existsSync(file))
			.map((file) => writeFileAtomically(file, String(exitCode), { mode: 0o600, durable: false })),
	);
	const failures = written.filter((result) => result.status === 'rejected');
	if (failures.length === files.length) throw failures[0]?.reason;
}
