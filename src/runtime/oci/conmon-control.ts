/** What conmon is told while its container runs, by lines in a fifo. Source: runtime.md section 3.4 */
import { closeSync, constants, openSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, FailedPreconditionError } from '../../cri/errors.ts';
import { errnoCode } from '../sys/errno.ts';
import type { ContainerPaths } from './container-process.ts';

const reopenTimeoutMs = 10_000;

/** Sets the size of the container's terminal; no terminal or no conmon any more is no error. */
export function resizeTerminal(paths: ContainerPaths, columns: number, rows: number): void {
	const [height, width] = [rows, columns].map((cells) =>
		Math.max(0, Math.min(65_535, Math.trunc(cells) || 0)),
	);
	tell(paths, `1 ${height} ${width}\n`);
}

/**
 * Has conmon open its log again, and waits until the new file is there.
 * @throws FailedPreconditionError where conmon is gone, DeadlineError, the signal's reason
 */
export async function reopenConmonLog(
	paths: ContainerPaths,
	{ signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
	signal?.throwIfAborted();
	const { logPath } = paths;
	const before = inodeOf(logPath);
	if (!tell(paths, '2 0 0\n')) {
		throw new FailedPreconditionError(`cannot reopen log "${logPath}": its conmon does not run any more`);
	}
	const deadlineMs = performance.now() + reopenTimeoutMs;
	for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
		const now = inodeOf(logPath);
		if (now !== undefined && now !== before) return;
		if (performance.now() > deadlineMs) {
			throw new DeadlineError(`cannot reopen log "${logPath}": no new file within ${reopenTimeoutMs} ms`, {
				timeoutMs: reopenTimeoutMs,
			});
		}
		await delay(pauseMs, undefined, { signal });
	}
}

/** @returns false where nobody reads the fifo. */
function tell({ bundleDir }: ContainerPaths, line: string): boolean {
	let fifo: number;
	try {
		// Without O_NONBLOCK it would wait for a conmon that is gone.
		fifo = openSync(path.join(bundleDir, 'ctl'), constants.O_WRONLY | constants.O_NONBLOCK);
	} catch (error) {
		if (errnoCode(error) === 'ENXIO' || errnoCode(error) === 'ENOENT') return false;
		throw error;
	}
	try {
		writeSync(fifo, line);
		return true;
	} finally {
		closeSync(fifo);
	}
}

function inodeOf(file: string): bigint | undefined {
	return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}
