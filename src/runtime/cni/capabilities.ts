/**
 * What plugins are told of a pod when they ask for it by a capability.
 * Source: CNI conventions; what CRI-O 1.36 sends, and host ports, which it makes itself
 */
import { InvalidArgumentError } from '../../cri/errors.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import type { AttachRequest } from './pod-network.ts';

/** By name of the capability. */
export type CapabilityArgs = Readonly<Record<string, unknown>>;

/** The capability that makes host ports. */
export const portMappingsCapability = 'portMappings';

/** The capability that limits what a pod sends and receives. */
export const bandwidthCapability = 'bandwidth';

/** Just below what the plugin takes (32 bits of bytes), in bits: never a limit by itself. Source: CRI-O */
const burstBits = 0xffff_ffff * 8 - 1;

/** @throws InvalidArgumentError naming the annotation that is wrong */
export function capabilityArgsOf(
	request: Pick<AttachRequest, 'portMappings' | 'annotations' | 'cgroupPath'>,
): CapabilityArgs {
	const hostPorts = request.portMappings
		.filter(({ hostPort }) => hostPort > 0)
		.map(({ hostPort, containerPort, protocol, hostIp }) => ({
			hostPort,
			containerPort,
			protocol,
			hostIP: hostIp,
		}));
	const bandwidth = bandwidthOf(request.annotations);
	return {
		...(hostPorts.length === 0 ? {} : { [portMappingsCapability]: hostPorts }),
		...(bandwidth === undefined ? {} : { [bandwidthCapability]: bandwidth }),
		...(request.cgroupPath === '' ? {} : { cgroupPath: request.cgroupPath }),
		'io.kubernetes.cri.pod-annotations': request.annotations,
	};
}

function bandwidthOf(
	annotations: AttachRequest['annotations'],
): Readonly<Record<string, number>> | undefined {
	const ingress = rateOf(annotations, 'kubernetes.io/ingress-bandwidth');
	const egress = rateOf(annotations, 'kubernetes.io/egress-bandwidth');
	if (ingress === undefined && egress === undefined) return undefined;
	return {
		...(ingress === undefined ? {} : { ingressRate: ingress, ingressBurst: burstBits }),
		...(egress === undefined ? {} : { egressRate: egress, egressBurst: burstBits }),
	};
}

const suffixes: Readonly<Record<string, number>> = {
	m: 1e-3,
	'': 1,
	k: 1e3,
	M: 1e6,
	G: 1e9,
	T: 1e12,
	P: 1e15,
	Ki: 2 ** 10,
	Mi: 2 ** 20,
	Gi: 2 ** 30,
	Ti: 2 ** 40,
	Pi: 2 ** 50,
};

/** Bits a second, from a Kubernetes quantity between 1k and 1P. Source: kubernetes pkg/util/bandwidth */
function rateOf(annotations: AttachRequest['annotations'], name: string): number | undefined {
	const text = annotations[name];
	if (text === undefined) return undefined;
	const [, number, suffix = ''] =
		/^\+?(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)([A-Za-z]*)$/.exec(text.trim()) ?? [];
	const rate = Math.ceil(Number(number) * (suffixes[suffix] ?? Number.NaN));
	if (rate >= 1e3 && rate <= 1e15) return rate;
	throw new InvalidArgumentError(
		`annotation "${name}" is "${sanitizeLine(text)}", not a rate between 1k and 1P bits a second`,
	);
}
