/**
 * The two services of the CRI as this program calls them: one method per RPC, options with the signal last.
 * A client implements them over gRPC, the embedded runtime implements them for real; neither knows the other.
 * Every method throws the classes of errors.ts and nothing else, except the AbortError of its own signal.
 * Source: proto/runtime/v1/api.proto, services RuntimeService and ImageService.
 */
import type { ContainerId, ImageId, PodSandboxId } from './ids.ts';
import type { ImageTransferService } from './image-transfer.ts';
import type {
	AuthConfig,
	Container,
	ContainerEvent,
	ContainerResources,
	ContainerState,
	ContainerStats,
	ContainerStatus,
	ExecSyncResult,
	Image,
	ImageFsInfo,
	ImageSpec,
	ImageStatus,
	MetricDescriptor,
	PodSandbox,
	PodSandboxMetrics,
	PodSandboxState,
	PodSandboxStats,
	PodSandboxStatus,
	RuntimeConfig,
	RuntimeStatus,
	RuntimeVersion,
	StringMap,
} from './model.ts';
import type { ProtocolJson } from './protocol-json.ts';
import type { ContainerConfig, PodSandboxConfig } from './sandbox-config.ts';

/** Last argument of every call. */
export type CallOptions = {
	/** Ends the call with an AbortError. */
	readonly signal?: AbortSignal | undefined;
	/** Overrides the deadline of this RPC, in milliseconds. */
	readonly timeoutMs?: number | undefined;
};

/** Which pods to list: all of the given conditions hold. */
export type PodSandboxFilter = {
	readonly id?: string | undefined;
	readonly state?: PodSandboxState | undefined;
	readonly labelSelector?: StringMap | undefined;
};

/** Which containers to list: all of the given conditions hold. */
export type ContainerFilter = {
	readonly id?: string | undefined;
	readonly state?: ContainerState | undefined;
	readonly podSandboxId?: string | undefined;
	readonly labelSelector?: StringMap | undefined;
};

/** Which streams Exec and Attach open. With a tty there is no stderr. */
export type StreamRequest = {
	readonly containerId: ContainerId;
	readonly tty: boolean;
	readonly stdin: boolean;
	readonly stdout: boolean;
	readonly stderr: boolean;
};

/** RuntimeService: pods, containers, streams, stats. */
export type RuntimeService = {
	version(options?: CallOptions): Promise<RuntimeVersion>;
	status(request: { readonly verbose: boolean }, options?: CallOptions): Promise<RuntimeStatus>;
	runtimeConfig(options?: CallOptions): Promise<RuntimeConfig>;
	updateRuntimeConfig(request: { readonly podCidr: string }, options?: CallOptions): Promise<void>;

	runPodSandbox(
		request: { readonly config: PodSandboxConfig; readonly runtimeHandler: string },
		options?: CallOptions,
	): Promise<PodSandboxId>;
	stopPodSandbox(id: PodSandboxId, options?: CallOptions): Promise<void>;
	removePodSandbox(id: PodSandboxId, options?: CallOptions): Promise<void>;
	podSandboxStatus(
		id: PodSandboxId,
		request: { readonly verbose: boolean },
		options?: CallOptions,
	): Promise<PodSandboxStatus>;
	listPodSandbox(filter?: PodSandboxFilter, options?: CallOptions): Promise<readonly PodSandbox[]>;
	updatePodSandboxResources(
		request: {
			readonly podSandboxId: PodSandboxId;
			readonly overhead: ContainerResources | undefined;
			readonly resources: ContainerResources | undefined;
		},
		options?: CallOptions,
	): Promise<void>;

	createContainer(
		request: {
			readonly podSandboxId: PodSandboxId;
			readonly config: ContainerConfig;
			readonly sandboxConfig: PodSandboxConfig;
		},
		options?: CallOptions,
	): Promise<ContainerId>;
	startContainer(id: ContainerId, options?: CallOptions): Promise<void>;
	/** @param timeoutSeconds grace between the stop signal and SIGKILL; 0 kills at once. */
	stopContainer(id: ContainerId, timeoutSeconds: number, options?: CallOptions): Promise<void>;
	removeContainer(id: ContainerId, options?: CallOptions): Promise<void>;
	listContainers(filter?: ContainerFilter, options?: CallOptions): Promise<readonly Container[]>;
	containerStatus(
		id: ContainerId,
		request: { readonly verbose: boolean },
		options?: CallOptions,
	): Promise<ContainerStatus>;
	updateContainerResources(
		id: ContainerId,
		resources: ContainerResources,
		options?: CallOptions,
	): Promise<void>;
	reopenContainerLog(id: ContainerId, options?: CallOptions): Promise<void>;
	checkpointContainer(
		request: {
			readonly containerId: ContainerId;
			readonly location: string;
			readonly timeoutSeconds: bigint;
		},
		options?: CallOptions,
	): Promise<void>;

	execSync(
		request: {
			readonly containerId: ContainerId;
			readonly command: readonly string[];
			readonly timeoutSeconds: number;
		},
		options?: CallOptions,
	): Promise<ExecSyncResult>;
	/** @returns the URL of the runtime's streaming server; its token is good for one use. */
	exec(
		request: StreamRequest & { readonly command: readonly string[] },
		options?: CallOptions,
	): Promise<string>;
	/** @returns the URL of the runtime's streaming server. */
	attach(request: StreamRequest, options?: CallOptions): Promise<string>;
	/** @returns the URL of the runtime's streaming server. */
	portForward(
		request: { readonly podSandboxId: PodSandboxId; readonly ports: readonly number[] },
		options?: CallOptions,
	): Promise<string>;

	containerStats(id: ContainerId, options?: CallOptions): Promise<ContainerStats>;
	listContainerStats(
		filter?: Omit<ContainerFilter, 'state'>,
		options?: CallOptions,
	): Promise<readonly ContainerStats[]>;
	podSandboxStats(id: PodSandboxId, options?: CallOptions): Promise<PodSandboxStats>;
	listPodSandboxStats(
		filter?: Omit<PodSandboxFilter, 'state'>,
		options?: CallOptions,
	): Promise<readonly PodSandboxStats[]>;

	/** Runs until the signal ends it or the runtime closes it; beware of stealing a kubelet's events. */
	containerEvents(options?: CallOptions): AsyncIterable<ContainerEvent>;
	listMetricDescriptors(options?: CallOptions): Promise<readonly MetricDescriptor[]>;
	listPodSandboxMetrics(options?: CallOptions): Promise<readonly PodSandboxMetrics[]>;

	/** The server-streamed lists of CRI 1.36; each yields every object once, then ends. */
	streamPodSandboxes(filter?: PodSandboxFilter, options?: CallOptions): AsyncIterable<PodSandbox>;
	streamContainers(filter?: ContainerFilter, options?: CallOptions): AsyncIterable<Container>;
	streamContainerStats(
		filter?: Omit<ContainerFilter, 'state'>,
		options?: CallOptions,
	): AsyncIterable<ContainerStats>;
	streamPodSandboxStats(
		filter?: Omit<PodSandboxFilter, 'state'>,
		options?: CallOptions,
	): AsyncIterable<PodSandboxStats>;
	streamPodSandboxMetrics(options?: CallOptions): AsyncIterable<PodSandboxMetrics>;
};

