/** Which kernel parameters a pod may set for itself. Source: namespaces(7); CRI-O 1.36, sysctls of a sandbox. */
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { StringMap } from '../../cri/model.ts';

/** Those of the System V and POSIX IPC namespace that have no common prefix. */
const ipcParameters = new Set(['kernel.sem', 'kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni']);

/** The namespace that a kernel parameter belongs to; undefined where it is the whole node's. */
export function sysctlNamespace(name: string): 'network' | 'ipc' | 'uts' | undefined {
	if (name.startsWith('net.')) return 'network';
	if (name.startsWith('kernel.shm') || name.startsWith('kernel.msg') || ipcParameters.has(name)) return 'ipc';
	if (name.startsWith('fs.mqueue.')) return 'ipc';
	if (name === 'kernel.domainname') return 'uts';
	return undefined;
}

export type SysctlOptions = {
	readonly hostNetwork: boolean;
	readonly hostIpc: boolean;
	/** Of the configuration (`default_sysctls`): what belongs to a namespace of the host's is silently left out. */
	readonly defaults?: StringMap | undefined;
};

/**
 * What is to be set inside a pod's new namespaces: the request over the defaults. Slashes in names become dots.
 * @throws InvalidArgumentError for one that the pod does not own, since setting it would change the node
 */
export function podSysctls(requested: StringMap, options: SysctlOptions): Readonly<Record<string, string>> {
	const sysctls = new Map<string, string>();
	for (const [given, value] of Object.entries(options.defaults ?? {})) {
		const name = dotted(given);
		if (refusal(name, options) === undefined) sysctls.set(name, value);
	}
	for (const [given, value] of Object.entries(requested)) {
		const name = dotted(given);
		const cause = refusal(name, options) ?? malformed(name, value);
		if (cause !== undefined) throw new InvalidArgumentError(`cannot set sysctl "${given}": ${cause}`);
		sysctls.set(name, value);
	}
	return Object.fromEntries(sysctls);
}

/** `net/ipv4/conf/eth0.1/forwarding` keeps the dot of the interface by swapping the two. Source: sysctl(8) */
function dotted(name: string): string {
	const separator = /[./]/.exec(name)?.[0];
	if (separator !== '/') return name;
	return name.replace(/[./]/g, (character) => (character === '/' ? '.' : '/'));
}

function refusal(name: string, { hostNetwork, hostIpc }: SysctlOptions): string | undefined {
	switch (sysctlNamespace(name)) {
		case undefined:
			return 'it belongs to the whole node, not to a namespace of the pod';
		case 'network':
			return hostNetwork ? "the pod uses the host's network" : undefined;
		case 'ipc':
			return hostIpc ? "the pod uses the host's IPC namespace" : undefined;
		case 'uts':
			return undefined;
	}
}

function malformed(name: string, value: string): string | undefined {
	if (!/^[a-z0-9_*-]+([./][A-Za-z0-9_*:@-]+)+$/.test(name)) return 'its name is malformed';
	if (/[\0\n]/.test(value)) return 'its value holds a line end or a NUL';
	return undefined;
}
