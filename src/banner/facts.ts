/** What the banner knows at one moment. A field that is undefined was not known by then, and is said to be unknown. */
import type { RuntimeCondition, RuntimeVersion } from '../cri/model.ts';
import type { PlainContainer, PlainPod, PlainStatus } from '../cri/transport/plain-client.ts';

/** Room on one file system that pods, images or logs live on. */
export type DiskFacts = {
	/** Where it is mounted. */
	readonly mountPoint: string;
	/** What the node keeps there: `nodefs` for pods and logs, `imagefs` for images; a disk may be both. */
	readonly holds: readonly ('nodefs' | 'imagefs')[];
	readonly totalBytes: number;
	readonly availableBytes: number;
	/** Absent where the file system makes inodes as it needs them. */
	readonly inodesFreeRatio: number | undefined;
};

/** Memory of the host, and how much of the last minute all tasks waited for it. */
export type MemoryFacts = {
	readonly totalBytes: number;
	readonly availableBytes: number;
	/** Absent on a kernel without pressure stall information. */
	readonly stalledPercent: number | undefined;
};

/** How much must stay free, as the kubelet was told or as it is told nothing. */
export type Thresholds = {
	readonly memoryAvailableBytes: (totalBytes: number) => number;
	readonly nodefsAvailableBytes: (totalBytes: number) => number;
	readonly imagefsAvailableBytes: (totalBytes: number) => number;
};

/** Which runtime is asked, or why none is. */
export type RuntimeChoice =
	| { readonly kind: 'chosen'; readonly endpoint: string }
	/** `what` is one sentence's end, as "no permission for /run/…". */
	| { readonly kind: 'denied' | 'wrong'; readonly what: string }
	| { readonly kind: 'none' };

/** Everything that is read and asked; filled in while the answers come. */
export type BannerFacts = {
	hostname?: string | undefined;
	/** 32 hexadecimal digits; null where the host has none. */
	machineId?: string | null | undefined;
	roles?: readonly string[] | undefined;
	kubeletRuns?: boolean | undefined;
	thresholds?: Thresholds | undefined;
	disks?: readonly DiskFacts[] | undefined;
	memory?: MemoryFacts | null | undefined;
	runtime?: RuntimeChoice | undefined;
	/** Why the runtime does not answer, where that is known: nobody listens, it refused. */
	runtimeProblem?: string | undefined;
	version?: Pick<RuntimeVersion, 'runtimeName' | 'runtimeVersion'> | undefined;
	conditions?: readonly RuntimeCondition[] | undefined;
	pods?: readonly PlainPod[] | undefined;
	containers?: readonly PlainContainer[] | undefined;
	/** How containers ended, by their ids. */
	readonly statuses: Map<string, PlainStatus>;
};
