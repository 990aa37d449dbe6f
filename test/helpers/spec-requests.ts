import type {
	ContainerRequest,
	ContainerSecurityContext,
	MountRequest,
	NamespaceRequest,
	PodSandboxRequest,
	ResourcesRequest,
	SecurityContext,
} from '../../src/cri/pod-request.ts';
import { allCapabilities } from '../../src/runtime/oci/capabilities.ts';
import type { HandlerConfig } from '../../src/runtime/oci/model.ts';
import type { ContainerSpecInput, HostLimits, ImageRunConfig } from '../../src/runtime/oci/spec-input.ts';

/** Requests as the codec makes them of messages that say next to nothing, with what a test changes. */

export const ownNamespaces: NamespaceRequest = {
	network: 'pod',
	pid: 'container',
	ipc: 'pod',
	targetId: '',
	userns: undefined,
};

const security: SecurityContext = {
	namespaces: ownNamespaces,
	selinux: undefined,
	runAsUser: undefined,
	runAsGroup: undefined,
	readonlyRootfs: false,
	supplementalGroups: [],
	supplementalGroupsPolicy: 'merge',
	privileged: false,
	seccomp: undefined,
	apparmor: undefined,
};

export function sandboxRequest(changes: Partial<PodSandboxRequest> = {}): PodSandboxRequest {
	return {
		metadata: { name: 'pod', uid: 'uid', namespace: 'default', attempt: 0 },
		hostname: 'pod-host',
		logDirectory: '',
		dns: undefined,
		portMappings: [],
		labels: {},
		annotations: {},
		cgroupParent: '',
		sysctls: {},
		security,
		overhead: undefined,
		resources: undefined,
		...changes,
	};
}

export function containerRequest(
	changes: Partial<Omit<ContainerRequest, 'security'>> & {
		readonly security?: Partial<ContainerSecurityContext>;
	} = {},
): ContainerRequest {
	return {
		metadata: { name: 'main', attempt: 0 },
		image: { image: 'busybox', annotations: {}, runtimeHandler: '', userSpecifiedImage: 'busybox' },
		command: ['/bin/true'],
		args: [],
		workingDir: '',
		envs: [],
		mounts: [],
		devices: [],
		cdiDevices: [],
		labels: {},
		annotations: {},
		logPath: '',
		stdin: false,
		stdinOnce: false,
		tty: false,
		stopSignal: '',
		resources: undefined,
		...changes,
		security: {
			...security,
			runAsUsername: '',
			addCapabilities: [],
			dropCapabilities: [],
			addAmbientCapabilities: [],
			noNewPrivs: false,
			maskedPaths: [],
			readonlyPaths: [],
			...changes.security,
		},
	};
}

export function resourcesRequest(changes: Partial<ResourcesRequest> = {}): ResourcesRequest {
	return {
		cpuPeriodMicros: undefined,
		cpuQuotaMicros: undefined,
		cpuShares: undefined,
		memoryLimitBytes: undefined,
		memorySwapLimitBytes: undefined,
		oomScoreAdj: undefined,
		cpusetCpus: '',
		cpusetMems: '',
		unified: {},
		hugepageLimits: [],
		...changes,
	};
}

export function mountRequest(changes: Partial<MountRequest> = {}): MountRequest {
	return {
		containerPath: '/data',
		hostPath: '/tmp',
		readonly: false,
		recursiveReadOnly: false,
		selinuxRelabel: false,
		propagation: 'private',
		uidMappings: [],
		gidMappings: [],
		image: undefined,
		imageSubPath: '',
		...changes,
	};
}

export const imageRunConfig: ImageRunConfig = {
	entrypoint: [],
	cmd: [],
	env: [],
	workingDir: '',
	user: '',
	volumes: [],
	stopSignal: '',
	labels: {},
};

export const runcHandler: HandlerConfig = {
	name: 'runc',
	path: '/usr/sbin/runc',
	root: '/run/criscope-test/runc',
	type: 'oci',
	privilegedWithoutHostDevices: false,
	allowedAnnotations: [],
	monitorPath: '/usr/bin/conmon',
	monitorCgroup: '',
	monitorEnv: [],
	minimumMemoryBytes: 0,
};

/** A host that allows everything. */
export const generousLimits: HostLimits = {
	boundingCapabilities: new Set(allCapabilities),
	minimumOomScoreAdj: -1000,
	rlimits: new Map(),
	cgroupVersion: 1,
	seccomp: true,
	apparmor: false,
	selinux: false,
	kernel: [6, 18],
	recursiveReadOnly: true,
};

export function specInput(changes: Partial<ContainerSpecInput> = {}): ContainerSpecInput {
	return {
		id: 'container-id',
		podSandboxId: 'sandbox-id',
		sandbox: sandboxRequest(),
		container: containerRequest(),
		image: imageRunConfig,
		user: { uid: 0, gid: 0, additionalGids: [0], home: '/root' },
		handler: runcHandler,
		limits: generousLimits,
		rootfsPath: '/rootfs',
		namespacePaths: { network: '/ns/net', ipc: '/ns/ipc', uts: '/ns/uts', pid: undefined },
		cgroupsPath: '/criscope/container-id',
		hostname: 'pod-host',
		files: { resolvConf: '/pod/resolv.conf', hostname: '/pod/hostname', shm: '/pod/shm' },
		mounts: [],
		devices: [],
		seccomp: undefined,
		apparmorProfile: undefined,
		annotations: {},
		...changes,
	};
}
