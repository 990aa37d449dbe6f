/** The capabilities that a container's process gets. Source: capabilities(7); CRI-O 1.36, default_capabilities. */
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { ContainerSecurityContext } from '../../cri/pod-request.ts';
import type { OciProcess } from './model.ts';

/** Every capability of Linux, in the kernel's order. Source: linux/capability.h, up to 5.9. */
export const allCapabilities: readonly string[] = [
	'CAP_CHOWN',
	'CAP_DAC_OVERRIDE',
	'CAP_DAC_READ_SEARCH',
	'CAP_FOWNER',
	'CAP_FSETID',
	'CAP_KILL',
	'CAP_SETGID',
	'CAP_SETUID',
	'CAP_SETPCAP',
	'CAP_LINUX_IMMUTABLE',
	'CAP_NET_BIND_SERVICE',
	'CAP_NET_BROADCAST',
	'CAP_NET_ADMIN',
	'CAP_NET_RAW',
	'CAP_IPC_LOCK',
	'CAP_IPC_OWNER',
	'CAP_SYS_MODULE',
	'CAP_SYS_RAWIO',
	'CAP_SYS_CHROOT',
	'CAP_SYS_PTRACE',
	'CAP_SYS_PACCT',
	'CAP_SYS_ADMIN',
	'CAP_SYS_BOOT',
	'CAP_SYS_NICE',
	'CAP_SYS_RESOURCE',
	'CAP_SYS_TIME',
	'CAP_SYS_TTY_CONFIG',
	'CAP_MKNOD',
	'CAP_LEASE',
	'CAP_AUDIT_WRITE',
	'CAP_AUDIT_CONTROL',
	'CAP_SETFCAP',
	'CAP_MAC_OVERRIDE',
	'CAP_MAC_ADMIN',
	'CAP_SYSLOG',
	'CAP_WAKE_ALARM',
	'CAP_BLOCK_SUSPEND',
	'CAP_AUDIT_READ',
	'CAP_PERFMON',
	'CAP_BPF',
	'CAP_CHECKPOINT_RESTORE',
];

/** What a container has that asks for nothing. Source: CRI-O 1.36, crio.conf(5), default_capabilities. */
export const defaultCapabilities: readonly string[] = [
	'CAP_CHOWN',
	'CAP_DAC_OVERRIDE',
	'CAP_FSETID',
	'CAP_FOWNER',
	'CAP_SETGID',
	'CAP_SETUID',
	'CAP_SETPCAP',
	'CAP_NET_BIND_SERVICE',
	'CAP_KILL',
];

type CapabilityRequest = Pick<
	ContainerSecurityContext,
	'addCapabilities' | 'dropCapabilities' | 'addAmbientCapabilities' | 'privileged'
>;

export type CapabilityOptions = {
	/** What we have ourselves: nobody can hand on more. */
	readonly bounding: ReadonlySet<string>;
	/** Instead of the built-in defaults. */
	readonly defaults?: readonly string[] | undefined;
	/** Makes them inheritable too (add_inheritable_capabilities). */
	readonly inheritable?: boolean | undefined;
};

export type CapabilityChoice = {
	readonly capabilities: NonNullable<OciProcess['capabilities']>;
	/** What was asked for by name, or by being privileged, and is not ours to give. */
	readonly leftOut: readonly string[];
};

/**
 * Adds first and drops then, `ALL` before single names in both, so that "all but one" and "only this one" work.
 * @throws InvalidArgumentError for a name that Linux does not know
 */
export function chooseCapabilities(request: CapabilityRequest, options: CapabilityOptions): CapabilityChoice {
	const wanted = request.privileged
		? new Set(allCapabilities)
		: wantedCapabilities(request, options.defaults ?? defaultCapabilities);
	const ambient = request.addAmbientCapabilities.map((name) => capabilityName(name, 'add as ambient'));
	const ambientSet = new Set(ambient.flatMap((name) => (name === 'ALL' ? allCapabilities : [name])));
	// An ambient capability has to be permitted and inheritable; the kernel drops it otherwise.
	for (const name of ambientSet) wanted.add(name);

	const given = allCapabilities.filter((name) => wanted.has(name) && options.bounding.has(name));
	const raised = given.filter((name) => ambientSet.has(name));
	const inheritable = options.inheritable ? given : raised;
	return {
		capabilities: {
			bounding: given,
			effective: given,
			permitted: given,
			...(inheritable.length > 0 && { inheritable }),
			...(raised.length > 0 && { ambient: raised }),
		},
		leftOut: allCapabilities.filter((name) => wanted.has(name) && !options.bounding.has(name)),
	};
}

function wantedCapabilities(request: CapabilityRequest, defaults: readonly string[]): Set<string> {
	const added = request.addCapabilities.map((name) => capabilityName(name, 'add'));
	const dropped = request.dropCapabilities.map((name) => capabilityName(name, 'drop'));
	const dropAll = dropped.includes('ALL');
	const start = added.includes('ALL') ? allCapabilities : defaults.map((name) => capabilityName(name, 'add'));
	const wanted = new Set(dropAll ? [] : start);
	for (const name of added) if (name !== 'ALL') wanted.add(name);
	for (const name of dropped) wanted.delete(name);
	return wanted;
}

/** The kernel's name of what a request calls `net_admin`, `NET_ADMIN` or `CAP_NET_ADMIN`; `ALL` stays. */
function capabilityName(name: string, verb: string): string {
	const upper = name.toUpperCase();
	if (upper === 'ALL') return upper;
	const prefixed = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
	if (allCapabilities.includes(prefixed)) return prefixed;
	throw new InvalidArgumentError(`cannot ${verb} capability "${name}": Linux knows no such capability`);
}
