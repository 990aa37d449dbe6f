import type { RuntimeHandler } from '../../cri/model.ts';
import type { HostLimit } from '../../cri/status-limits.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { PodParts } from './pod-parts.ts';

/** What Status tells beyond its two conditions. */
export type StatusFacts = {
	/** For people and programs that ask verbosely: the configuration that counts, and what was clamped. */
	readonly config: () => Readonly<Record<string, unknown>>;
	/** What this machine cannot do. */
	readonly limits: readonly HostLimit[];
};

type Parts = Pick<PodParts, 'network' | 'handlers' | 'limits' | 'images' | 'cgroups'>;

/** RPC Status. The verbose form tells the configuration and the limits of this machine. Source: runtime.md section 1 */
export function createStatus(parts: Parts, facts: StatusFacts): ServedRuntime['status'] {
	return ({ verbose }) => {
		const cause = parts.network.notReady();
		const problem = parts.handlers.problem();
		return {
			conditions: [
				{
					type: 'RuntimeReady',
					status: problem === undefined,
					reason: problem === undefined ? '' : 'RuntimeNotReady',
					message: problem ?? '',
				},
				{
					type: 'NetworkReady',
					status: cause === undefined,
					reason: cause?.reason ?? '',
					message: cause?.message ?? '',
				},
			],
			runtimeHandlers: handlersOf(parts),
			supplementalGroupsPolicy: true,
			info: verbose ? verboseInfo(parts, facts) : {},
		};
	};
}

/** A kubelet places pods by this list. */
function isUsable({ type, unavailable }: Parts['handlers']['all'][number]): boolean {
	return type === 'oci' && unavailable === undefined;
}

/** The default is listed by its name and, first, by none. */
function handlersOf({ handlers, limits }: Parts): readonly RuntimeHandler[] {
	const features = { recursiveReadOnlyMounts: limits.recursiveReadOnly, userNamespaces: false };
	return ['', ...handlers.all.filter(isUsable).map(({ name }) => name)].map((name) => ({
		name,
		...features,
	}));
}

function verboseInfo(
	{ images, cgroups, limits }: Parts,
	facts: StatusFacts,
): Readonly<Record<string, string>> {
	return {
		config: JSON.stringify({
			root: images.graphRoot,
			runroot: images.runRoot,
			storageDriver: images.driver,
			cgroupDriver: cgroups.driver,
			cgroupVersion: cgroups.version,
			...facts.config(),
		}),
		limits: JSON.stringify({
			sentences: facts.limits.map(({ sentence }) => sentence),
			words: facts.limits.map(({ words }) => words),
			seccomp: limits.seccomp,
			apparmor: limits.apparmor,
			selinux: limits.selinux,
			minimumOomScoreAdj: limits.minimumOomScoreAdj,
			capabilities: [...limits.boundingCapabilities],
		}),
	};
}
