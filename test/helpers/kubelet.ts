import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { eventually } from './child-process.ts';
import type { ContainerdAccess } from './containerd.ts';
import type { WireMessage } from './cri-wire.ts';

/** A container as a test describes it. */
export type ContainerRecipe = {
	readonly name: string;
	readonly image: string;
	/** Run by `sh -c`. Without it the image's own command runs. */
	readonly script?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly labels?: Readonly<Record<string, string>>;
	readonly annotations?: Readonly<Record<string, string>>;
	readonly memoryLimitBytes?: number;
	readonly cpuLimitMillicores?: number;
	readonly tty?: boolean;
	readonly stdin?: boolean;
	/** Host path → path in the container, read-only. */
	readonly mounts?: Readonly<Record<string, string>>;
	readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
};

/** A pod as a test describes it. Its containers are started by `startContainer`. */
export type PodRecipe = {
	readonly name: string;
	readonly namespace?: string;
	readonly labels?: Readonly<Record<string, string>>;
	readonly annotations?: Readonly<Record<string, string>>;
	readonly hostNetwork?: boolean;
	/** Host port → container port, TCP. */
	readonly hostPorts?: Readonly<Record<number, number>>;
};

/** A pod that runs, and what creating containers in it takes. */
export type RunningPod = {
	readonly id: string;
	readonly uid: string;
	readonly recipe: PodRecipe;
	readonly config: WireMessage;
	/** `<podLogsDir>/<namespace>_<name>_<uid>`. */
	readonly logDir: string;
};

/** What a container came to. `state` is CRI's name, such as CONTAINER_RUNNING. */
export type ContainerOutcome = {
	readonly state: string;
	readonly exitCode: number;
	readonly reason: string;
};

/**
 * Runs a pod sandbox with the labels, annotations and log folders a kubelet would give it.
 *
 * Source: kubernetes pkg/kubelet/kuberuntime/labels.go, helpers.go (v1.36).
 */
export async function runPod(containerd: ContainerdAccess, recipe: PodRecipe): Promise<RunningPod> {
	const { name, namespace = 'default', labels = {}, annotations = {}, hostNetwork = false } = recipe;
	const uid = randomUUID();
	const logDir = path.join(containerd.podLogsDir, `${namespace}_${name}_${uid}`);
	mkdirSync(logDir, { recursive: true });
	const portMappings = Object.entries(recipe.hostPorts ?? {}).map(([hostPort, containerPort]) => ({
		protocol: 'TCP',
		host_port: Number(hostPort),
		container_port: containerPort,
	}));
	const config = {
		metadata: { name, namespace, uid, attempt: 0 },
		hostname: hostNetwork ? '' : name.slice(0, 63),
		log_directory: logDir,
		dns_config: {
			servers: ['10.96.0.10'],
			searches: [`${namespace}.svc.cluster.local`],
			options: ['ndots:5'],
		},
		port_mappings: portMappings,
		labels: {
			...labels,
			'io.kubernetes.pod.name': name,
			'io.kubernetes.pod.namespace': namespace,
			'io.kubernetes.pod.uid': uid,
		},
		annotations: {
			...annotations,
			'kubernetes.io/config.seen': '2026-11-22T10:00:00.000000000Z',
			'kubernetes.io/config.source': 'api',
		},
		linux: {
			cgroup_parent: `${containerd.cgroupParent}/pod${uid}`,
			security_context: {
				namespace_options: { network: hostNetwork ? 'NODE' : 'POD', pid: 'CONTAINER', ipc: 'POD' },
			},
		},
	};
	const { pod_sandbox_id: id } = await containerd.cri.runtime<{ pod_sandbox_id: string }>('RunPodSandbox', {
		config,
	});
	return { id, uid, recipe, config, logDir };
}

/**
 * Creates and starts one attempt of a container. The image is pulled when it is not there.
 *
 * @returns the container's id
 */
export async function startContainer(
	containerd: ContainerdAccess,
	pod: RunningPod,
	recipe: ContainerRecipe,
	attempt = 0,
): Promise<string> {
	const id = await createContainer(containerd, pod, recipe, attempt);
	await containerd.cri.runtime('StartContainer', { container_id: id });
	return id;
}

