import { existsSync } from 'node:fs';

/** What a test can ask for: root, a program on the machine (by name), or a path. */
export type Requirement = 'root' | (string & {});

const binFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * Names what this machine lacks for a test.
 *
 * @returns undefined when everything is there; else a sentence for `test.skipIf` and for the person:
 * ```ts
 * const missing = whatIsMissing('root', 'containerd');
 * describe.skipIf(missing)(`exec${missing ?? ''}`, …)
 * ```
 */
export function whatIsMissing(...requirements: readonly Requirement[]): string | undefined {
	const missing = requirements.filter((requirement) => !isThere(requirement));
	return missing.length === 0 ? undefined : ` [skipped, missing: ${missing.join(', ')}]`;
}

/** What a containerd of one's own takes (containerd.ts). */
export const containerdRequirements: readonly Requirement[] = [
	'root',
	'containerd',
	'ctr',
	'runc',
	'docker-registry',
	'ip',
	'iptables',
	'/usr/lib/cni/bridge',
	'/bin/busybox',
];

function isThere(requirement: Requirement): boolean {
	if (requirement === 'root') return process.getuid?.() === 0;
	if (requirement.startsWith('/')) return existsSync(requirement);
	return binFolders.some((folder) => existsSync(`${folder}/${requirement}`));
}
