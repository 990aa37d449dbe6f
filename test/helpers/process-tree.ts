import { readdirSync, readFileSync } from 'node:fs';

/** A process and all its descendants, parents first. Empty where it is gone. */
export function processTree(rootPid: number): readonly number[] {
	const children = new Map<number, number[]>();
	const alive = new Set<number>();
	for (const name of readdirSync('/proc')) {
		const pid = Number(name);
		if (!Number.isInteger(pid)) continue;
		const parent = parentOf(pid);
		if (parent === undefined) continue;
		alive.add(pid);
		children.set(parent, [...(children.get(parent) ?? []), pid]);
	}
	if (!alive.has(rootPid)) return [];
	const tree = [rootPid];
	// Grows while it is walked.
	for (const pid of tree) tree.push(...(children.get(pid) ?? []));
	return tree;
}

/** Source: proc(5), stat: the fourth field, after a name that may hold anything. */
function parentOf(pid: number): number | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
	} catch {
		return undefined;
	}
}
