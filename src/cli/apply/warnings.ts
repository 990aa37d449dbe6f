/** What of a manifest has no meaning without a cluster: refused where the pod would be another one, told where it would not. */
import { DocumentError } from '../requests/read-message.ts';
import type { ContainerSpec, PodManifest } from './manifest.ts';

/** Fields for schedulers, controllers and the API server. */
const clusterFields = [
	'activeDeadlineSeconds',
	'affinity',
	'imagePullSecrets',
	'nodeName',
	'nodeSelector',
	'priorityClassName',
	'readinessGates',
	'schedulingGates',
	'serviceAccount',
	'serviceAccountName',
	'setHostnameAsFQDN',
	'subdomain',
	'topologySpreadConstraints',
] as const;

const refusedFields = {
	ephemeralContainers: 'is for pods that run already; criscope exec opens a shell in one',
	resourceClaims: 'can only be met by a cluster',
	resources: 'is not possible here: the CRI limits containers; give each its own',
} as const;

const probeFields = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

function allContainers({ spec = {} }: PodManifest): readonly ContainerSpec[] {
	return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

/** @throws DocumentError for what would make it another pod than the one that was asked for. */
export function refuseClusterParts(pod: PodManifest): void {
	const spec = pod.spec ?? {};
	for (const [field, cause] of Object.entries(refusedFields)) {
		if (spec[field as keyof typeof refusedFields] !== undefined)
			throw new DocumentError(`"spec.${field}" ${cause}`);
	}
	if (spec.hostUsers === false)
		throw new DocumentError('"spec.hostUsers" cannot be false: user ids are for a kubelet to hand out');
	if (spec.os?.name !== undefined && spec.os.name !== 'linux')
		throw new DocumentError(`"spec.os.name" is ${spec.os.name}, and this is Linux`);
	if (spec.securityContext?.windowsOptions !== undefined)
		throw new DocumentError('"spec.securityContext.windowsOptions" is for Windows');
	for (const container of allContainers(pod)) {
		if (container.volumeDevices !== undefined) {
			throw new DocumentError(
				`volumeDevices of container "${container.name ?? ''}" need a persistent volume, and so a cluster`,
			);
		}
	}
}

/** One sentence for each kind of thing that is left out; none where all of the manifest acts. */
export function warningsOf(pod: PodManifest): readonly string[] {
	const spec = pod.spec ?? {};
	const containers = allContainers(pod);
	const ignored = clusterFields.filter(
		(field) => spec[field] !== undefined && spec[field] !== 'default' && spec[field] !== false,
	);
	const probes = probeFields.filter((field) =>
		containers.some((container) => container[field] !== undefined),
	);
	const ruled = containers.some(({ restartPolicyRules }) => restartPolicyRules !== undefined);
	const { restartPolicy = 'Always' } = spec;
	return [
		...(restartPolicy === 'Never'
			? []
			: [
					`restartPolicy ${restartPolicy} has nobody to act on it: what ends stays ended until it is applied again`,
				]),
		...(ruled ? ['restartPolicyRules: nobody starts a container again'] : []),
		...(probes.length > 0 ? [`${probes.join(', ')}: nobody probes without a kubelet`] : []),
		...(containers.some(({ lifecycle }) => lifecycle !== undefined)
			? ['lifecycle: its hooks are not run without a kubelet']
			: []),
		...(ignored.length > 0 ? [`${ignored.join(', ')}: without a meaning where there is no cluster`] : []),
	];
}
