import { expect, test } from 'vitest';
import { readKubelet } from '../../../src/node/kubelet.ts';
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
	[
		'labels by a drop-in of systemd, and a taint that is none',
		{
			'/etc/systemd/system/kubelet.service.d/20-labels.conf':
				'Environment="KUBELET_EXTRA_ARGS=--register-with-taints=node-role.kubernetes.io/db=x:NoSchedule --node-labels=node-role.kubernetes.io/web="\n',
			'/etc/kubernetes/kubelet.conf': '',
		},
		['worker', 'web'],
	],
	[
		'labels by a further file of k3s, beside taints',
		{
			'/etc/rancher/k3s/config.yaml.d/labels.yaml':
				'node-label:\n  - "node-role.kubernetes.io/edge=true"\nnode-taint:\n  - "node-role.kubernetes.io/control-plane:NoSchedule"\n',
			'/var/lib/rancher/k3s/agent/kubelet.kubeconfig': '',
		},
		['worker', 'edge'],
	],
	[
		'static pods of rke2',
		{
			'/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml': '',
			'/var/lib/rancher/rke2/agent/pod-manifests/etcd.yaml': '',
		},
		['control-plane', 'etcd'],
	],
	[
		'k0s controller with a worker',
		{ '/var/lib/k0s/pki/ca.key': '', '/var/lib/k0s/kubelet.conf': '' },
		['control-plane'],
	],
	['k0s worker', { '/var/lib/k0s/pki/ca.crt': '', '/var/lib/k0s/kubelet.conf': '' }, ['worker']],
] as const)('%s', async (_, files, roles) => {
	await using host = await hostTree(files as Record<string, string>);
	expect(await readNodeRoles(host)).toEqual(roles);
});

test.each([
	[
		'flags: folder of static pods and labels',
		{
			'/proc/7/comm': 'kubelet\n',
			'/proc/7/cmdline':
				'/usr/bin/kubelet\0--pod-manifest-path=/srv/pods\0--node-labels\0node-role.kubernetes.io/gpu=,zone=a\0',
			'/srv/pods/kube-apiserver.yaml': '',
			'/srv/pods/etcd-0.yaml': '',
		},
		['control-plane', 'etcd', 'gpu'],
	],
	[
		'its configuration: folder of static pods',
		{
			'/proc/7/comm': 'kubelet\n',
			'/proc/7/cmdline': 'kubelet\0--config=/srv/kubelet.yaml\0',
			'/srv/kubelet.yaml': 'staticPodPath: /srv/pods\n',
			'/srv/pods/kube-apiserver.yaml': '',
		},
		['control-plane'],
	],
	['nothing but that it runs', { '/proc/7/comm': 'kubelet\n' }, ['worker']],
	[
		'k3s with its data elsewhere',
		{ '/proc/7/comm': 'k3s-server\n', '/proc/7/cmdline': '/usr/local/bin/k3s server\0' },
		['control-plane'],
	],
	[
		'a controller of k0s without kubelet',
		{ '/proc/7/comm': 'k0s\n', '/var/lib/k0s/etcd/member/x': '' },
		['etcd'],
	],
] as const)('a running kubelet says by %s', async (_, files, roles) => {
	await using host = await hostTree(files as Record<string, string>);
	expect(await readNodeRoles(host, await readKubelet(host))).toEqual(roles);
});
