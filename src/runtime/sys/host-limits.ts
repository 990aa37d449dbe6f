/** What this kernel and this process allow, read once at start, so that containers are asked for no more. */
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';

/** Capability names by number. Source: linux/capability.h. */
const capabilityNames = [
	...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
	...[
		'LINUX_IMMUTABLE',
		'NET_BIND_SERVICE',
		'NET_BROADCAST',
		'NET_ADMIN',
		'NET_RAW',
		'IPC_LOCK',
		'IPC_OWNER',
	],
	...[
		'SYS_MODULE',
		'SYS_RAWIO',
		'SYS_CHROOT',
		'SYS_PTRACE',
		'SYS_PACCT',
		'SYS_ADMIN',
		'SYS_BOOT',
		'SYS_NICE',
	],
	...[
		'SYS_RESOURCE',
		'SYS_TIME',
		'SYS_TTY_CONFIG',
		'MKNOD',
		'LEASE',
		'AUDIT_WRITE',
		'AUDIT_CONTROL',
		'SETFCAP',
	],
	...['MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF'],
	'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`);

/** Resource limits by the words of /proc/PID/limits. */
const limitNames: ReadonlyMap<string, string> = new Map([
	['Max cpu time', 'RLIMIT_CPU'],
	['Max file size', 'RLIMIT_FSIZE'],
	['Max data size', 'RLIMIT_DATA'],
	['Max stack size', 'RLIMIT_STACK'],
	['Max core file size', 'RLIMIT_CORE'],
	['Max resident set', 'RLIMIT_RSS'],
	['Max processes', 'RLIMIT_NPROC'],
	['Max open files', 'RLIMIT_NOFILE'],
	['Max locked memory', 'RLIMIT_MEMLOCK'],
	['Max address space', 'RLIMIT_AS'],
	['Max file locks', 'RLIMIT_LOCKS'],
	['Max pending signals', 'RLIMIT_SIGPENDING'],
	['Max msgqueue size', 'RLIMIT_MSGQUEUE'],
	['Max nice priority', 'RLIMIT_NICE'],
	['Max realtime priority', 'RLIMIT_RTPRIO'],
	['Max realtime timeout', 'RLIMIT_RTTIME'],
]);

/** Facts about this process and kernel; src/runtime/oci says what they are used for. */
export type HostFacts = {
	readonly boundingCapabilities: ReadonlySet<string>;
	readonly minimumOomScoreAdj: number;
	/** Hard limits; what is unlimited is absent. */
	readonly rlimits: ReadonlyMap<string, number>;
	readonly seccomp: boolean;
	readonly apparmor: boolean;
	readonly selinux: boolean;
	readonly kernel: readonly [number, number];
	readonly recursiveReadOnly: boolean;
};

/** Reads them. @param root another root folder than `/`, for tests */
export function readHostFacts(root = '', kernelRelease = release()): HostFacts {
	const text = (path: string) => {
		try {
			return readFileSync(root + path, 'utf8');
		} catch {
			return '';
		}
	};
	const status = text('/proc/self/status');
	const boundingCapabilities = parseCapabilities(/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '');
	const kernel = parseKernel(kernelRelease);
	return {
		boundingCapabilities,
		// Without the capability a process may only be made a better victim than it is.
		minimumOomScoreAdj: boundingCapabilities.has('CAP_SYS_RESOURCE')
			? -1000
			: Number.parseInt(text('/proc/self/oom_score_adj'), 10) || 0,
		rlimits: parseLimits(text('/proc/self/limits')),
		seccomp: /^Seccomp:/m.test(status),
		apparmor: text('/sys/module/apparmor/parameters/enabled').startsWith('Y'),
		selinux: existsSync(`${root}/sys/fs/selinux/enforce`),
		kernel,
		// mount_setattr(2) came with 5.12.
		recursiveReadOnly: kernel[0] > 5 || (kernel[0] === 5 && kernel[1] >= 12),
	};
}

/** The names in a capability mask as /proc writes it, hexadecimal. A bit without a name is left out. */
export function parseCapabilities(mask: string): ReadonlySet<string> {
	const bits = /^[0-9a-f]+$/.test(mask) ? BigInt(`0x${mask}`) : 0n;
	return new Set(capabilityNames.filter((_, bit) => ((bits >> BigInt(bit)) & 1n) === 1n));
}

function parseKernel(text: string): readonly [number, number] {
	const [, major, minor] = /^(\d+)\.(\d+)/.exec(text) ?? [];
	return [Number(major ?? 0), Number(minor ?? 0)];
}

/** Hard limits of /proc/PID/limits; sizes in bytes or counts as the kernel has them. */
function parseLimits(text: string): ReadonlyMap<string, number> {
	const limits = new Map<string, number>();
	for (const line of text.split('\n')) {
		const name = limitNames.get(line.slice(0, 26).trim());
		const hard = /^\S+\s+(\S+)/.exec(line.slice(26).trim())?.[1];
		if (name !== undefined && hard !== undefined && hard !== 'unlimited') limits.set(name, Number(hard));
	}
	return limits;
}
