/** Attaches pods to the network one after the other until it is killed: `node cni-attach-program.ts ROOT BRIDGE SUBNET`. */
import path from 'node:path';
import { createPodNetwork } from '../../src/runtime/cni/cni-pod-network.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { createNamespaces } from '../../src/runtime/sys/namespaces-linux.ts';

const [root = '', bridge = '', subnet = ''] = process.argv.slice(2);
const namespaces = createNamespaces({ dir: path.join(root, 'ns'), sys: loadLibc(), log: () => undefined });
const network = createPodNetwork({
	confDir: path.join(root, 'net.d'),
	binDirs: ['/usr/lib/cni', '/opt/cni/bin'],
	cacheDir: path.join(root, 'cache'),
	builtin: { dir: path.join(root, 'builtin'), bridge, subnets: [subnet] },
	log: () => undefined,
});
for (let count = 0; ; count += 1) {
	const podSandboxId = `${bridge}-${process.pid}-${count}`;
	const pinned = await namespaces.pin({
		id: podSandboxId,
		network: true,
		ipc: true,
		uts: true,
		hostname: 'pod',
		sysctls: {},
	});
	const request = {
		podSandboxId,
		podName: 'pod',
		podNamespace: 'test',
		podUid: 'uid',
		netnsPath: pinned.network ?? '',
		portMappings: [],
		annotations: {},
		cgroupPath: '',
	};
	// The test counts these lines, to strike while there is work.
	process.stdout.write('attaching\n');
	await network.attach(request);
	if (count % 2 === 1) await network.detach(request);
}
