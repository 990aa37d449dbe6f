/**
 * A folder of this host for each pod that criscope makes: empty volumes and its /etc/hosts, which the CRI leaves to
 * whoever makes a pod. It goes with the pod; what a kill leaves is swept later.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';
import { type PodName, podLogDirectory } from '../requests/pod-words.ts';
import type { TmpfsOptions, Volume } from './volume-flags.ts';

type Options = { readonly signal: AbortSignal };

/** A kubelet's are in /var/lib/kubelet/pods, and it removes what it does not know. */
const root = '/var/lib/criscope/pods';
/** A folder this young may belong to a pod that is just being made. */
const youngMs = 600_000;

const program = promisify(execFile);
const isUid = (name: string) => /^[0-9a-f-]{36}$/u.test(name);

/** Where a pod's folder is, whether it is there or not. */
export function podFolder(uid: string): string {
	return path.join(root, uid);
}

async function mountTmpfs(folder: string, { sizeBytes, mode = '1777' }: TmpfsOptions, { signal }: Options) {
	const size = sizeBytes === undefined ? '' : `,size=${sizeBytes}`;
	const args = ['-t', 'tmpfs', '-o', `nosuid,nodev,mode=${mode}${size}`, 'criscope', folder];
	try {
		await program('mount', args, { signal });
	} catch (error) {
		signal.throwIfAborted();
		const { stderr = '', message } = error as Error & { readonly stderr?: string };
		throw new Error(`cannot mount a tmpfs at "${folder}": ${stderr.trim() || message}`, { cause: error });
	}
}

/**
 * Makes an empty folder for a pod, in memory where `tmpfs` is given. One that is there is taken as it is.
 * @param name unique in the pod
 * @returns its path
 */
export async function makeEmptyVolume(
	uid: string,
	name: string,
	tmpfs: TmpfsOptions | undefined,
	options: Options,
): Promise<string> {
	const folder = path.join(podFolder(uid), 'volumes', name);
	const made = await mkdir(folder, { recursive: true, mode: 0o755 });
	if (made === undefined) return folder;
	if (tmpfs) await mountTmpfs(folder, tmpfs, options);
	// Whoever the container's user is. The mask of this process does not count for chmod.
	else await chmod(folder, 0o777);
	return folder;
}

/** Writes a file of a pod. @returns its path */
export async function writePodFile(
	uid: string,
	name: string,
	text: string | Uint8Array,
	mode = 0o644,
): Promise<string> {
	const file = path.join(podFolder(uid), name);
	await mkdir(path.dirname(file), { recursive: true, mode: 0o755 });
	await writeFile(file, text, { mode });
	return file;
}

/**
 * Makes what a volume needs on the host.
 * @param index tells the volumes of a pod apart
 * @returns message Mount
 * @throws Error where a path of the host is not there: runtimes would make a folder of it
 */
export async function mountOf(
	volume: Volume,
	uid: string,
	index: number,
	options: Options,
): Promise<ProtocolMessage> {
	const { destination, readonly, recursiveReadOnly, relabel, propagation, source } = volume;
	const mount = {
		containerPath: destination,
		readonly,
		recursiveReadOnly,
		selinuxRelabel: relabel,
		propagation,
	};
	switch (source.kind) {
		case 'host':
			await stat(source.path).catch((error: NodeJS.ErrnoException) => {
				const cause = error.code === 'ENOENT' ? 'no such file or folder' : error.message;
				throw new Error(`cannot mount "${source.path}": ${cause}`, { cause: error });
			});
			return { ...mount, hostPath: source.path };
		case 'image':
			return { ...mount, image: { image: source.image }, imageSubPath: source.subPath };
		case 'empty':
			return { ...mount, hostPath: await makeEmptyVolume(uid, `${index}`, source.tmpfs, options) };
	}
}

/** Removes a pod's folder with all that is mounted below it. Twice is no failure. */
export async function removePodFolder(uid: string): Promise<void> {
	if (!isUid(uid)) return;
	const folder = podFolder(uid);
	const mounts = await readFile('/proc/self/mounts', 'utf8').catch(() => '');
	const below = mounts
		.split('\n')
		.map((line) => line.split(' ')[1] ?? '')
		.filter((at) => at.startsWith(`${folder}/`))
		.reverse();
	// Lazily: a process of a container that is just ending may still hold it.
	for (const at of below) await program('umount', ['-l', at]);
	await rm(folder, { recursive: true, force: true });
}

const recordName = 'pod.json';

/** Writes down whose folder it is, and so whose logs, for whoever finds it without its pod. */
export async function recordPod(pod: PodName, endpoint: string): Promise<void> {
	const { namespace, name, uid } = pod;
	await writePodFile(uid, recordName, JSON.stringify({ namespace, name, uid, endpoint }));
}

async function readRecord(uid: string): Promise<Partial<PodName & { readonly endpoint: string }>> {
	try {
		const text = await readFile(path.join(podFolder(uid), recordName), 'utf8');
		return (JSON.parse(text) ?? {}) as Partial<PodName & { readonly endpoint: string }>;
	} catch {
		// Not there, or cut short by a full disk: nobody's that we know.
		return {};
	}
}

/** Removes the folder and the logs of a pod that was removed by its id, if criscope made it; nothing of others. */
export async function removeOwnTraces(pod: PodName): Promise<void> {
	if (!isUid(pod.uid)) return;
	const { namespace, name } = await readRecord(pod.uid);
	if (namespace !== pod.namespace || name !== pod.name) return;
	await rm(podLogDirectory(pod), { recursive: true, force: true });
	await removePodFolder(pod.uid);
}

/**
 * Removes folders and logs of pods that are gone, but for young ones.
 * @param alive uids of all pods of the runtime at `endpoint`; another runtime's pods are not in its list
 */
export async function sweepPodFolders(
	alive: ReadonlySet<string>,
	endpoint: string,
	nowMs: number,
): Promise<void> {
	const names = await readdir(root).catch(() => []);
	for (const uid of names) {
		if (!isUid(uid) || alive.has(uid)) continue;
		const { mtimeMs } = await stat(podFolder(uid));
		const pod = await readRecord(uid);
		if (pod.endpoint !== endpoint || pod.uid !== uid || nowMs - mtimeMs < youngMs) continue;
		await rm(podLogDirectory(pod as PodName), { recursive: true, force: true });
		await removePodFolder(uid);
	}
}
