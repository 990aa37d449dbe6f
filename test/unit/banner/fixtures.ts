import type { BannerFacts } from '../../../src/banner/facts.ts';
import { containerId, podSandboxId } from '../../../src/cri/ids.ts';
import type { ContainerState } from '../../../src/cri/model.ts';
import type { PlainContainer, PlainPod, PlainStatus } from '../../../src/cri/transport/plain-client.ts';

/** The present of these tests, in milliseconds since the epoch. */
export const nowMs = 1_790_000_000_000;

/** A pod by its name. */
export function pod(name: string, state: PlainPod['state'] = 'ready', attempt = 0): PlainPod {
	return {
		id: podSandboxId(`${name}-${attempt}`),
		metadata: { name, uid: name, namespace: 'shop', attempt },
		state,
	};
}

/** A container of a pod; its id is `pod/name/attempt`. */
export function container(of: string, state: ContainerState, attempt = 0, name = 'app'): PlainContainer {
	return {
		id: containerId(`${of}/${name}/${attempt}`),
		podSandboxId: podSandboxId(`${of}-0`),
		metadata: { name, attempt },
		state,
	};
}

/** How a container ended, so many milliseconds ago. */
export function ended(exitCode: number, reason = '', agoMs = 60_000): PlainStatus {
	return { state: 'exited', exitCode, reason, finishedAtNanos: BigInt(nowMs - agoMs) * 1_000_000n };
}

const gib = 2 ** 30;

/** A node on which all is well. */
export function healthyFacts(changes: Partial<BannerFacts> = {}): BannerFacts {
	return {
		hostname: 'worker-1',
		machineId: '0123456789abcdef0123456789abcdef',
		roles: ['control-plane', 'etcd'],
		kubeletRuns: true,
		disks: [
			{
				mountPoint: '/',
				holds: ['nodefs', 'imagefs'],
				totalBytes: 100 * gib,
				availableBytes: 58 * gib,
				inodesFreeRatio: 0.9,
			},
		],
		memory: { totalBytes: 16 * gib, availableBytes: 11 * gib, stalledPercent: 0 },
		runtime: { kind: 'chosen', endpoint: 'unix:///run/containerd/containerd.sock' },
		version: { runtimeName: 'containerd', runtimeVersion: '2.1.4' },
		conditions: [
			{ type: 'RuntimeReady', status: true, reason: '', message: '' },
			{ type: 'NetworkReady', status: true, reason: '', message: '' },
		],
		pods: [pod('api'), pod('web')],
		containers: [container('api', 'running'), container('web', 'running')],
		statuses: new Map(),
		...changes,
	};
}
