import { access } from 'node:fs/promises';
import { type HostOptions, hostPath, listHostFolder, readHostFile } from './host-file.ts';

/** Folders where kubeadm and its relatives keep the manifests of static pods. */
const manifestFolders = [
	'/etc/kubernetes/manifests',
	'/etc/kubelet.d',
	'/var/lib/rancher/rke2/agent/pod-manifests',
	'/var/lib/rancher/k3s/agent/pod-manifests',
];

const etcdFolders = [
	'/var/lib/etcd/member',
	'/var/lib/rancher/rke2/server/db/etcd/member',
	'/var/lib/rancher/k3s/server/db/etcd/member',
];

/** Any of these means that a kubelet was set up here, whether or not it runs now. */
const kubeletPaths = [
	'/var/lib/kubelet/config.yaml',
	'/etc/kubernetes/kubelet.conf',
	'/etc/kubernetes/kubelet-config.yaml',
	'/var/lib/kubelet/kubeconfig',
	'/var/lib/kubelet/kubeadm-flags.env',
	'/var/lib/rancher/k3s/agent/kubelet.kubeconfig',
	'/var/lib/rancher/rke2/agent/kubelet.kubeconfig',
	'/var/snap/microk8s/current/args/kubelet',
];

/** Files that carry the kubelet's or the distribution's flags, and with them the node's labels. */
const flagFiles = [
	'/var/lib/kubelet/kubeadm-flags.env',
	'/etc/default/kubelet',
	'/etc/sysconfig/kubelet',
	'/etc/rancher/k3s/config.yaml',
	'/etc/rancher/rke2/config.yaml',
	'/var/snap/microk8s/current/args/kubelet',
];

/**
 * Tells what part this host plays in a cluster, without an API server: from static pods, data folders and flags.
 * Order: `control-plane`, `etcd`, `worker`, then further names given by `node-role.kubernetes.io/…` labels in
 * alphabetical order. `worker` stands alone for a host that has a kubelet and no control plane. `[]` means that no
 * kubelet was ever set up here. A role set by the API server alone cannot be seen from the host.
 */
export async function readNodeRoles(options: HostOptions = {}): Promise<readonly string[]> {
	const [manifests, etcd, kubelet, k3sServer, rke2Server, microk8s, flags] = await Promise.all([
		Promise.all(manifestFolders.map((folder) => listHostFolder(folder, options))),
		anyExists(etcdFolders, options),
		anyExists(kubeletPaths, options),
		// `server/tls` is written by a server only; agents keep to `agent`.
		anyExists(['/var/lib/rancher/k3s/server/tls', '/var/lib/rancher/k3s/server/db'], options),
		anyExists(['/var/lib/rancher/rke2/server/tls', '/var/lib/rancher/rke2/server/db'], options),
		microk8sControlPlane(options),
		Promise.all(flagFiles.map((file) => readHostFile(file, options))),
	]);
	const manifestNames = manifests
		.flatMap((names) => names ?? [])
		.filter((name) => /\.(ya?ml|json)$/.test(name));
	const isControlPlane =
		manifestNames.some((name) => name.startsWith('kube-apiserver')) || k3sServer || rke2Server || microk8s;
	const isEtcdMember = etcd || manifestNames.some((name) => /^etcd[-.]/.test(name));
	const labelled = new Set(flags.flatMap((text) => labelRoles(text ?? '')));
	const isNode = kubelet || isControlPlane || manifestNames.length > 0;
	if (!isNode && !isEtcdMember) return [];

	const roles: string[] = [];
	if (isControlPlane || labelled.has('control-plane') || labelled.has('master')) roles.push('control-plane');
	if (isEtcdMember || labelled.has('etcd')) roles.push('etcd');
	if ((isNode && !roles.includes('control-plane')) || labelled.has('worker')) roles.push('worker');
	for (const known of ['control-plane', 'master', 'etcd', 'worker']) labelled.delete(known);
	return [...roles, ...[...labelled].sort()];
}

/** Names in `node-role.kubernetes.io/NAME` labels and in the older `kubernetes.io/role=NAME`. */
function labelRoles(text: string): readonly string[] {
	const active = text
		.split('\n')
		.filter((line) => !line.trimStart().startsWith('#'))
		.join('\n');
	const modern = active.matchAll(/node-role\.kubernetes\.io\/([A-Za-z0-9][A-Za-z0-9_.-]*)/g);
	const older = active.matchAll(/[",=\s]kubernetes\.io\/role=([A-Za-z0-9][A-Za-z0-9_.-]*)/g);
	return [...modern, ...older].flatMap((match) => match[1] ?? []);
}

/** MicroK8s runs the control plane everywhere but on workers, where it leaves a lock file. */
async function microk8sControlPlane(options: HostOptions): Promise<boolean> {
	const [apiserver, workerLock] = await Promise.all([
		readHostFile('/var/snap/microk8s/current/args/kube-apiserver', options),
		anyExists(['/var/snap/microk8s/current/var/lock/clustered.lock'], options),
	]);
	return apiserver !== undefined && !workerLock;
}

/** True when one of the paths is there. */
async function anyExists(paths: readonly string[], options: HostOptions): Promise<boolean> {
	const found = await Promise.all(
		paths.map((path) =>
			access(hostPath(path, options)).then(
				() => true,
				() => false,
			),
		),
	);
	return found.includes(true);
}
