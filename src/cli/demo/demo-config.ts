/** The pods of the demo in the protocol's words, labelled as a kubelet does, so that any client shows them as usual. */
import path from 'node:path';
import { demoLabel } from '../../cri/demo-mark.ts';
import type { ContainerConfig, PodSandboxConfig } from '../../cri/sandbox-config.ts';
import { kubeletPodLabels } from '../requests/pod-words.ts';
import { type DemoPod, demoLogRoot, demoNamespace, demoUrlAnnotation } from './demo-plan.ts';

/** Only this host may see what the demo serves. */
const hostIp = '127.0.0.1';

/** A container has process ids of its own; without the word it would share the pod's. Source: enum NamespaceMode. */
const securityContext = { namespaceOptions: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } };

function podLabels({ name }: DemoPod, uid: string) {
	return { [demoLabel]: 'true', ...kubeletPodLabels({ namespace: demoNamespace, name, uid }) };
}

/** Folder of a pod's logs, named as a kubelet names it. The uid makes it this pod's alone. */
export function podLogDirectory(name: string, uid: string): string {
	return path.join(demoLogRoot, `${demoNamespace}_${name}_${uid}`);
}

/** Where a pod answers. */
export function demoUrl(hostPort: number): string {
	return `http://${hostIp}:${hostPort}/`;
}

/** What RunPodSandbox is asked for. @param hostPort where the pod's port is to answer; undefined without one */
export function podConfig(pod: DemoPod, uid: string, hostPort: number | undefined): PodSandboxConfig {
	const { name, containerPort } = pod;
	const mapped = containerPort !== undefined && hostPort !== undefined;
	return {
		metadata: { name, namespace: demoNamespace, uid, attempt: 0 },
		hostname: name,
		logDirectory: podLogDirectory(name, uid),
		labels: podLabels(pod, uid),
		...(mapped && {
			annotations: { [demoUrlAnnotation]: demoUrl(hostPort) },
			portMappings: [{ protocol: 'TCP', containerPort, hostPort, hostIp }],
		}),
		linux: { securityContext },
	};
}

/** What CreateContainer is asked for. @param attempt counts from 0, as restarts do */
export function containerConfig(pod: DemoPod, uid: string, attempt: number): ContainerConfig {
	return {
		metadata: { name: pod.container, attempt },
		image: { image: pod.image },
		labels: { ...podLabels(pod, uid), 'io.kubernetes.container.name': pod.container },
		annotations: { 'io.kubernetes.container.restartCount': String(attempt) },
		logPath: path.join(pod.container, `${attempt}.log`),
		linux: {
			resources: {
				cpuShares: 128n,
				memoryLimitInBytes: pod.memoryLimitBytes,
				// No swap: what is above the limit is killed at once.
				memorySwapLimitInBytes: pod.memoryLimitBytes,
			},
			securityContext: { ...securityContext, noNewPrivs: true },
		},
	};
}
