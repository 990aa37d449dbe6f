/** Where something is mounted in this mount namespace. Source: proc_pid_mountinfo(5) */
import { readFileSync } from 'node:fs';

/** All mount points, in the order in which they were mounted. Costs more the more there are. */
export function mountPoints(): readonly string[] {
	return readFileSync('/proc/self/mountinfo', 'latin1')
		.split('\n')
		.map((line) => line.split(' ')[4])
		.filter((field) => field !== undefined)
		.map(plainPath);
}

/** The kernel writes blanks and backslashes in octal, byte by byte. */
function plainPath(field: string): string {
	const bytes = field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
		String.fromCharCode(Number.parseInt(octal, 8)),
	);
	return Buffer.from(bytes, 'latin1').toString('utf8');
}
