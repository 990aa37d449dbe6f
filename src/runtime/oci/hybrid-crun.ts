/**
 * Crun on a host with cgroup v1 and a v2 hierarchy beside it (`/sys/fs/cgroup/unified`): it refuses to run there ("hybrid
 * mode not supported") although v1 has all the controllers it needs. In a mount namespace of its own, where the second
 * hierarchy is not to be seen, it works.
 */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomically } from '../sys/atomic-file.ts';
import type { HandlerConfig } from './model.ts';

/**
 * Gives the handler by which crun works on this host: itself, or one whose path is a short script below `scriptDir`. The
 * script keeps the program's name, since conmon and we tell runtimes by it. Idempotent.
 * @param mountinfo where the host's mounts are read
 * @throws the errors of read and write
 */
export async function withoutHybridCgroups(
	handler: HandlerConfig,
	scriptDir: string,
	mountinfo = '/proc/self/mountinfo',
): Promise<HandlerConfig> {
	if (path.basename(handler.path) !== 'crun' || handler.type !== 'oci') return handler;
	const unified = unifiedBesideV1(await readFile(mountinfo, 'utf8'));
	if (unified === undefined) return handler;
	await mkdir(scriptDir, { recursive: true, mode: 0o700 });
	const script = path.join(scriptDir, 'crun');
	await writeFileAtomically(script, scriptFor(handler.path, unified), { mode: 0o700, durable: false });
	return { ...handler, path: script };
}

/** Where cgroup2 is mounted on a host whose controllers are v1; undefined on any other. Source: proc_pid_mountinfo(5) */
function unifiedBesideV1(mountinfo: string): string | undefined {
	const mounts = mountinfo.split('\n').map((line) => {
		const [before = '', after = ''] = line.split(' - ');
		return { target: before.split(' ')[4] ?? '', type: after.split(' ')[0] ?? '' };
	});
	if (!mounts.some(({ type, target }) => type === 'cgroup' && target.startsWith('/sys/fs/cgroup/'))) {
		return undefined;
	}
	return mounts.find(({ type, target }) => type === 'cgroup2' && target.startsWith('/sys/fs/cgroup/'))
		?.target;
}

function scriptFor(crun: string, unified: string): string {
	// Only the folder of cgroups is cut off from the host: mounts that a container shares must still reach it.
	const inside = 'mount --make-private /sys/fs/cgroup && umount "$1" && shift && exec "$@"';
	return `#!/bin/sh
# Made by criscope: crun refuses a host with both versions of cgroups, unless it does not see the second.
exec unshare --mount --propagation unchanged -- /bin/sh -c '${inside}' sh ${quoted(unified)} ${quoted(crun)} "$@"
`;
}

function quoted(word: string): string {
	return `'${word.replaceAll("'", "'\\''")}'`;
}
