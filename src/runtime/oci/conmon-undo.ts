/** Takes back a container that was not created: conmon, the runtime's child, its records, and what they wrote. */
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { killTree, readProcStat } from '../sys/proc-stat.ts';
import { pidFiles } from './conmon-arguments.ts';
import type { ContainerPaths, CreateRequest } from './container-process.ts';
import { runtimeDelete } from './runtime-cli.ts';

/**
 * Leaves nothing of a failed creation behind, as far as it can; what hinders it is not told, since the failure itself is
 * what the caller must hear.
 * @param firstPid conmon's first process, if one was started
 */
export async function removeFailedCreate(
	request: CreateRequest,
	firstPid: number | undefined,
): Promise<void> {
	const { id, handler, paths } = request;
	const files = pidFiles(paths);
	if (firstPid !== undefined) await killTree(firstPid, undefined);
	// Its second process is a subreaper: the runtime and the container's init are in its tree, whoever forked them.
	const monitorPid = await monitorPidOf(files.monitor, id);
	if (monitorPid !== undefined) await killTree(monitorPid, undefined);
	// With a deadline of its own: it must happen even though the caller has given up.
	if (firstPid !== undefined) await runtimeDelete(id, handler).catch(() => undefined);
	const left = [
		...[files.init, files.monitor, path.join(paths.attachDir, id), path.join(paths.exitsDir, id)],
		...['exit', 'oom'].map((name) => path.join(paths.persistDir, name)),
		...['attach', 'ctl', 'winsz', 'oom'].map((name) => path.join(paths.bundleDir, name)),
	];
	await Promise.all(left.map((file) => rm(file, { force: true }).catch(() => undefined)));
}

/**
 * Ends the conmon of a container whose creation nobody saw the end of: we were killed meanwhile, and it goes on. Its tree goes with
 * it, the OCI runtime and the container's init among them, or that would be there once everything else is taken back.
 */
export async function endStrayMonitor(paths: Pick<ContainerPaths, 'bundleDir'>, id: string): Promise<void> {
	const pid = await monitorPidOf(pidFiles(paths).monitor, id);
	if (pid !== undefined) await killTree(pid, undefined);
}

/** The file is of this try, but a pid may mean somebody else by now: only one that is called with our id counts. */
async function monitorPidOf(file: string, id: string): Promise<number | undefined> {
	const pid = Number((await readFile(file, 'latin1').catch(() => '')).trim());
	if (!Number.isInteger(pid) || pid <= 1 || readProcStat(pid) === undefined) return undefined;
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(id) ? pid : undefined;
	} catch {
		return undefined;
	}
}
