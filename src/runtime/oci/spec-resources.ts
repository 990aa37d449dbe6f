/** The kernel limits of a container, from CRI words into OCI ones. Source: config-linux.md; CRI-O 1.36. */
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { ResourcesRequest } from '../../cri/pod-request.ts';
import type { OciResources } from './model.ts';

/** What the host's cgroups can do; see readSpecHost. */
export type ResourceSupport = {
	readonly cgroupVersion: 1 | 2;
	/** Swap can be limited. */
	readonly memorySwap: boolean;
	readonly hugetlb: boolean;
	/** 0: no lower bound. */
	readonly minimumMemoryBytes: number;
};

/**
 * The resources of a CRI request, for create and for update. What is unset is left out, so that an update keeps it.
 * A memory limit without one for swap allows no swap, as with CRI-O; limits that this kernel cannot keep are left out.
 * @throws InvalidArgumentError naming the field
 */
export function ociResources(request: ResourcesRequest, support: ResourceSupport): OciResources {
	const cpu = {
		...(request.cpuShares !== undefined && { shares: Number(request.cpuShares) }),
		...(request.cpuQuotaMicros !== undefined && { quota: Number(request.cpuQuotaMicros) }),
		...(request.cpuPeriodMicros !== undefined && { period: Number(request.cpuPeriodMicros) }),
		...(request.cpusetCpus !== '' && { cpus: request.cpusetCpus }),
		...(request.cpusetMems !== '' && { mems: request.cpusetMems }),
	};
	const memory = ociMemory(request, support);
	const hugepages = support.hugetlb ? request.hugepageLimits : [];
	const unified = support.cgroupVersion === 2 ? request.unified : {};
	return {
		...(Object.keys(cpu).length > 0 && { cpu }),
		...(memory !== undefined && { memory }),
		...(hugepages.length > 0 && {
			hugepageLimits: hugepages.map(({ pageSize, limitBytes }) => ({ pageSize, limit: Number(limitBytes) })),
		}),
		...(Object.keys(unified).length > 0 && { unified }),
	};
}

function ociMemory(
	request: ResourcesRequest,
	{ memorySwap, minimumMemoryBytes }: ResourceSupport,
): OciResources['memory'] | undefined {
	const limit = request.memoryLimitBytes;
	const swap = request.memorySwapLimitBytes;
	if (limit === undefined) return undefined;
	if (limit > 0n && limit < BigInt(minimumMemoryBytes)) {
		throw new InvalidArgumentError(
			`cannot use memory_limit_in_bytes ${limit}: it is below the ${minimumMemoryBytes} bytes that a container needs`,
		);
	}
	if (swap !== undefined && swap > 0n && swap < limit) {
		throw new InvalidArgumentError(
			`cannot use memory_swap_limit_in_bytes ${swap}: it is below memory_limit_in_bytes ${limit}`,
		);
	}
	return { limit: Number(limit), ...(memorySwap && { swap: Number(swap ?? limit) }) };
}

/**
 * cgroup v2 files of the annotation `unified-cgroup.crio.io/<container>`: `name=value;…`, a value in base64 where it can be one.
 * @throws InvalidArgumentError where it is not of that form
 */
export function unifiedOfAnnotation(annotation: string): Readonly<Record<string, string>> {
	const files = new Map<string, string>();
	for (const entry of annotation.split(';')) {
		if (entry === '') continue;
		const at = entry.indexOf('=');
		if (at < 1)
			throw new InvalidArgumentError(`cannot read annotation of unified cgroups: "${entry}" has no "="`);
		const value = entry.slice(at + 1);
		files.set(entry.slice(0, at), decoded(value));
	}
	return Object.fromEntries(files);
}

/** Plain values such as `1000` can be read as base64 too, but then say nothing that the kernel would take. */
function decoded(value: string): string {
	if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return value;
	const text = Buffer.from(value, 'base64').toString('latin1');
	return /^[\x20-\x7e\n]+$/.test(text) ? text : value;
}
