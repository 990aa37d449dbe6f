/**
 * A control group for the runtime itself. One that a session has started lies in that session's: it would be killed at the end
 * of the login (KillUserProcesses of logind.conf(5)), with all monitors, and shares the session's limits until then.
 */
import { rmdirSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage } from '../../cri/errors.ts';
import type { CgroupLayout } from '../../node/cgroup-layout.ts';
import type { Log } from '../log.ts';
import { readProcessIds } from './cgroup-files.ts';
import { childFolders, makeCgroupFolders } from './cgroup-folders.ts';

/** Below the parent of pods that have none, beside theirs. */
const parent = '/criscope';
const prefix = 'criscope-runtime-';

/**
 * Moves this process, with all its threads, into a group of its own in every hierarchy, the one of systemd included. Monitors
 * that nobody places elsewhere come there too. Where a hierarchy refuses, that is logged, and the others are entered.
 * Disposing of it goes to the root of the hierarchies, and removes the group where nobody else is in it.
 */
export async function enterOwnCgroup(
	{ controllerMounts, unifiedMount }: Pick<CgroupLayout, 'controllerMounts' | 'unifiedMount'>,
	log: Log,
	pid: number = process.pid,
): Promise<Disposable> {
	const roots = [
		...new Set([...controllerMounts.values(), ...(unifiedMount === undefined ? [] : [unifiedMount])]),
	];
	const name = `${parent}/${prefix}${pid}`;
	const entered: string[] = [];
	for (const root of roots) {
		try {
			sweep(root + parent);
			makeCgroupFolders(root, name, root === controllerMounts.get('cpuset'));
			// Off the main thread: the kernel waits for all processors.
			await writeFile(path.join(root, name, 'cgroup.procs'), String(pid));
			entered.push(root);
		} catch (error) {
			log('warn', 'the runtime stays in a control group of the session that started it', {
				hierarchy: root,
				error: errorMessage(error),
			});
		}
	}
	return {
		[Symbol.dispose]() {
			for (const root of entered) {
				try {
					writeFileSync(path.join(root, 'cgroup.procs'), String(pid));
					rmdirSync(root + name);
				} catch {
					// Monitors live there; the next one sweeps it.
				}
			}
		},
	};
}

/**
 * Disposing of it removes the parent that pods and runtimes have in common from every hierarchy, where nobody is in it any more:
 * what a killed runtime has left there, too.
 */
export function removesEmptyParent({
	controllerMounts,
	unifiedMount,
}: Pick<CgroupLayout, 'controllerMounts' | 'unifiedMount'>): Disposable {
	const roots = new Set([
		...controllerMounts.values(),
		...(unifiedMount === undefined ? [] : [unifiedMount]),
	]);
	return {
		[Symbol.dispose]() {
			for (const root of roots) {
				try {
					sweep(root + parent);
					rmdirSync(root + parent);
				} catch {
					// Not there, or pods are in it.
				}
			}
		},
	};
}

/** Those of runtimes that were killed. */
function sweep(folder: string): void {
	for (const name of childFolders(folder)) {
		const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : undefined;
		if (pid === undefined || statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined) continue;
		if (readProcessIds(path.join(folder, name, 'cgroup.procs')).length > 0) continue;
		try {
			rmdirSync(path.join(folder, name));
		} catch {
			// Somebody came, or went first.
		}
	}
}
