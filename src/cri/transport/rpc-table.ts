/** What is known of each RPC besides its messages: what it does, in words, and how long it may take. */
import type { ImageTransferService } from '../image-transfer.ts';
import type { ImageService, RuntimeService } from '../ports.ts';

/** A method of the ports; the RPC has the same name with a capital letter, but for the ones below. */
export type RpcKey = keyof RuntimeService | keyof ImageService | TransferRpcKey;

/** A method of our own service, which has names in common with the CRI's. */
export type TransferRpcKey = `transfers.${keyof ImageTransferService}`;

/** One row of the table. */
export type RpcFacts = {
	/** Name of the RPC as wire.ts lists it. */
	readonly rpc: string;
	/** What follows "cannot" in an error: verb and object, without the object's name. */
	readonly doing: string;
	/** Deadline in milliseconds; Infinity only for a subscription and for what tells its progress. */
	readonly timeoutMs: number;
	/** A quick question: the client's `timeoutMs` option replaces its deadline. */
	readonly quick: boolean;
};

const minuteMs = 60_000;

function quick(rpc: string, doing: string): RpcFacts {
	return { rpc, doing, timeoutMs: 10_000, quick: true };
}

function slow(rpc: string, doing: string, timeoutMs: number): RpcFacts {
	return { rpc, doing, timeoutMs, quick: false };
}

/** An RPC of our own service; a transfer tells how far it is, so that no deadline is needed to know a stuck one. */
function transfer(rpc: string, doing: string, timeoutMs = Number.POSITIVE_INFINITY): RpcFacts {
	return slow(`ImageTransferService/${rpc}`, doing, timeoutMs);
}

/**
 * Every RPC of all services. Reading has 10 s; what creates, starts, stops or removes has the 4 minutes
 * that a kubelet would double its 2 minutes to; a pull has 30 minutes, since the CRI tells no progress by
 * which a stuck one could be known. Calls with a grace or a timeout of their own get it on top.
 */
export const rpcTable: Readonly<Record<RpcKey, RpcFacts>> = {
	version: quick('Version', 'ask for the version'),
	status: quick('Status', 'read the runtime status'),
	runtimeConfig: quick('RuntimeConfig', 'read the runtime configuration'),
	updateRuntimeConfig: quick('UpdateRuntimeConfig', 'update the runtime configuration'),
	runPodSandbox: slow('RunPodSandbox', 'run pod', 4 * minuteMs),
	stopPodSandbox: slow('StopPodSandbox', 'stop pod', 4 * minuteMs),
	removePodSandbox: slow('RemovePodSandbox', 'remove pod', 4 * minuteMs),
	podSandboxStatus: quick('PodSandboxStatus', 'inspect pod'),
	listPodSandbox: quick('ListPodSandbox', 'list pods'),
	updatePodSandboxResources: slow('UpdatePodSandboxResources', 'update resources of pod', 2 * minuteMs),
	createContainer: slow('CreateContainer', 'create container in pod', 4 * minuteMs),
	startContainer: slow('StartContainer', 'start container', 4 * minuteMs),
	stopContainer: slow('StopContainer', 'stop container', 30_000),
	removeContainer: slow('RemoveContainer', 'remove container', 4 * minuteMs),
	listContainers: quick('ListContainers', 'list containers'),
	containerStatus: quick('ContainerStatus', 'inspect container'),
	updateContainerResources: slow('UpdateContainerResources', 'update resources of container', 2 * minuteMs),
	reopenContainerLog: slow('ReopenContainerLog', 'reopen the log of container', 30_000),
	checkpointContainer: slow('CheckpointContainer', 'checkpoint container', 10 * minuteMs),
	execSync: slow('ExecSync', 'run a command in container', 60 * minuteMs),
	exec: slow('Exec', 'run a command in container', 30_000),
	attach: slow('Attach', 'attach to container', 30_000),
	portForward: slow('PortForward', 'forward ports of pod', 30_000),
	containerStats: quick('ContainerStats', 'measure container'),
	listContainerStats: quick('ListContainerStats', 'measure containers'),
	podSandboxStats: quick('PodSandboxStats', 'measure pod'),
	listPodSandboxStats: quick('ListPodSandboxStats', 'measure pods'),
	containerEvents: slow('GetContainerEvents', 'subscribe to container events', Number.POSITIVE_INFINITY),
	listMetricDescriptors: quick('ListMetricDescriptors', 'list metric descriptors'),
	listPodSandboxMetrics: quick('ListPodSandboxMetrics', 'read pod metrics'),
	streamPodSandboxes: slow('StreamPodSandboxes', 'list pods', minuteMs),
	streamContainers: slow('StreamContainers', 'list containers', minuteMs),
	streamContainerStats: slow('StreamContainerStats', 'measure containers', minuteMs),
	streamPodSandboxStats: slow('StreamPodSandboxStats', 'measure pods', minuteMs),
	streamPodSandboxMetrics: slow('StreamPodSandboxMetrics', 'read pod metrics', minuteMs),
	listImages: quick('ListImages', 'list images'),
	imageStatus: quick('ImageStatus', 'inspect image'),
	pullImage: slow('PullImage', 'pull image', 30 * minuteMs),
	removeImage: slow('RemoveImage', 'remove image', 4 * minuteMs),
	imageFsInfo: quick('ImageFsInfo', 'measure the image filesystem'),
	streamImages: slow('StreamImages', 'list images', minuteMs),
	'transfers.pullImage': transfer('PullImage', 'pull image'),
	'transfers.pushImage': transfer('PushImage', 'push image'),
	'transfers.loadImages': transfer('LoadImages', 'load images'),
	'transfers.saveImages': transfer('SaveImages', 'save images'),
	'transfers.tagImage': transfer('TagImage', 'tag image', 4 * minuteMs),
	'transfers.untagImage': transfer('UntagImage', 'untag image', 4 * minuteMs),
	'transfers.describeImage': transfer('DescribeImage', 'describe image', minuteMs),
};
