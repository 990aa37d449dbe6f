/**
 * Limits of a container as a kubelet asks for them.
 * Source: kubelet pkg/kubelet/kuberuntime/kuberuntime_container_linux.go; pkg/kubelet/qos/policy.go; pkg/kubelet/cm/helpers_linux.go
 */
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';
import { DocumentError } from '../requests/read-message.ts';
import type { ContainerSpec, PodSpec } from './manifest.ts';
import { readMilliQuantity, readQuantity } from './quantity.ts';

const periodMicros = 100_000n;
const leastQuotaMicros = 1000n;
const leastShares = 2n;

const known = (name: string) =>
	['cpu', 'memory', 'ephemeral-storage'].includes(name) || /^hugepages-/u.test(name);

/** Requests and limits of one container, a limit standing in for a missing request. */
export type Needs = {
	readonly limits: Readonly<Record<string, string>>;
	readonly requests: Readonly<Record<string, string>>;
};

/** @param at path of the container. @throws DocumentError for a resource that only a cluster has. */
export function needsOf({ resources = {} }: ContainerSpec, at: string): Needs {
	const { limits = {}, requests = {}, claims } = resources;
	const strange = [...Object.keys(limits), ...Object.keys(requests)].find((name) => !known(name));
	if (strange !== undefined)
		throw new DocumentError(`"${at}.resources" asks for ${strange}, which only a cluster hands out`);
	if (claims !== undefined) throw new DocumentError(`"${at}.resources.claims" can only be met by a cluster`);
	return { limits, requests: { ...limits, ...requests } };
}

/** What is killed first when memory runs out. */
export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** The class of a pod. */
export function qosOf({ containers = [], initContainers = [] }: PodSpec): QosClass {
	const all = [...containers, ...initContainers].map((container) => needsOf(container, ''));
	const isZero = (text: string | undefined) => text === undefined || readMilliQuantity(text, '') === 0n;
	const names = ['cpu', 'memory'] as const;
	const none = all.every(({ limits, requests }) =>
		names.every((name) => isZero(limits[name]) && isZero(requests[name])),
	);
	if (none) return 'BestEffort';
	const same = all.every(({ limits, requests }) =>
		names.every(
			(name) =>
				!isZero(limits[name]) &&
				readMilliQuantity(limits[name] ?? '', '') === readMilliQuantity(requests[name] ?? '', ''),
		),
	);
	return same ? 'Guaranteed' : 'Burstable';
}

function oomScoreAdj(qos: QosClass, requestBytes: bigint, capacityBytes: bigint): bigint {
	if (qos === 'Guaranteed') return -997n;
	if (qos === 'BestEffort') return 1000n;
	const score = 1000n - (1000n * requestBytes) / (capacityBytes > 0n ? capacityBytes : 1n);
	return score < 3n ? 3n : score > 999n ? 999n : score;
}

/**
 * Message LinuxContainerResources.
 * @param capacityBytes memory of this machine
 * @throws DocumentError that names the field.
 */
export function resourcesOf(
	{ limits, requests }: Needs,
	qos: QosClass,
	capacityBytes: bigint,
	at: string,
): ProtocolMessage {
	const milli = (text: string | undefined, path: string) =>
		text === undefined ? 0n : readMilliQuantity(text, `${at}.resources.${path}`);
	const bytes = (text: string | undefined, path: string) =>
		text === undefined ? 0n : readQuantity(text, `${at}.resources.${path}`);
	const cpuLimit = milli(limits['cpu'], 'limits.cpu');
	const quota = (cpuLimit * periodMicros) / 1000n;
	const shares = (milli(requests['cpu'], 'requests.cpu') * 1024n) / 1000n;
	const memoryRequest = bytes(requests['memory'], 'requests.memory');
	const pages = Object.entries(limits).filter(([name]) => name.startsWith('hugepages-'));
	return {
		cpuShares: shares > leastShares ? shares : leastShares,
		...(cpuLimit > 0n && {
			cpuPeriod: periodMicros,
			cpuQuota: quota > leastQuotaMicros ? quota : leastQuotaMicros,
		}),
		memoryLimitInBytes: bytes(limits['memory'], 'limits.memory'),
		oomScoreAdj: oomScoreAdj(qos, memoryRequest, capacityBytes),
		hugepageLimits: pages.map(([name, text]) => ({
			pageSize: `${name.slice('hugepages-'.length).replace(/i$/u, '')}B`,
			limit: bytes(text, `limits.${name}`),
		})),
	};
}
