import { expect, test } from 'vitest';
import { readNodeRoles } from '../../../src/node/roles.ts';
import { hostTree } from './host-tree.ts';

test.each([
	['nothing set up', {}, []],
	['a plain worker', { '/var/lib/kubelet/config.yaml': 'kind: KubeletConfiguration' }, ['worker']],
	[
		'kubeadm control plane with etcd',
		{
			'/etc/kubernetes/manifests/kube-apiserver.yaml': '',
			'/etc/kubernetes/manifests/etcd.yaml': '',
			'/var/lib/kubelet/config.yaml': '',
		},
		['control-plane', 'etcd'],
	],
	[
		'a saved copy is no manifest',
		{ '/etc/kubernetes/manifests/kube-apiserver.yaml.bak': '', '/etc/kubernetes/kubelet.conf': '' },
		['worker'],
	],
	['an etcd host without kubelet', { '/var/lib/etcd/member/wal/0': '' }, ['etcd']],
	[
		'labels by flag',
		{
			'/etc/kubernetes/kubelet.conf': '',
			'/var/lib/kubelet/kubeadm-flags.env':
				'KUBELET_KUBEADM_ARGS="--node-labels=node-role.kubernetes.io/infra=,zone=a,node-role.kubernetes.io/gpu= --v=2"\n',
		},
		['worker', 'gpu', 'infra'],
	],
	['k3s agent', { '/var/lib/rancher/k3s/agent/kubelet.kubeconfig': '' }, ['worker']],
	[
		'k3s server',
		{ '/var/lib/rancher/k3s/agent/kubelet.kubeconfig': '', '/var/lib/rancher/k3s/server/tls/x': '' },
		['control-plane'],
	],
	[
		'rke2 server with etcd',
		{ '/var/lib/rancher/rke2/server/tls/x': '', '/var/lib/rancher/rke2/server/db/etcd/member/x': '' },
		['control-plane', 'etcd'],
	],
	[
		'microk8s worker',
		{
			'/var/snap/microk8s/current/args/kubelet': '',
			'/var/snap/microk8s/current/args/kube-apiserver': '',
			'/var/snap/microk8s/current/var/lock/clustered.lock': '',
		},
		['worker'],
	],
] as const)('%s', async (_, files, roles) => {
	await using host = await hostTree(files as Record<string, string>);
	expect(await readNodeRoles(host)).toEqual(roles);
});
