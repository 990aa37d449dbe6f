/**
 * The sockets where runtimes listen unless told otherwise, and who is at each of them now.
 * Source: crictl 1.36's defaults (containerd, CRI-O, cri-dockerd); the documentation of k3s, RKE2 and MicroK8s.
 */
import { join } from 'node:path';
import { embeddedSocketPath, formatEndpoint } from './endpoint-address.ts';
import { type ProbeResult, probeEndpoint } from './socket-probe.ts';

/** A place to look at. */
export type WellKnownSocket = {
	/** For people: "containerd". */
	readonly name: string;
	readonly path: string;
};

/** A socket that was found, open or closed to us. */
export type FoundSocket = WellKnownSocket & {
	/** `unix://` and the path. */
	readonly endpoint: string;
	readonly probe: ProbeResult;
};

/**
 * In the order of preference. Where containers of Kubernetes run comes before Docker's adapter and before
 * our own runtime, which is there for nodes that have no other.
 */
export const wellKnownSockets: readonly WellKnownSocket[] = [
	{ name: 'containerd', path: '/run/containerd/containerd.sock' },
	{ name: 'CRI-O', path: '/var/run/crio/crio.sock' },
	{ name: 'k3s or RKE2', path: '/run/k3s/containerd/containerd.sock' },
	{ name: 'MicroK8s', path: '/var/snap/microk8s/common/run/containerd.sock' },
	{ name: 'cri-dockerd', path: '/var/run/cri-dockerd.sock' },
	{ name: 'criscope', path: embeddedSocketPath },
];

/**
 * Probes all sockets side by side; the answer keeps the order of preference.
 * @param root folder taken for `/`, for tests and for a host's tree mounted in a container.
 */
export async function probeSockets(
	sockets: readonly WellKnownSocket[],
	options: {
		readonly root?: string | undefined;
		readonly timeoutMs?: number;
		readonly signal?: AbortSignal | undefined;
	} = {},
): Promise<readonly FoundSocket[]> {
	const { root = '/', ...probeOptions } = options;
	return Promise.all(
		sockets.map(async ({ name, path: plain }) => {
			const path = join(root, plain);
			const probe = await probeEndpoint({ kind: 'unix', path }, probeOptions);
			return { name, path, endpoint: formatEndpoint({ kind: 'unix', path }), probe };
		}),
	);
}
