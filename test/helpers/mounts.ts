import { readFileSync } from 'node:fs';
import { runProgram } from './child-process.ts';

/** Mount points at or below a folder, in the order in which they were mounted. */
export function mountPointsBelow(dir: string): readonly string[] {
	return readFileSync('/proc/self/mountinfo', 'utf8')
		.split('\n')
		.map((line) => plainPath(line.split(' ')[4] ?? ''))
		.filter((mountPoint) => mountPoint === dir || mountPoint.startsWith(`${dir}/`));
}

/** Takes away every mount at or below a folder, the last one first; busy ones go when they are no longer used. */
export async function unmountBelow(dir: string): Promise<void> {
	for (const mountPoint of mountPointsBelow(dir).toReversed()) {
		// A mount under another one may have gone with it.
		await runProgram('umount', ['--lazy', mountPoint]).catch(() => {});
	}
}

/** Source: proc(5), mountinfo writes blank, tab, newline and backslash in octal. */
function plainPath(field: string): string {
	return field.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
