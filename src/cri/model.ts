/**
 * The CRI's objects as this program speaks of them: readonly, int64 as bigint, absence as undefined.
 * Times are nanoseconds since the epoch; a time the runtime has not reached yet (0 on the wire) is undefined.
 * Above 300 lines, since the words of the whole program stand in one place.
 * Source: proto/runtime/v1/api.proto.
 */
import type { ContainerId, ImageId, PodSandboxId } from './ids.ts';

/** Labels and annotations: plain string maps. */
export type StringMap = Readonly<Record<string, string>>;

/**
 * A whole answer in the protocol's JSON form, with every field of the definition: camelCase names, int64 as
 * decimal strings, enums by name, an absent message as null. For showing to people, not for deciding.
 */
export type RawAnswer = { readonly [field: string]: unknown };

/** What the runtime says of itself. Source: rpc Version. */
export type RuntimeVersion = {
	readonly version: string;
	readonly runtimeName: string;
	readonly runtimeVersion: string;
	readonly runtimeApiVersion: string;
};

/** One condition, RuntimeReady or NetworkReady in practice. */
export type RuntimeCondition = {
	readonly type: string;
	readonly status: boolean;
	readonly reason: string;
	readonly message: string;
};

/** One OCI runtime that pods may ask for by name; '' is the default. */
export type RuntimeHandler = {
	readonly name: string;
	readonly recursiveReadOnlyMounts: boolean;
	readonly userNamespaces: boolean;
};

/** Source: rpc Status. `info` holds the verbose extras, runtime specific, usually JSON. */
export type RuntimeStatus = {
	readonly conditions: readonly RuntimeCondition[];
	readonly runtimeHandlers: readonly RuntimeHandler[];
	readonly supplementalGroupsPolicy: boolean;
	readonly info: StringMap;
	/** Only of a verbose answer. */
	readonly raw?: RawAnswer | undefined;
};

/** Name, uid and namespace of a pod; `attempt` counts its sandboxes from 0. */
export type PodSandboxMetadata = {
	readonly name: string;
	readonly uid: string;
	readonly namespace: string;
	readonly attempt: number;
};

/** `unknown` where a runtime sends a state that this definition does not list. */
export type PodSandboxState = 'ready' | 'notReady' | 'unknown';

/** One row of ListPodSandbox. */
export type PodSandbox = {
	readonly id: PodSandboxId;
	readonly metadata: PodSandboxMetadata;
	readonly state: PodSandboxState;
	readonly createdAtNanos: bigint | undefined;
	readonly labels: StringMap;
	readonly annotations: StringMap;
	readonly runtimeHandler: string;
};

/** How a namespace is shared. Source: enum NamespaceMode. */
export type NamespaceMode = 'pod' | 'container' | 'node' | 'target' | 'unknown';

/** The Linux namespaces of a sandbox. */
export type NamespaceOptions = {
	readonly network: NamespaceMode;
	readonly pid: NamespaceMode;
	readonly ipc: NamespaceMode;
	readonly targetId: string;
	readonly userns: NamespaceMode | undefined;
};

/** Source: rpc PodSandboxStatus. `ip` is '' for host network. */
export type PodSandboxStatus = PodSandbox & {
	readonly ip: string;
	readonly additionalIps: readonly string[];
	readonly namespaces: NamespaceOptions | undefined;
	readonly info: StringMap;
	/** Filled by runtimes that answer with their containers (pod events on). */
	readonly containerStatuses: readonly ContainerStatus[];
	/** Only of a verbose answer. */
	readonly raw?: RawAnswer | undefined;
};

export type ContainerMetadata = { readonly name: string; readonly attempt: number };

export type ContainerState = 'created' | 'running' | 'exited' | 'unknown';

/** What was asked for, as the caller wrote it. */
export type ImageSpec = {
	readonly image: string;
	readonly userSpecifiedImage: string;
	readonly runtimeHandler: string;
	readonly annotations: StringMap;
};

