import { access } from 'node:fs/promises';
import { type HostOptions, hostPath, listHostFolder, readHostFile } from './host-file.ts';
import { type KubeletFacts, readKubeletFlagFiles } from './kubelet.ts';

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
	'/var/lib/k0s/etcd/member',
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
	'/var/lib/k0s/kubelet.conf',
];

/** Files of distributions that carry the node's labels, and folders of more such files. */
const distributionFiles = ['/etc/rancher/k3s/config.yaml', '/etc/rancher/rke2/config.yaml'];
const distributionFolders = distributionFiles.map((file) => `${file}.d`);

/** What a running kubelet adds to what lies on the disk. */
export type RunningKubelet = Pick<KubeletFacts, 'processName' | 'staticPodPath' | 'commandLine'>;

/**
 * Tells what part this host plays in a cluster, without an API server: from static pods, data folders and flags.
 * Order: `control-plane`, `etcd`, `worker`, then further names given by `node-role.kubernetes.io/…` labels in
 * alphabetical order. `worker` stands alone for a host that has a kubelet and no control plane. `[]` means that no
 * kubelet was ever set up here. A role set by the API server alone cannot be seen from the host.
 * @param running the kubelet that was found meanwhile, whose flags and configuration may name other folders and labels
 */
export async function readNodeRoles(
	options: HostOptions = {},
	running?: RunningKubelet,
): Promise<readonly string[]> {
	const folders = new Set([...manifestFolders, ...(running?.staticPodPath ? [running.staticPodPath] : [])]);
	const [manifests, etcd, kubelet, k3sServer, rke2Server, k0s, microk8s, flags] = await Promise.all([
		Promise.all([...folders].map((folder) => listHostFolder(folder, options))),
		anyExists(etcdFolders, options),
		anyExists(kubeletPaths, options),
		// `server/tls` is written by a server only; agents keep to `agent`.
		anyExists(['/var/lib/rancher/k3s/server/tls', '/var/lib/rancher/k3s/server/db'], options),
		anyExists(['/var/lib/rancher/rke2/server/tls', '/var/lib/rancher/rke2/server/db'], options),
		// Workers have the certificates of the authority, and not its key.
		anyExists(['/var/lib/k0s/pki/ca.key'], options),
		microk8sControlPlane(options),
		readFlags(options),
	]);
	const manifestNames = manifests
		.flatMap((names) => names ?? [])
		.filter((name) => /\.(ya?ml|json)$/.test(name));
	const isControlPlane =
		manifestNames.some((name) => name.startsWith('kube-apiserver')) ||
		// Its data may lie elsewhere (--data-dir), its name is always this.
		running?.processName === 'k3s-server' ||
		[k3sServer, rke2Server, k0s, microk8s].includes(true);
	const isEtcdMember = etcd || manifestNames.some((name) => /^etcd[-.]/.test(name));
	const labelled = new Set([...flags, running?.commandLine ?? ''].flatMap(labelRoles));
	// A controller of k0s has no kubelet, for all that its process may hold one.
	const runs = running?.processName !== undefined && running.processName !== 'k0s';
	const isNode = kubelet || runs || isControlPlane || manifestNames.length > 0;
	if (!isNode && !isEtcdMember) return [];

	const roles: string[] = [];
	if (isControlPlane || labelled.has('control-plane') || labelled.has('master')) roles.push('control-plane');
	if (isEtcdMember || labelled.has('etcd')) roles.push('etcd');
	if ((isNode && !roles.includes('control-plane')) || labelled.has('worker')) roles.push('worker');
	for (const known of ['control-plane', 'master', 'etcd', 'worker']) labelled.delete(known);
	return [...roles, ...[...labelled].sort()];
}

/** All texts that labels may be in. */
async function readFlags(options: HostOptions): Promise<readonly string[]> {
	const more = await Promise.all(
		distributionFolders.map(async (folder) =>
			((await listHostFolder(folder, options)) ?? []).map((name) => `${folder}/${name}`),
		),
	);
	const files = [...distributionFiles, ...more.flat().filter((name) => /\.ya?ml$/.test(name))];
	const texts = await Promise.all(files.map((file) => readHostFile(file, options)));
	return [...(await readKubeletFlagFiles(options)), ...texts.map((text) => text ?? '')];
}

/** Names in `node-role.kubernetes.io/NAME` labels and in the older `kubernetes.io/role=NAME`. */
function labelRoles(text: string): readonly string[] {
	const active = text
		.split('\n')
		.filter((line) => !line.trimStart().startsWith('#'))
		.join('\n');
	const modern = active.matchAll(
		// Not those of taints, which look the same but for their effect.
		/node-role\.kubernetes\.io\/([A-Za-z0-9][A-Za-z0-9_.-]*)(?![A-Za-z0-9_.-])(?!(?:=[^,\s"':]*)?:[NP])/g,
	);
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
