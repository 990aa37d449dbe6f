/** The files that a sandbox gives to its containers: resolv.conf, hostname, /dev/shm. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { DnsConfig, PodSandboxRequest } from '../../cri/pod-request.ts';
import { SyscallError } from '../sys/sys.ts';
import type { PodParts } from './pod-parts.ts';

type Parts = Pick<PodParts, 'paths' | 'sys'>;

/** Source: mount(2) */
const noSuid = 2;
const noDev = 4;
const noExec = 8;
const detach = 2;

/** Source: cri-o 1.36, defaultShmSize; the mode of every /dev/shm */
const shmOptions = 'size=65536k,mode=1777';

/** Source: resolv.conf(5) */
export function resolvConfText({ servers, searches, options }: DnsConfig): string {
	const lines = [
		...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
		...servers.map((server) => `nameserver ${server}`),
		...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
	];
	return lines.map((line) => `${line}\n`).join('');
}

/** What the pod is called inside. Source: cri-o 1.36, getHostname */
export function sandboxHostname(request: PodSandboxRequest, id: string): string {
	if (request.hostname !== '') return request.hostname;
	return request.security.namespaces.network === 'node' ? hostname() : id.slice(0, 12);
}

/** Makes them. What is there already, after a crash, is made anew. @throws SyscallError, errors of files */
export async function makeSandboxFiles(
	{ paths, sys }: Parts,
	{ id, hostname: name, request }: { id: string; hostname: string; request: PodSandboxRequest },
): Promise<void> {
	const files = paths.sandboxFiles(id);
	// Others than root read the files through their mounts, never through this folder.
	await mkdir(files.dir, { recursive: true, mode: 0o711 });
	await Promise.all([
		hostFileOr(request.dns === undefined ? undefined : resolvConfText(request.dns)).then((text) =>
			writeFile(files.resolvConf, text, { mode: 0o644 }),
		),
		writeFile(files.hostname, `${name}\n`, { mode: 0o644 }),
		writeFile(files.containerEnv, '', { mode: 0o644 }),
	]);
	if (request.security.namespaces.ipc === 'node') return;
	await mkdir(files.shm, { recursive: true, mode: 0o1777 });
	sys.mount('shm', files.shm, 'tmpfs', noSuid | noDev | noExec, shmOptions);
}

/** Without settings of its own a pod resolves as its host does. */
async function hostFileOr(text: string | undefined): Promise<string> {
	if (text !== undefined) return text;
	return readFile('/etc/resolv.conf', 'utf8').catch(() => '');
}

/** Where /dev/shm of the sandbox's containers comes from. */
export function shmPath({ paths }: Pick<Parts, 'paths'>, id: string, request: PodSandboxRequest): string {
	return request.security.namespaces.ipc === 'node' ? '/dev/shm' : paths.sandboxFiles(id).shm;
}

/** Lets go of the memory in /dev/shm; what is not mounted is no error. @throws SyscallError */
export function unmountShm({ paths, sys }: Parts, id: string): void {
	try {
		sys.umount2(paths.sandboxFiles(id).shm, detach);
	} catch (error) {
		if (error instanceof SyscallError && (error.code === 'EINVAL' || error.code === 'ENOENT')) return;
		throw error;
	}
}

/** Undoes all of it. @throws SyscallError, errors of files */
export async function removeSandboxFiles(parts: Parts, id: string): Promise<void> {
	unmountShm(parts, id);
	await rm(parts.paths.sandboxFiles(id).dir, { recursive: true, force: true });
}
