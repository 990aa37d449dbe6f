import { expect, test } from 'vitest';
import { mayBeServedByKubelet, readKubelet } from '../../../src/node/kubelet.ts';
import { parseQuantity } from '../../../src/node/kubelet-settings.ts';
import { hostTree } from './host-tree.ts';

test('a host without kubelet gets the defaults, and may be listened to', async () => {
	await using host = await hostTree({ '/proc/1/comm': 'systemd\n' });
	const facts = await readKubelet(host);
	expect(facts).toMatchObject({
		running: false,
		pid: undefined,
		containerLogMaxSizeBytes: 10_485_760,
		containerLogMaxFiles: 5,
	});
	expect(facts.evictionHard).toContainEqual({
		signal: 'imagefs.available',
		value: { kind: 'percent', percent: 15 },
		isDefault: true,
	});
	expect(mayBeServedByKubelet(facts, 'unix:///run/containerd/containerd.sock')).toBe(false);
});

test('flags of the process win over files, files over the configuration', async () => {
	await using host = await hostTree({
		'/proc/812/comm': 'kubelet\n',
		'/proc/812/cmdline':
			'/usr/bin/kubelet\0--config=/etc/k/config.yaml\0--container-runtime-endpoint\0unix:///var/run/crio/crio.sock\0',
		'/var/lib/kubelet/kubeadm-flags.env':
			'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=/other.sock --pod-manifest-path=/m"',
		'/etc/k/config.yaml':
			'staticPodPath: /etc/kubernetes/manifests\ncontainerLogMaxSize: 50Mi\ncontainerLogMaxFiles: 3\nevictionHard:\n  memory.available: 200Mi\n  nodefs.available: "7.5%"\n  bad: nonsense\n',
	});
	const facts = await readKubelet(host);
	expect(facts).toEqual({
		running: true,
		pid: 812,
		processName: 'kubelet',
		configPath: '/etc/k/config.yaml',
		containerLogMaxSizeBytes: 52_428_800,
		containerLogMaxFiles: 3,
		staticPodPath: '/m',
		commandLine:
			'/usr/bin/kubelet\n--config=/etc/k/config.yaml\n--container-runtime-endpoint\nunix:///var/run/crio/crio.sock\n',
		runtimeEndpoint: 'unix:///var/run/crio/crio.sock',
		evictionHard: [
			{ signal: 'memory.available', value: { kind: 'bytes', bytes: 209_715_200 }, isDefault: false },
			{ signal: 'nodefs.available', value: { kind: 'percent', percent: 7.5 }, isDefault: false },
		],
	});
	expect(mayBeServedByKubelet(facts, '/run/crio/crio.sock')).toBe(true);
	expect(mayBeServedByKubelet(facts, 'unix:///run/criscope/criscope.sock')).toBe(false);
});

test('a kubelet whose socket is not known is taken to use any', async () => {
	await using host = await hostTree({
		'/proc/5/comm': 'k3s-agent\n',
		'/var/lib/kubelet/config.yaml': ':\n\t- [broken',
	});
	const facts = await readKubelet(host);
	expect(facts).toMatchObject({ running: true, processName: 'k3s-agent', containerLogMaxFiles: 5 });
	expect(mayBeServedByKubelet(facts, 'unix:///run/containerd/containerd.sock')).toBe(true);
});

test.each([
	['10Mi', 10_485_760],
	['1.5Gi', 1_610_612_736],
	['500M', 5e8],
	['1e3', 1000],
	['100', 100],
	['1500m', 1.5],
	['', undefined],
	['10%', undefined],
	['-1', undefined],
])('quantity %s', (text, bytes) => {
	expect(parseQuantity(text)).toBe(bytes);
});

test('drop-ins of systemd name the configuration, the last one by its name, and comments name nothing', async () => {
	await using host = await hostTree({
		'/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf':
			'[Service]\n# "--config=/commented.yaml"\nEnvironment="KUBELET_CONFIG_ARGS=--config=/first.yaml"\n',
		'/etc/systemd/system/kubelet.service.d/20-own.conf':
			'[Service]\nEnvironment="KUBELET_EXTRA_ARGS=--config=/own.yaml --v=2"\n',
		'/etc/systemd/system/kubelet.service.d/30-old.conf.bak': 'Environment="A=--config=/saved.yaml"\n',
		'/own.yaml': 'staticPodPath: /srv/pods\n',
	});
	expect(await readKubelet(host)).toMatchObject({ configPath: '/own.yaml', staticPodPath: '/srv/pods' });
});