/** Creates one attempt of a container and leaves it in state CONTAINER_CREATED. */
export async function createContainer(
	containerd: ContainerdAccess,
	pod: RunningPod,
	recipe: ContainerRecipe,
	attempt = 0,
): Promise<string> {
	const image = await ensureImage(containerd, recipe.image);
	mkdirSync(path.join(pod.logDir, recipe.name), { recursive: true });
	const { container_id: id } = await containerd.cri.runtime<{ container_id: string }>('CreateContainer', {
		pod_sandbox_id: pod.id,
		sandbox_config: pod.config,
		config: containerConfig(pod, recipe, attempt, image),
	});
	return id;
}

/** Waits until a container has ended. */
export async function containerEnded(containerd: ContainerdAccess, id: string): Promise<ContainerOutcome> {
	return await eventually(`container ${id} to end`, async () => {
		const outcome = await containerOutcome(containerd, id);
		return outcome.state === 'CONTAINER_EXITED' && outcome;
	});
}

/** Asks the runtime what has become of a container. */
export async function containerOutcome(containerd: ContainerdAccess, id: string): Promise<ContainerOutcome> {
	const { status } = await containerd.cri.runtime<{
		status: { state: string; exit_code: number; reason: string };
	}>('ContainerStatus', { container_id: id });
	return { state: status.state, exitCode: status.exit_code, reason: status.reason };
}

/** @returns the image's id, which is what a kubelet puts into a container's config */
async function ensureImage(containerd: ContainerdAccess, name: string): Promise<string> {
	const image = { image: name };
	const present = await containerd.cri.image<{ image: { id: string } | null }>('ImageStatus', { image });
	if (present.image !== null) return present.image.id;
	const pulled = await containerd.cri.image<{ image_ref: string }>('PullImage', { image });
	return pulled.image_ref;
}

function containerConfig(
	pod: RunningPod,
	recipe: ContainerRecipe,
	attempt: number,
	imageId: string,
): WireMessage {
	const { name, script, env = {}, labels = {}, annotations = {}, mounts = {}, ports } = recipe;
	const { name: podName, namespace = 'default' } = pod.recipe;
	return {
		metadata: { name, attempt },
		image: { image: imageId, user_specified_image: recipe.image },
		...(script === undefined ? {} : { command: ['sh', '-c'], args: [script] }),
		// CRI 1.36 says bytes: a value need not be UTF-8.
		envs: Object.entries(env).map(([key, value]) => ({ key, value: Buffer.from(value) })),
		mounts: Object.entries(mounts).map(([host_path, container_path]) => ({
			host_path,
			container_path,
			readonly: true,
		})),
		log_path: `${name}/${attempt}.log`,
		stdin: recipe.stdin ?? false,
		tty: recipe.tty ?? false,
		labels: {
			...labels,
			'io.kubernetes.container.name': name,
			'io.kubernetes.pod.name': podName,
			'io.kubernetes.pod.namespace': namespace,
			'io.kubernetes.pod.uid': pod.uid,
		},
		annotations: {
			...annotations,
			'io.kubernetes.container.hash': 'c0ffee42',
			'io.kubernetes.container.restartCount': String(attempt),
			'io.kubernetes.container.terminationMessagePath': '/dev/termination-log',
			'io.kubernetes.container.terminationMessagePolicy': 'File',
			'io.kubernetes.pod.terminationGracePeriod': '30',
			...(ports === undefined
				? {}
				: {
						'io.kubernetes.container.ports': JSON.stringify(
							ports.map((port) => ({ ...port, protocol: 'TCP' })),
						),
					}),
		},
		linux: {
			resources: linuxResources(recipe),
			security_context: { namespace_options: { pid: 'CONTAINER' } },
		},
	};
}

function linuxResources({ memoryLimitBytes, cpuLimitMillicores }: ContainerRecipe): WireMessage {
	return {
		cpu_shares: '102',
		...(cpuLimitMillicores === undefined
			? {}
			: { cpu_period: '100000', cpu_quota: String(cpuLimitMillicores * 100) }),
		// Swap counts too, or the limit would only slow the container down.
		...(memoryLimitBytes === undefined
			? {}
			: {
					memory_limit_in_bytes: String(memoryLimitBytes),
					memory_swap_limit_in_bytes: String(memoryLimitBytes),
				}),
	};
}