/** One row of ListContainers. */
export type Container = {
	readonly id: ContainerId;
	readonly podSandboxId: PodSandboxId;
	readonly metadata: ContainerMetadata;
	readonly image: ImageSpec;
	/** What the runtime resolved the image to: an id or a digest reference. */
	readonly imageRef: string;
	/** '' from runtimes older than CRI 1.29. */
	readonly imageId: ImageId;
	readonly state: ContainerState;
	readonly createdAtNanos: bigint | undefined;
	readonly labels: StringMap;
	readonly annotations: StringMap;
};

export type MountPropagation = 'private' | 'hostToContainer' | 'bidirectional' | 'unknown';

export type Mount = {
	readonly containerPath: string;
	readonly hostPath: string;
	readonly readonly: boolean;
	readonly recursiveReadOnly: boolean;
	readonly selinuxRelabel: boolean;
	readonly propagation: MountPropagation;
	readonly image: ImageSpec | undefined;
	readonly imageSubPath: string;
};

/** cgroup settings of a container; 0 on the wire (unset) is undefined. */
export type ContainerResources = {
	readonly cpuPeriodMicros: bigint | undefined;
	readonly cpuQuotaMicros: bigint | undefined;
	readonly cpuShares: bigint | undefined;
	readonly memoryLimitBytes: bigint | undefined;
	readonly memorySwapLimitBytes: bigint | undefined;
	readonly oomScoreAdj: bigint | undefined;
	readonly cpusetCpus: string;
	readonly cpusetMems: string;
	readonly unified: StringMap;
};

export type ContainerUser = {
	readonly uid: bigint;
	readonly gid: bigint;
	readonly supplementalGroups: readonly bigint[];
};

/** Source: rpc ContainerStatus. `exitCode` means something only once `state` is exited. */
export type ContainerStatus = Container & {
	readonly startedAtNanos: bigint | undefined;
	readonly finishedAtNanos: bigint | undefined;
	readonly exitCode: number;
	readonly reason: string;
	readonly message: string;
	readonly mounts: readonly Mount[];
	readonly logPath: string;
	readonly resources: ContainerResources | undefined;
	readonly user: ContainerUser | undefined;
	readonly stopSignal: string;
	readonly info: StringMap;
	/** Only of a verbose answer. */
	readonly raw?: RawAnswer | undefined;
};

/** One row of ListImages. */
export type Image = {
	readonly id: ImageId;
	readonly repoTags: readonly string[];
	readonly repoDigests: readonly string[];
	readonly sizeBytes: bigint;
	readonly uid: bigint | undefined;
	readonly username: string;
	readonly pinned: boolean;
	readonly spec: ImageSpec | undefined;
};

/** Source: rpc ImageStatus; the image is undefined where the runtime has no such image. */
export type ImageStatus = {
	readonly image: Image | undefined;
	readonly info: StringMap;
	/** Only of a verbose answer. */
	readonly raw?: RawAnswer | undefined;
};

export type FilesystemUsage = {
	readonly timestampNanos: bigint;
	readonly mountpoint: string;
	readonly usedBytes: bigint | undefined;
	readonly inodesUsed: bigint | undefined;
};

/** Source: rpc ImageFsInfo. */
export type ImageFsInfo = {
	readonly imageFilesystems: readonly FilesystemUsage[];
	readonly containerFilesystems: readonly FilesystemUsage[];
};

export type PsiLine = {
	readonly totalNanos: bigint;
	readonly avg10: number;
	readonly avg60: number;
	readonly avg300: number;
};
export type PsiStats = { readonly full: PsiLine | undefined; readonly some: PsiLine | undefined };

/** undefined wherever the runtime did not measure. */
export type CpuUsage = {
	readonly timestampNanos: bigint;
	readonly usageCoreNanos: bigint | undefined;
	readonly usageNanoCores: bigint | undefined;
	readonly psi: PsiStats | undefined;
};

