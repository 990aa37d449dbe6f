/** The contract with who makes config.json out of requests, images and what this host is like. */
import type { Mount } from '../../cri/model.ts';
import type { ContainerRequest, PodSandboxRequest, ResourcesRequest } from '../../cri/pod-request.ts';
import type { HandlerConfig, OciResources, OciSeccomp, OciSpec } from '../oci/model.ts';
import type { ImageRunConfig, ResolvedUser } from '../oci/spec-input.ts';

type WaitOptions = { readonly signal?: AbortSignal | undefined };

/** Everything about one container that is not the host's. */
export type SpecRequest = {
	readonly id: string;
	readonly podSandboxId: string;
	readonly sandbox: PodSandboxRequest;
	readonly container: ContainerRequest;
	readonly image: ImageRunConfig;
	readonly handler: HandlerConfig;
	readonly rootfsPath: string;
	/** Where files may be written that are bind-mounted into the container. */
	readonly bundleDir: string;
	readonly namespacePaths: {
		readonly network: string | undefined;
		readonly ipc: string | undefined;
		readonly uts: string | undefined;
		readonly pid: string | undefined;
	};
	readonly cgroupsPath: string;
	readonly hostname: string;
	readonly files: {
		readonly resolvConf: string;
		readonly hostname: string;
		readonly shm: string;
		/** Tells programs that they are in a container. */
		readonly containerEnv: string;
	};
	/** Host paths of image mounts, by index of the request's mounts. */
	readonly imageMounts: ReadonlyMap<number, string>;
	readonly annotations: Readonly<Record<string, string>>;
};

/** A spec, and what of it a status tells. */
export type MadeSpec = {
	readonly spec: OciSpec;
	readonly user: ResolvedUser;
	/** Those of the request, with the sources that were found. */
	readonly mounts: readonly Mount[];
};

export type ContainerSpecs = {
	/**
	 * What cannot be run here, before anything is made: sysctls of the host's namespaces, user namespaces.
	 * @throws InvalidArgumentError, FailedPreconditionError
	 */
	checkSandbox(request: PodSandboxRequest, handler: HandlerConfig): void;
	/** Likewise of a container within its sandbox. @throws InvalidArgumentError, FailedPreconditionError */
	checkContainer(request: ContainerRequest, sandbox: PodSandboxRequest, handler: HandlerConfig): void;
	/** Reads what it needs of the rootfs and the host. @throws InvalidArgumentError, FailedPreconditionError */
	make(request: SpecRequest, options?: WaitOptions): Promise<MadeSpec>;
	/** The filter of a process that belongs to the pod itself, without capabilities. @throws InvalidArgumentError */
	sandboxSeccomp(request: PodSandboxRequest): OciSeccomp | undefined;
	/** For an update. */
	resources(request: ResourcesRequest, handler: HandlerConfig): OciResources;
};
