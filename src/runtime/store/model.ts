/**
 * What the runtime remembers of pods and containers, in memory and on disk. A record is written before the first outside
 * effect with everything that is needed to undo it (paths and names follow from the id), so that after a crash at any
 * moment the record alone tells what may exist. States are derived from timestamps: no illegal pair can be written.
 */
import type { Mount } from '../../cri/model.ts';
import type { ContainerRequest, PodSandboxRequest } from '../../cri/pod-request.ts';
import type { PodNetworkResult } from '../cni/pod-network.ts';
import type { ProcessIdentity } from '../oci/container-process.ts';
import type { HandlerConfig } from '../oci/model.ts';

/** How far the making or unmaking of an object has come. */
export type Phase = 'creating' | 'complete' | 'removing';

export type PodSandboxRecord = {
	/** Version of this form, for upgrades. */
	readonly version: 1;
	readonly id: string;
	/** `k8s_<pod>_<namespace>_<uid>_<attempt>`, with POD where a container has its name. */
	readonly name: string;
	readonly phase: Phase;
	readonly request: PodSandboxRequest;
	/** As it was asked for; '' for the default. */
	readonly runtimeHandler: string;
	/** What that meant when it was made; records of old versions have none. */
	readonly handler: HandlerConfig | undefined;
	/** /proc/sys/kernel/random/boot_id of when it was made: nothing of it lives in another boot. */
	readonly bootId: string;
	readonly createdAtNanos: bigint;
	/** Set: it is not ready any more. */
	readonly stoppedAtNanos: bigint | undefined;
	/** Undefined for the host's network, and before ADD. */
	readonly network: PodNetworkResult | undefined;
	/** CNI DEL has succeeded, or there was nothing to detach. */
	readonly networkStopped: boolean;
	readonly hostname: string;
	/** Below the mount of the cgroup hierarchies. */
	readonly cgroupParent: string;
	/** A process that holds the shared PID namespace; undefined where there is none. */
	readonly infra: { readonly init: ProcessIdentity; readonly monitor: ProcessIdentity } | undefined;
};

export type ContainerRecord = {
	readonly version: 1;
	readonly id: string;
	/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>` */
	readonly name: string;
	readonly podSandboxId: string;
	readonly phase: Phase;
	readonly request: ContainerRequest;
	/** As those of its sandbox. */
	readonly runtimeHandler: string;
	readonly handler: HandlerConfig | undefined;
	readonly bootId: string;
	/** Hex of the config's digest. */
	readonly imageId: string;
	/** What imageRef says. */
	readonly imageRef: string;
	readonly createdAtNanos: bigint;
	readonly startedAtNanos: bigint | undefined;
	readonly finishedAtNanos: bigint | undefined;
	/** Means something once it has finished. */
	readonly exitCode: number;
	readonly reason: string;
	readonly message: string;
	readonly init: ProcessIdentity | undefined;
	readonly monitor: ProcessIdentity | undefined;
	/** Full path on the host; '' for none. */
	readonly logPath: string;
	readonly cgroupPath: string;
	readonly user:
		| { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] }
		| undefined;
	readonly stopSignal: string;
	/** As they were made; undefined until then. */
	readonly mounts: readonly Mount[] | undefined;
};