/** ImageService: what is in the store, and pulling into it. */
export type ImageService = {
	listImages(
		filter?: { readonly image?: string | undefined },
		options?: CallOptions,
	): Promise<readonly Image[]>;
	imageStatus(
		image: string,
		request: { readonly verbose: boolean },
		options?: CallOptions,
	): Promise<ImageStatus>;
	/** @returns the reference by which the runtime will know the image, an id or digest. */
	pullImage(
		request: {
			readonly image: string;
			readonly auth?: AuthConfig | undefined;
			readonly spec?: Partial<ImageSpec> | undefined;
			readonly sandboxConfig?: PodSandboxConfig | undefined;
		},
		options?: CallOptions,
	): Promise<ImageId>;
	removeImage(image: string, options?: CallOptions): Promise<void>;
	imageFsInfo(options?: CallOptions): Promise<ImageFsInfo>;
	streamImages(filter?: { readonly image?: string | undefined }, options?: CallOptions): AsyncIterable<Image>;
};

/**
 * Answers of RuntimeService in the protocol's JSON form, with every field of the definition: for printing them, not for
 * deciding. The codecs make model objects of them.
 */
export type AnswerService = {
	version(options?: CallOptions): Promise<ProtocolJson>;
	status(request: { readonly verbose: boolean }, options?: CallOptions): Promise<ProtocolJson>;
	runtimeConfig(options?: CallOptions): Promise<ProtocolJson>;
	podSandboxStatus(
		id: PodSandboxId,
		request: { readonly verbose: boolean },
		options?: CallOptions,
	): Promise<ProtocolJson>;
	containerStatus(
		id: ContainerId,
		request: { readonly verbose: boolean },
		options?: CallOptions,
	): Promise<ProtocolJson>;
	/** The lists: their items, not the message around them. */
	listPodSandbox(filter?: PodSandboxFilter, options?: CallOptions): Promise<readonly ProtocolJson[]>;
	listContainers(filter?: ContainerFilter, options?: CallOptions): Promise<readonly ProtocolJson[]>;
	listContainerStats(
		filter?: Omit<ContainerFilter, 'state'>,
		options?: CallOptions,
	): Promise<readonly ProtocolJson[]>;
	listPodSandboxStats(
		filter?: Omit<PodSandboxFilter, 'state'>,
		options?: CallOptions,
	): Promise<readonly ProtocolJson[]>;
	listPodSandboxMetrics(options?: CallOptions): Promise<readonly ProtocolJson[]>;
	listMetricDescriptors(options?: CallOptions): Promise<ProtocolJson>;
	/** As RuntimeService.containerEvents. */
	containerEvents(options?: CallOptions): AsyncIterable<ProtocolJson>;
};

/** State of the connection behind a client: 'unreachable' between tries of the back-off. */
export type Connectivity = 'connecting' | 'ready' | 'unreachable';

/** A connected client of one runtime. */
export type CriClient = {
	readonly runtimeEndpoint: string;
	readonly imageEndpoint: string;
	readonly runtime: RuntimeService;
	readonly images: ImageService;
	readonly answers: AnswerService;
	/** What only our own runtime serves, where images are served. */
	readonly transfers: ImageTransferService;
	/** False once the runtime has answered Unimplemented to that RPC on this connection. */
	supports(rpc: keyof RuntimeService | keyof ImageService): boolean;
	readonly connectivity: () => Connectivity;
	/** @returns a function that ends the subscription. */
	onConnectivity(listener: (connectivity: Connectivity) => void): () => void;
	close(): void;
};
