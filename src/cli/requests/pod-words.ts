/** Names that a kubelet gives, so that every tool shows what we make as it shows what a kubelet made. */
import { UsageError } from '../usage-error.ts';

/** Where kubelets keep the logs of pods. Source: kubelet --pod-logs-dir */
const podLogRoot = '/var/log/pods';

/** Namespace, name and uid of a pod. */
export type PodName = { readonly namespace: string; readonly name: string; readonly uid: string };

/** Folder of a pod's logs. The uid makes it this pod's alone. Source: kubelet pkg/kubelet/kuberuntime/helpers.go */
export function podLogDirectory({ namespace, name, uid }: PodName): string {
	return `${podLogRoot}/${namespace}_${name}_${uid}`;
}

/** Labels of a pod. Source: k8s.io/kubelet/pkg/types/labels.go */
export function kubeletPodLabels({ namespace, name, uid }: PodName): Readonly<Record<string, string>> {
	return {
		'io.kubernetes.pod.name': name,
		'io.kubernetes.pod.namespace': namespace,
		'io.kubernetes.pod.uid': uid,
	};
}

/** Labels of a container. */
export function kubeletContainerLabels(pod: PodName, container: string): Readonly<Record<string, string>> {
	return { ...kubeletPodLabels(pod), 'io.kubernetes.container.name': container };
}

/**
 * Checks a name that becomes part of paths and labels.
 * @param most longest length
 * @throws UsageError. Source: RFC 1123; Kubernetes, "Object Names and IDs"
 */
export function checkDnsName(name: string, written: string, most = 253): string {
	if (name.length <= most && /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/u.test(name)) return name;
	throw new UsageError(
		`${written} is of lower-case letters, digits, - and ., up to ${most} of them, not "${name}"`,
	);
}
