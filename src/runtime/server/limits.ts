/** What this machine does not allow, in sentences for the log, for Status and for the inspector. */
import type { HostLimit } from '../../cri/status-limits.ts';
import type { Cgroups } from '../cgroup/cgroups.ts';
import type { HostLimits } from '../oci/spec-input.ts';

/** Without these, containers that ask for them get less. Source: capabilities(7) */
const wanted = ['CAP_SYS_RESOURCE', 'CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_MKNOD', 'CAP_SYS_PTRACE'];

/** Pure. Empty where nothing is missing. */
export function describeLimits(
	limits: HostLimits,
	cgroups: Pick<Cgroups, 'version' | 'driver'>,
): readonly HostLimit[] {
	const missing = wanted.filter((name) => !limits.boundingCapabilities.has(name));
	return [
		...(missing.length > 0
			? [
					{
						words: `no ${missing.join(', ')}`,
						sentence: `criscope itself lacks ${missing.join(', ')}; containers that ask for what it lacks get the rest`,
					},
				]
			: []),
		...(limits.minimumOomScoreAdj > -1000
			? [
					{
						words: `oom_score_adj from ${limits.minimumOomScoreAdj}`,
						sentence: `oom_score_adj cannot be set below ${limits.minimumOomScoreAdj}; lower values are raised to it`,
					},
				]
			: []),
		...(limits.seccomp
			? []
			: [{ words: 'no seccomp', sentence: 'the kernel has no seccomp; containers run unfiltered' }]),
		...(limits.recursiveReadOnly
			? []
			: [
					{
						words: 'no recursive read-only mounts',
						sentence: 'recursive read-only mounts need Linux 5.12',
					},
				]),
		...(limits.apparmor
			? []
			: [{ words: 'no AppArmor', sentence: 'AppArmor is not enabled; its profiles are not applied' }]),
		...(cgroups.version === 1 ? [{ words: 'cgroup v1', sentence: 'control groups are version 1' }] : []),
	];
}
