/**
 * What RunPodSandbox and CreateContainer ask for, as the runtime reads it: every field of the protocol present, absent
 * strings '' and absent messages undefined, enums in this program's words. The client's own, looser form is
 * sandbox-config.ts. Source: messages PodSandboxConfig and ContainerConfig of proto/runtime/v1/api.proto.
 */
import type {
	ContainerMetadata,
	ContainerResources,
	ImageSpec,
	MountPropagation,
	NamespaceMode,
	PodSandboxMetadata,
	StringMap,
} from './model.ts';

export type IdMapping = { readonly hostId: number; readonly containerId: number; readonly length: number };

/** Source: message NamespaceOption. */
export type NamespaceRequest = {
	readonly network: NamespaceMode;
	readonly pid: NamespaceMode;
	readonly ipc: NamespaceMode;
	readonly targetId: string;
	readonly userns:
		| {
				readonly mode: NamespaceMode;
				readonly uids: readonly IdMapping[];
				readonly gids: readonly IdMapping[];
		  }
		| undefined;
};

/** Source: message SecurityProfile. `localhostRef` counts for `localhost` only. */
export type SecurityProfile = {
	readonly type: 'runtimeDefault' | 'unconfined' | 'localhost';
	readonly localhostRef: string;
};

export type SelinuxOptions = {
	readonly user: string;
	readonly role: string;
	readonly type: string;
	readonly level: string;
};

export type SupplementalGroupsPolicy = 'merge' | 'strict';

/** What a sandbox and a container have in common. */
export type SecurityContext = {
	readonly namespaces: NamespaceRequest;
	readonly selinux: SelinuxOptions | undefined;
	readonly runAsUser: bigint | undefined;
	readonly runAsGroup: bigint | undefined;
	readonly readonlyRootfs: boolean;
	readonly supplementalGroups: readonly bigint[];
	readonly supplementalGroupsPolicy: SupplementalGroupsPolicy;
	readonly privileged: boolean;
	readonly seccomp: SecurityProfile | undefined;
	readonly apparmor: SecurityProfile | undefined;
};

export type PortMapping = {
	readonly protocol: 'tcp' | 'udp' | 'sctp';
	readonly containerPort: number;
	/** 0: none. */
	readonly hostPort: number;
	readonly hostIp: string;
};

export type DnsConfig = {
	readonly servers: readonly string[];
	readonly searches: readonly string[];
	readonly options: readonly string[];
};

/** Resources with what the model of a status leaves out. */
export type ResourcesRequest = ContainerResources & {
	readonly hugepageLimits: readonly { readonly pageSize: string; readonly limitBytes: bigint }[];
};

/** Source: message PodSandboxConfig. */
export type PodSandboxRequest = {
	readonly metadata: PodSandboxMetadata;
	readonly hostname: string;
	/** Host folder of the containers' logs; '' for none. */
	readonly logDirectory: string;
	readonly dns: DnsConfig | undefined;
	readonly portMappings: readonly PortMapping[];
	readonly labels: StringMap;
	readonly annotations: StringMap;
	readonly cgroupParent: string;
	readonly sysctls: StringMap;
	readonly security: SecurityContext;
	readonly overhead: ResourcesRequest | undefined;
	readonly resources: ResourcesRequest | undefined;
};

export type MountRequest = {
	readonly containerPath: string;
	readonly hostPath: string;
	readonly readonly: boolean;
	readonly recursiveReadOnly: boolean;
	readonly selinuxRelabel: boolean;
	readonly propagation: MountPropagation;
	readonly uidMappings: readonly IdMapping[];
	readonly gidMappings: readonly IdMapping[];
	/** Mounts an image instead of a host path. */
	readonly image: ImageSpec | undefined;
	readonly imageSubPath: string;
};

export type DeviceRequest = {
	readonly containerPath: string;
	readonly hostPath: string;
	/** Of `r`, `w` and `m`. */
	readonly permissions: string;
};

/** Source: message LinuxContainerSecurityContext. */
export type ContainerSecurityContext = SecurityContext & {
	readonly runAsUsername: string;
	readonly addCapabilities: readonly string[];
	readonly dropCapabilities: readonly string[];
	readonly addAmbientCapabilities: readonly string[];
	readonly noNewPrivs: boolean;
	readonly maskedPaths: readonly string[];
	readonly readonlyPaths: readonly string[];
};

/** Source: message ContainerConfig. */
export type ContainerRequest = {
	readonly metadata: ContainerMetadata;
	readonly image: ImageSpec;
	readonly command: readonly string[];
	readonly args: readonly string[];
	readonly workingDir: string;
	/** Values are bytes on the wire; those that are not UTF-8 are kept as latin1. */
	readonly envs: readonly { readonly key: string; readonly value: string }[];
	readonly mounts: readonly MountRequest[];
	readonly devices: readonly DeviceRequest[];
	/** Qualified names, `vendor.com/class=name`. */
	readonly cdiDevices: readonly string[];
	readonly labels: StringMap;
	readonly annotations: StringMap;
	/** Relative to the sandbox's log directory. */
	readonly logPath: string;
	readonly stdin: boolean;
	readonly stdinOnce: boolean;
	readonly tty: boolean;
	/** `SIGTERM`; '' for the image's or the default. */
	readonly stopSignal: string;
	readonly resources: ResourcesRequest | undefined;
	readonly security: ContainerSecurityContext;
};
