/** Marks a pod with the process that looks after it, so that others can tell when that one was killed. */
import { readFile } from 'node:fs/promises';

/** Annotation of a pod of `criscope run --rm`: its client, or `detached`. */
export const clientAnnotation = 'criscope.run/client';

/** The 22nd field of /proc/PID/stat, counted from behind the name. Source: proc_pid_stat(5) */
async function startTime(pid: string): Promise<string | undefined> {
	const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
	return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/** This process, of this boot. */
export async function ownMark(): Promise<string> {
	const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
	return [process.pid, await startTime(String(process.pid)), boot.trim()].join(' ');
}

/** Whether the process of a mark has ended. */
export async function isGone(mark: string): Promise<boolean> {
	const [pid = '', started, boot] = mark.split(' ');
	const now = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
	if (boot !== now.trim()) return true;
	return !/^\d+$/u.test(pid) || (await startTime(pid)) !== started;
}
