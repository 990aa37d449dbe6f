/** The sentence for a socket that may not be opened: what to do about it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProbeResult } from './socket-probe.ts';

/**
 * Names the group that opens the socket, where a group other than root does, else the sudo line.
 * @param commandLine what the user typed, to be repeated behind sudo.
 * @param root folder taken for `/`, to find etc/group.
 */
export async function permissionAdvice(
	path: string,
	probe: ProbeResult,
	options: { readonly commandLine?: string | undefined; readonly root?: string | undefined } = {},
): Promise<string> {
	const sudo = `run "sudo ${options.commandLine ?? 'criscope'}"`;
	const group = await groupName(probe.gid, options.root ?? '/');
	// Writing is what connecting to a unix socket needs: unix(7).
	const groupMayWrite = probe.mode !== undefined && (probe.mode & 0o020) !== 0;
	if (group === undefined || group === 'root' || !groupMayWrite) {
		return `no permission to open ${path}: ${sudo}`;
	}
	return `no permission to open ${path}: it is for group "${group}" (sudo usermod -aG ${group} "$USER", then log in again), or ${sudo}`;
}

/** The name behind a group id; undefined where there is no such line or no such file. */
async function groupName(gid: number | undefined, root: string): Promise<string | undefined> {
	if (gid === undefined) return undefined;
	if (gid === 0) return 'root';
	const groups = await readFile(join(root, 'etc/group'), 'utf8').catch(() => '');
	for (const line of groups.split('\n')) {
		const [name, , id] = line.split(':');
		if (name && id === String(gid)) return name;
	}
	return undefined;
}
