/** What a container's config.json is made from: everything is looked up before, so that making it is pure. */
import type { ContainerRequest, PodSandboxRequest } from '../../cri/pod-request.ts';
import type { HandlerConfig, OciDevice, OciMount, OciSeccomp } from './model.ts';
import type { SpecExtras } from './spec-settings.ts';

/** What this kernel and this process allow; read once at start. */
export type HostLimits = {
	/** Capabilities of our own bounding set, `CAP_CHOWN`; what a container asks beyond it is left out and logged. */
	readonly boundingCapabilities: ReadonlySet<string>;
	/** The lowest oom_score_adj that we may give. */
	readonly minimumOomScoreAdj: number;
	/** Hard limits of our own, by name (`RLIMIT_NOFILE`). */
	readonly rlimits: ReadonlyMap<string, number>;
	readonly cgroupVersion: 1 | 2;
	readonly seccomp: boolean;
	readonly apparmor: boolean;
	readonly selinux: boolean;
	/** Kernel release, `[6, 18]`. */
	readonly kernel: readonly [number, number];
	readonly recursiveReadOnly: boolean;
};

/** The user that the container runs as, looked up in the image's own files. */
export type ResolvedUser = {
	readonly uid: number;
	readonly gid: number;
	readonly additionalGids: readonly number[];
	/** For HOME. */
	readonly home: string;
};

/** What the image's config says about running it. Source: OCI image-spec, config.md. */
export type ImageRunConfig = {
	readonly entrypoint: readonly string[];
	readonly cmd: readonly string[];
	readonly env: readonly string[];
	readonly workingDir: string;
	readonly user: string;
	readonly volumes: readonly string[];
	readonly stopSignal: string;
	readonly labels: Readonly<Record<string, string>>;
};

export type ContainerSpecInput = {
	readonly id: string;
	readonly podSandboxId: string;
	readonly sandbox: PodSandboxRequest;
	readonly container: ContainerRequest;
	readonly image: ImageRunConfig;
	readonly user: ResolvedUser;
	readonly handler: HandlerConfig;
	readonly limits: HostLimits;
	readonly rootfsPath: string;
	/** Pinned namespaces of the sandbox; undefined: the host's (network, ipc, uts) or the container's own (pid). */
	readonly namespacePaths: {
		readonly network: string | undefined;
		readonly ipc: string | undefined;
		readonly uts: string | undefined;
		readonly pid: string | undefined;
	};
	readonly cgroupsPath: string;
	readonly hostname: string;
	/** Made for the sandbox on the host. */
	readonly files: {
		readonly resolvConf: string;
		readonly hostname: string;
		readonly shm: string;
	};
	/** Mounts of the request, with sources resolved and made; sorted by the builder. */
	readonly mounts: readonly OciMount[];
	/** Of the request, of CDI, and all of the host's for a privileged container. */
	readonly devices: readonly OciDevice[];
	readonly seccomp: OciSeccomp | undefined;
	readonly apparmorProfile: string | undefined;
	readonly annotations: Readonly<Record<string, string>>;
	/** Of the configuration, the host, CDI and hooks; prepareContainerSpec fills it. */
	readonly extras?: SpecExtras | undefined;
};
