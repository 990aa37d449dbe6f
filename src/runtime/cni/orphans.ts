/**
 * Plugins that an earlier run has started and did not live to see the end of. One that still attaches a pod must not go on
 * while the pod is detached: it would attach it anew. Source: proc_pid_environ(5)
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoCode } from '../sys/errno.ts';

const pollMs = 10;
const longestPolls = 300;

/**
 * Kills the plugins that attach a pod, and waits until they are gone. What they have begun is undone by DEL.
 * Only to be called where no plugin of this run works for the pod.
 */
export async function endOrphans(podSandboxId: string, binDirs: readonly string[]): Promise<void> {
	for (let polls = 0; polls < longestPolls; polls += 1) {
		const orphans = pluginsOf(podSandboxId, binDirs);
		if (orphans.length === 0) return;
		for (const pid of orphans) kill(pid);
		await sleep(pollMs);
	}
}

function pluginsOf(podSandboxId: string, binDirs: readonly string[]): readonly number[] {
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name))
		.map(Number)
		.filter((pid) => {
			try {
				const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
				return (
					environment.includes(`CNI_CONTAINERID=${podSandboxId}`) &&
					environment.includes('CNI_COMMAND=ADD') &&
					// Daemons that plugins start inherit all this, and may serve others too.
					runsFrom(pid, binDirs)
				);
			} catch {
				// Gone meanwhile, or about to.
				return false;
			}
		});
}

/** A script is its interpreter's first argument. */
function runsFrom(pid: number, binDirs: readonly string[]): boolean {
	const files = [
		readlinkSync(`/proc/${pid}/exe`),
		...readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 2),
	];
	return files.some((file) => binDirs.includes(path.dirname(file)));
}

function kill(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch (error) {
		if (errnoCode(error) !== 'ESRCH') throw error;
	}
}
