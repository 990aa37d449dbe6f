/** RuntimeService as a runtime implements it: the port, with requests that are read in full and checked. */
import type { ContainerId, PodSandboxId } from '../ids.ts';
import type { ContainerResources, PodSandboxStatus } from '../model.ts';
import type { ContainerRequest, PodSandboxRequest, ResourcesRequest } from '../pod-request.ts';
import type { CallOptions, RuntimeService } from '../ports.ts';
import type { Soon } from '../soon.ts';

/** Methods whose requests differ from what a client's own side writes. */
type Requests = {
	runPodSandbox(
		request: { readonly config: PodSandboxRequest; readonly runtimeHandler: string },
		options?: CallOptions,
	): Promise<PodSandboxId>;
	createContainer(
		request: {
			readonly podSandboxId: PodSandboxId;
			readonly config: ContainerRequest;
			readonly sandboxConfig: PodSandboxRequest;
		},
		options?: CallOptions,
	): Promise<ContainerId>;
	updateContainerResources(
		id: ContainerId,
		resources: ResourcesRequest,
		options?: CallOptions,
	): Promise<void>;
	updatePodSandboxResources(
		request: {
			readonly podSandboxId: PodSandboxId;
			readonly overhead: ContainerResources | undefined;
			readonly resources: ContainerResources | undefined;
		},
		options?: CallOptions,
	): Promise<void>;
	podSandboxStatus(
		id: PodSandboxId,
		request: { readonly verbose: boolean },
		options?: CallOptions,
	): Soon<PodSandboxStatus>;
};

/** What is asked for all the time: an implementation that knows the answer need not promise it, and may throw at once. */
type Questions = {
	readonly [Name in
		| 'version'
		| 'status'
		| 'runtimeConfig'
		| 'listContainers'
		| 'listPodSandbox'
		| 'containerStatus']: (
		...request: Parameters<RuntimeService[Name]>
	) => Soon<Awaited<ReturnType<RuntimeService[Name]>>>;
};

/** What a server of pods and containers serves. */
export type ServedRuntime = Omit<RuntimeService, keyof Requests | keyof Questions> & Requests & Questions;
