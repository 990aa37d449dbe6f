/** What a process and its children cost while something happens: CPU time and peak memory, read from /proc. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** CPU seconds by mode, and the most memory held at one time. */
export type Cost = { readonly cpuSeconds: number; readonly peakMiB: number };

const sampleMs = 25;
const ticksPerSecond = 100;

/**
 * Starts to watch a process. Memory is sampled with that of its children; the high-water mark of the process itself is exact.
 *
 * @returns a function that ends it and says what the time between cost
 */
export function watchProcess(pid: number): () => Cost {
	resetHighWaterMark(pid);
	const cpuBefore = cpuTicks(pid);
	let peakKiB = 0;
	let lastTicks = cpuBefore;
	const look = () => {
		const tree = [pid, ...descendants(pid)];
		const nowKiB = tree.map((one) => statusKiB(one, 'VmRSS')).reduce((sum, kiB) => sum + kiB, 0);
		peakKiB = Math.max(peakKiB, nowKiB, statusKiB(pid, 'VmHWM'));
		lastTicks = Math.max(lastTicks, cpuTicks(pid));
	};
	look();
	const timer = setInterval(look, sampleMs);
	return () => {
		clearInterval(timer);
		look();
		return { cpuSeconds: (lastTicks - cpuBefore) / ticksPerSecond, peakMiB: peakKiB / 1024 };
	};
}

/** Of the process, of the children that live, and of those it has waited for. Source: proc(5), stat, fields 14 to 17. */
function cpuTicks(pid: number): number {
	const own = readOrEmpty(`/proc/${pid}/stat`);
	if (own === '') return 0;
	const fields = own.slice(own.lastIndexOf(')') + 2).split(' ');
	const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
	return children(pid).reduce((sum, child) => sum + cpuTicks(child), ticks);
}

function descendants(pid: number): readonly number[] {
	return children(pid).flatMap((child) => [child, ...descendants(child)]);
}

/** Source: proc(5), children; each thread has its own. */
function children(pid: number): readonly number[] {
	const lists = tasks(pid).map((task) => readOrEmpty(`/proc/${pid}/task/${task}/children`));
	return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

function tasks(pid: number): readonly string[] {
	try {
		return readdirSync(`/proc/${pid}/task`);
	} catch {
		return [];
	}
}

function statusKiB(pid: number, field: string): number {
	const found = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readOrEmpty(`/proc/${pid}/status`));
	return Number(found?.[1] ?? 0);
}

/** Source: proc(5), clear_refs: 5 sets the peak to what is resident now. */
function resetHighWaterMark(pid: number): void {
	try {
		writeFileSync(`/proc/${pid}/clear_refs`, '5');
	} catch {
		// Without the right to do so the mark covers the whole life, which is more, never less.
	}
}

function readOrEmpty(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
}
