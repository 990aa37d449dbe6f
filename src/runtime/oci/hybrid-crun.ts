/**
 * Crun on a host with cgroup v1 and a v2 hierarchy beside it (`/sys/fs/cgroup/unified`): it refuses to run there ("hybrid
 * mode not supported") although v1 has all the controllers it needs. In a mount namespace of its own, where the second
 * hierarchy is not to be seen, it works.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HandlerConfig } from './model.ts';

/**
 * Gives handlers as they work on this host: themselves, or, for crun, one whose path is a short script below `scriptDir`. The
 * script keeps the program's name, since conmon and we tell runtimes by it. What was found out is remembered.
 * @param scriptDir where programs may be run from: a run root may be mounted noexec
 * @param mountinfo where the host's mounts are read, once
 */
export function createHybridCrun(
	scriptDir: string,
	mountinfo = '/proc/self/mountinfo',
): (handler: HandlerConfig) => HandlerConfig {
	const scripts = new Map<string, string>();
	let unified: { readonly at: string | undefined } | undefined;
	return (handler) => {
		if (path.basename(handler.path) !== 'crun' || handler.type !== 'oci') return handler;
		unified ??= { at: unifiedBesideV1(readFileSync(mountinfo, 'utf8')) };
		if (unified.at === undefined) return handler;
		try {
			const script = scripts.get(handler.path) ?? writeScript(handler.path, scriptDir, unified.at);
			scripts.set(handler.path, script);
			return { ...handler, path: script };
		} catch {
			// Without room for it crun says itself that it cannot; others are not to suffer. It is tried again.
			return handler;
		}
	};
}

/** Each program in a folder of its own: there may be several of that name. */
function writeScript(crun: string, scriptDir: string, unified: string): string {
	const folder = path.join(scriptDir, createHash('sha256').update(crun).digest('hex').slice(0, 12));
	const script = path.join(folder, 'crun');
	const text = scriptFor(crun, unified);
	// A full disk must not keep the next start from what an earlier one has written.
	if (existsSync(script) && readFileSync(script, 'utf8') === text) return script;
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	writeFileSync(`${script}.new`, text, { mode: 0o700 });
	// Another one may be running it.
	renameSync(`${script}.new`, script);
	return script;
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
