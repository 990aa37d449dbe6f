import type { RuntimeHandler, RuntimeStatus } from '../../cri/model.ts';
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
	let last: { readonly of: Facts; readonly status: RuntimeStatus } | undefined;
	return ({ verbose }) => {
		const now: Facts = {
			handlers: parts.handlers.all,
			problem: parts.handlers.problem(),
			cause: parts.network.notReady(),
		};
		// The same object where nothing has changed: the encoder knows it, and this is asked for all the time.
		if (last === undefined || !isSame(last.of, now)) last = { of: now, status: statusOf(parts, now) };
		return verbose ? { ...last.status, info: verboseInfo(parts, facts) } : last.status;
	};
}

/** What the brief form depends on. */
type Facts = {
	readonly handlers: Parts['handlers']['all'];
	readonly problem: string | undefined;
	readonly cause: ReturnType<Parts['network']['notReady']>;
};

function isSame(one: Facts, other: Facts): boolean {
	return (
		one.handlers === other.handlers &&
		one.problem === other.problem &&
		one.cause?.reason === other.cause?.reason &&
		one.cause?.message === other.cause?.message
	);
}

function statusOf(parts: Parts, { problem, cause }: Facts): RuntimeStatus {
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
		info: {},
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
