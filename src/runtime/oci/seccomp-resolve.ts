/** Profiles into the form that OCI runtimes read, which knows no conditions. Source: containers/common, config-linux.md. */
import type { OciSeccomp } from './model.ts';
import type { SeccompCondition, SeccompProfile } from './seccomp-profile.ts';

/** What the conditions are asked about. */
export type ResolveTarget = {
	/** The container's bounding set. */
	readonly capabilities: readonly string[];
	readonly kernel: readonly [number, number];
	/** In Node's words; this machine's. */
	readonly arch?: string | undefined;
};

/** Node's words, Go's words, libseccomp's words. */
const machines: Readonly<Record<string, readonly [go: string, scmp: string]>> = {
	x64: ['amd64', 'SCMP_ARCH_X86_64'],
	arm64: ['arm64', 'SCMP_ARCH_AARCH64'],
	arm: ['arm', 'SCMP_ARCH_ARM'],
	ia32: ['386', 'SCMP_ARCH_X86'],
	ppc64: ['ppc64le', 'SCMP_ARCH_PPC64LE'],
	s390x: ['s390x', 'SCMP_ARCH_S390X'],
	riscv64: ['riscv64', 'SCMP_ARCH_RISCV64'],
	loong64: ['loong64', 'SCMP_ARCH_LOONGARCH64'],
};

/** The rules that count for this container, on this machine. */
export function resolveProfile(profile: SeccompProfile, target: ResolveTarget): OciSeccomp {
	const [go, scmp] = machines[target.arch ?? process.arch] ?? ['', ''];
	const mapped = profile.archMap.find(({ architecture }) => architecture === scmp);
	const architectures =
		mapped === undefined ? profile.architectures : [mapped.architecture, ...mapped.subArchitectures];
	const syscalls = profile.syscalls
		.filter(({ includes, excludes }) => isIncluded(includes, go, target) && !isExcluded(excludes, go, target))
		.map(({ names, action, errnoRet, args }) => ({
			names,
			action,
			...(errnoRet !== undefined && takesErrno(action) && { errnoRet }),
			...(args.length > 0 && { args }),
		}));
	const { defaultAction, defaultErrnoRet, flags } = profile;
	return {
		defaultAction,
		...(defaultErrnoRet !== undefined && takesErrno(defaultAction) && { defaultErrnoRet }),
		...(architectures.length > 0 && { architectures }),
		...(flags.length > 0 && { flags }),
		...(syscalls.length > 0 && { syscalls }),
	};
}

/** runc refuses a number with any other action. */
function takesErrno(action: string): boolean {
	return action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE';
}

/** All of the capabilities, one of the architectures, the kernel or a newer one. */
function isIncluded(condition: SeccompCondition, arch: string, target: ResolveTarget): boolean {
	return (
		condition.caps.every((name) => target.capabilities.includes(name)) &&
		(condition.arches.length === 0 || condition.arches.includes(arch)) &&
		(condition.minKernel === undefined || isAtLeast(target.kernel, condition.minKernel))
	);
}

/** Any of them is enough. */
function isExcluded(condition: SeccompCondition, arch: string, target: ResolveTarget): boolean {
	return (
		condition.caps.some((name) => target.capabilities.includes(name)) ||
		condition.arches.includes(arch) ||
		(condition.minKernel !== undefined && isAtLeast(target.kernel, condition.minKernel))
	);
}

function isAtLeast(kernel: readonly [number, number], wanted: readonly [number, number]): boolean {
	return kernel[0] > wanted[0] || (kernel[0] === wanted[0] && kernel[1] >= wanted[1]);
}
