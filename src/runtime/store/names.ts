/** Names of pods and containers, as every tool that looks at a node knows them. Source: kubelet and CRI-O, `k8s_` names. */
import { randomBytes } from 'node:crypto';
import type { ContainerMetadata, PodSandboxMetadata } from '../../cri/model.ts';

/** `k8s_POD_<pod>_<namespace>_<uid>_<attempt>`: equal for equal metadata, which makes it the name of the request, too. */
export function podSandboxName({ name, namespace, uid, attempt }: PodSandboxMetadata): string {
	return ['k8s', 'POD', name, namespace, uid, attempt].join('_');
}

/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`; the attempt is the container's own. */
export function containerName(container: ContainerMetadata, pod: PodSandboxMetadata): string {
	return ['k8s', container.name, pod.name, pod.namespace, pod.uid, container.attempt].join('_');
}

/** A new id: 64 hex digits, as all runtimes have them. */
export function newObjectId(): string {
	return randomBytes(32).toString('hex');
}
