/** Which seccomp filter a container gets. Source: CRI proto, SecurityProfile; CRI-O 1.36, containers/common seccomp.json. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { SecurityProfile } from '../../cri/pod-request.ts';
import { errnoCode } from '../sys/errno.ts';
import type { OciSeccomp } from './model.ts';
import { builtInProfile } from './seccomp-default.ts';
import { parseProfile, type SeccompProfile } from './seccomp-profile.ts';
import { type ResolveTarget, resolveProfile } from './seccomp-resolve.ts';

/** Where distributions put the profile that Podman uses too. */
export const systemProfilePath = '/usr/share/containers/seccomp.json';

/** Real ones have some 30 KiB. */
const maxProfileBytes = 4 * 1024 * 1024;

export type SeccompRequest = {
	/** Undefined is unconfined, as a kubelet without a default means it. */
	readonly profile: SecurityProfile | undefined;
	readonly privileged: boolean;
	/** Of the configuration, taken as it is; '' for the default. */
	readonly configuredProfile?: string | undefined;
	/** Of the configuration, for privileged containers; '' for none. */
	readonly privilegedProfile?: string | undefined;
	/** The kernel can filter at all. */
	readonly isEnabled: boolean;
	readonly target: ResolveTarget;
};

/** @returns undefined for no filter @throws InvalidArgumentError for a profile that is missing or no profile */
export function chooseSeccomp(request: SeccompRequest): OciSeccomp | undefined {
	const profile = request.privileged
		? localhost(request.privilegedProfile ?? '')
		: (request.profile ?? { type: 'unconfined' as const, localhostRef: '' });
	if (profile.type === 'unconfined') return undefined;
	if (!request.isEnabled) {
		if (profile.type === 'runtimeDefault') return undefined;
		throw new InvalidArgumentError(
			`cannot use seccomp profile "${profile.localhostRef}": this kernel has no seccomp filters`,
		);
	}
	return resolveProfile(
		profile.type === 'localhost'
			? readProfile(profile.localhostRef)
			: loadDefaultProfile(request.configuredProfile ?? ''),
		request.target,
	);
}

function localhost(file: string): SecurityProfile {
	return { type: file === '' ? 'unconfined' : 'localhost', localhostRef: file };
}

/**
 * The profile of RuntimeDefault: the configured file as it is, or the system's (where it has none, our own) without the calls
 * that make namespaces: an unprivileged container that can make a user namespace reaches far more of the kernel.
 */
export function loadDefaultProfile(configured: string, systemPath = systemProfilePath): SeccompProfile {
	if (configured !== '') return readProfile(configured);
	try {
		return withoutNamespaces(readProfile(systemPath));
	} catch {
		return withoutNamespaces(builtInProfile);
	}
}

/** @param file an absolute path on the host @throws InvalidArgumentError */
export function readProfile(file: string): SeccompProfile {
	const refuse = (cause: string, error?: unknown): never => {
		throw new InvalidArgumentError(`cannot use seccomp profile "${file}": ${cause}`, { cause: error });
	};
	if (!path.isAbsolute(file)) refuse('it is not an absolute path');
	let text = '';
	try {
		const stats = statSync(file);
		if (!stats.isFile()) refuse('it is no plain file');
		if (stats.size > maxProfileBytes) refuse(`it is larger than ${maxProfileBytes} bytes`);
		text = readFileSync(file, 'utf8');
	} catch (error) {
		if (error instanceof InvalidArgumentError) throw error;
		refuse(errnoCode(error) === 'ENOENT' ? 'there is no such file' : (error as Error).message, error);
	}
	try {
		return parseProfile(JSON.parse(text));
	} catch (error) {
		return refuse((error as Error).message, error);
	}
}

/** Makers of namespaces: mount, cgroup, uts, ipc, user, pid, net. Source: clone(2) */
const namespaceFlags = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];
const namespaceCalls = ['clone', 'clone3', 'unshare'];

/**
 * Takes away what makes namespaces, but for CAP_SYS_ADMIN, as CRI-O 1.36 does. clone3 hides its flags behind a pointer, so it is
 * said not to exist and libraries fall back to clone.
 */
export function withoutNamespaces(profile: SeccompProfile): SeccompProfile {
	const admin = ['CAP_SYS_ADMIN'];
	// On s390 the arguments of clone are swapped.
	const index = process.arch === 's390x' ? 1 : 0;
	const masked = 'SCMP_CMP_MASKED_EQ';
	const allFlags = namespaceFlags.reduce((sum, flag) => sum + flag, 0);
	const none = { caps: [], arches: [], minKernel: undefined };
	const allowed = profile.syscalls
		.map((rule) =>
			rule.action === 'SCMP_ACT_ALLOW' && rule.args.length === 0 && rule.includes.caps.length === 0
				? { ...rule, names: rule.names.filter((name) => !namespaceCalls.includes(name)) }
				: rule,
		)
		.filter(({ names }) => names.length > 0);
	const allow = { action: 'SCMP_ACT_ALLOW', errnoRet: undefined };
	const refuse = { action: 'SCMP_ACT_ERRNO', includes: none, excludes: { ...none, caps: admin } };
	return {
		...profile,
		syscalls: [
			...allowed,
			{ ...allow, names: namespaceCalls, args: [], includes: { ...none, caps: admin }, excludes: none },
			{
				...allow,
				names: ['clone'],
				args: [{ index, value: allFlags, valueTwo: 0, op: masked }],
				includes: none,
				excludes: { ...none, caps: admin },
			},
			{
				...refuse,
				names: ['clone'],
				errnoRet: 1,
				args: namespaceFlags.map((flag) => ({ index, value: flag, valueTwo: flag, op: masked })),
			},
			{ ...refuse, names: ['clone3'], errnoRet: 38, args: [] },
			// Other than clone3 it has nothing to fall back to: the truth, rather than "no such call".
			{ ...refuse, names: ['unshare'], errnoRet: 1, args: [] },
		],
	};
}