export type MemoryUsage = {
	readonly timestampNanos: bigint;
	readonly workingSetBytes: bigint | undefined;
	readonly availableBytes: bigint | undefined;
	readonly usageBytes: bigint | undefined;
	readonly rssBytes: bigint | undefined;
	readonly pageFaults: bigint | undefined;
	readonly majorPageFaults: bigint | undefined;
	readonly psi: PsiStats | undefined;
};

/** Source: message IoUsage: how long processes waited for reads and writes. */
export type IoUsage = { readonly timestampNanos: bigint; readonly psi: PsiStats | undefined };

/** Source: message ContainerStats. */
export type ContainerStats = {
	readonly id: ContainerId;
	readonly metadata: ContainerMetadata;
	readonly labels: StringMap;
	readonly annotations: StringMap;
	readonly cpu: CpuUsage | undefined;
	readonly memory: MemoryUsage | undefined;
	readonly writableLayer: FilesystemUsage | undefined;
	readonly swapUsageBytes: bigint | undefined;
	readonly io?: IoUsage | undefined;
};

export type NetworkInterfaceUsage = {
	readonly name: string;
	readonly rxBytes: bigint | undefined;
	readonly rxErrors: bigint | undefined;
	readonly txBytes: bigint | undefined;
	readonly txErrors: bigint | undefined;
};

/** Source: message PodSandboxStats (its linux half). */
export type PodSandboxStats = {
	readonly id: PodSandboxId;
	readonly metadata: PodSandboxMetadata;
	readonly labels: StringMap;
	readonly annotations: StringMap;
	readonly cpu: CpuUsage | undefined;
	readonly memory: MemoryUsage | undefined;
	readonly defaultInterface: NetworkInterfaceUsage | undefined;
	readonly interfaces: readonly NetworkInterfaceUsage[];
	readonly processCount: bigint | undefined;
	readonly io?: IoUsage | undefined;
	readonly containers: readonly ContainerStats[];
};

export type ContainerEventType = 'created' | 'started' | 'stopped' | 'deleted' | 'unknown';

/** Source: message ContainerEventResponse. */
export type ContainerEvent = {
	readonly containerId: ContainerId;
	readonly type: ContainerEventType;
	readonly createdAtNanos: bigint;
	readonly podSandboxStatus: PodSandboxStatus | undefined;
	readonly containerStatuses: readonly ContainerStatus[];
};

export type CgroupDriver = 'systemd' | 'cgroupfs' | 'unknown';

/** Source: rpc RuntimeConfig. */
export type RuntimeConfig = { readonly cgroupDriver: CgroupDriver | undefined };

export type ExecSyncResult = {
	readonly stdout: Uint8Array;
	readonly stderr: Uint8Array;
	readonly exitCode: number;
};

export type MetricDescriptor = {
	readonly name: string;
	readonly help: string;
	readonly labelKeys: readonly string[];
};

export type Metric = {
	readonly name: string;
	readonly timestampNanos: bigint;
	readonly type: 'counter' | 'gauge' | 'unknown';
	readonly labelValues: readonly string[];
	readonly value: bigint | undefined;
};

export type ContainerMetrics = { readonly containerId: ContainerId; readonly metrics: readonly Metric[] };

export type PodSandboxMetrics = {
	readonly podSandboxId: PodSandboxId;
	readonly metrics: readonly Metric[];
	readonly containers: readonly ContainerMetrics[];
};

/** Credentials for one pull. Source: message AuthConfig; fill either user and password, or one token. */
export type AuthConfig = {
	readonly username?: string | undefined;
	readonly password?: string | undefined;
	readonly auth?: string | undefined;
	readonly serverAddress?: string | undefined;
	readonly identityToken?: string | undefined;
	readonly registryToken?: string | undefined;
};
