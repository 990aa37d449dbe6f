/** What a manifest's pod becomes in the CRI: the mapping of a kubelet. Source: kubelet pkg/kubelet/kuberuntime */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { ContainerConfig, PodSandboxConfig, ProtocolMessage } from '../../cri/sandbox-config.ts';
import {
	checkDnsName,
	kubeletContainerLabels,
	kubeletPodLabels,
	type PodName,
	podLogDirectory,
} from '../requests/pod-words.ts';
import { DocumentError } from '../requests/read-message.ts';
import { type EnvFacts, environmentOf, processOf } from './environment.ts';
import { type ContainerSpec, type Manifest, objectPath, type PodManifest, type PodSpec } from './manifest.ts';
import { needsOf, qosOf, resourcesOf } from './resources.ts';
import { containerSecurity, sandboxSecurity } from './security.ts';
import { checkMount, volumeKind } from './volumes.ts';
import { refuseClusterParts } from './warnings.ts';

/** Annotations by which an applied pod is known again. */
export const applyHash = 'criscope.apply/hash';
export const applyGrace = 'criscope.apply/grace-seconds';

const usualGraceSeconds = 30;

/** Namespace and name. */
export function podNameOf(pod: PodManifest): { readonly namespace: string; readonly name: string } {
	const { name = '', namespace = 'default' } = pod.metadata ?? {};
	objectPath(pod);
	try {
		checkDnsName(namespace, '"metadata.namespace"', 63);
		return { namespace, name: checkDnsName(name, '"metadata.name"') };
	} catch (error) {
		throw new DocumentError((error as Error).message);
	}
}

/** Equal for equal pods with equal ConfigMaps and Secrets, in whatever order fields stand. */
export function manifestHash(
	pod: PodManifest,
	{ configMaps, secrets }: Pick<Manifest, 'configMaps' | 'secrets'>,
): string {
	const sorted = (value: unknown): unknown => {
		// Numbers of what is not looked at.
		if (typeof value === 'bigint') return String(value);
		if (Array.isArray(value)) return value.map(sorted);
		if (typeof value !== 'object' || value === null) return value;
		const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
		return Object.fromEntries(pairs.map(([key, field]) => [key, sorted(field)]));
	};
	const { status: _status, ...wanted } = pod;
	const keyed = [configMaps, secrets].map((maps) =>
		[...maps].map(([path, keys]) => [
			path,
			[...keys].map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')]),
		]),
	);
	return createHash('sha256')
		.update(JSON.stringify([sorted(wanted), keyed]))
		.digest('hex');
}

function hostnameOf({ hostname, hostnameOverride }: PodSpec, name: string): string {
	// As a kubelet: the kernel takes 64 characters, and a name no dot at its end.
	return hostnameOverride ?? hostname ?? name.slice(0, 63).replace(/[-.]+$/u, '');
}

function portsOf(spec: PodSpec): readonly ProtocolMessage[] {
	return (spec.containers ?? []).flatMap(({ ports = [] }, container) =>
		ports.map(({ containerPort = 0, hostPort = 0, hostIP = '', protocol = 'TCP' }, index) => {
			const at = `spec.containers[${container}].ports[${index}]`;
			if (containerPort < 1 || containerPort > 65_535)
				throw new DocumentError(`"${at}.containerPort" must be from 1 to 65535`);
			if (hostPort < 0 || hostPort > 65_535)
				throw new DocumentError(`"${at}.hostPort" must be from 1 to 65535`);
			if (!['TCP', 'UDP', 'SCTP'].includes(protocol))
				throw new DocumentError(`"${at}.protocol" knows no "${protocol}"`);
			if (hostIP !== '' && isIP(hostIP) === 0)
				throw new DocumentError(`"${at}.hostIP" is no IP address: "${hostIP}"`);
			return { protocol, containerPort, hostPort, hostIp: hostIP };
		}),
	);
}

/** @param host name servers and domains of this host, as resolv.conf has them */
function dnsOf(spec: PodSpec, host: DnsLists): ProtocolMessage | undefined {
	const { dnsPolicy = 'ClusterFirst', dnsConfig } = spec;
	if (!['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'].includes(dnsPolicy)) {
		throw new DocumentError(`"spec.dnsPolicy" knows no "${dnsPolicy}"`);
	}
	const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
	const wrong = nameservers.find((server) => isIP(server) === 0);
	if (wrong !== undefined)
		throw new DocumentError(`"spec.dnsConfig.nameservers" has "${wrong}", which is no IP address`);
	if (dnsPolicy === 'None' && nameservers.length === 0)
		throw new DocumentError('"spec.dnsPolicy" None needs "spec.dnsConfig.nameservers"');
	if (!dnsConfig) return undefined;
	const base = dnsPolicy === 'None' ? { servers: [], searches: [], options: [] } : host;
	return {
		servers: [...new Set([...base.servers, ...nameservers])],
		searches: [...new Set([...base.searches, ...searches])],
		options: [...base.options, ...options.map(({ name = '', value }) => (value ? `${name}:${value}` : name))],
	};
}

/** The words of a resolv.conf. */
export type DnsLists = {
	readonly servers: readonly string[];
	readonly searches: readonly string[];
	readonly options: readonly string[];
};

/** Lists of a resolv.conf. Source: resolv.conf(5) */
export function readResolvConf(text: string): DnsLists {
	const words = (keyword: string) =>
		text.split('\n').flatMap((line) => {
			const [first, ...rest] = line.trim().split(/\s+/u);
			return first === keyword ? rest : [];
		});
	return {
		servers: words('nameserver').filter((server) => isIP(server) !== 0),
		searches: words('search'),
		options: words('options'),
	};
}

/** @throws DocumentError naming what is wrong, before anything is made */
export function checkPod(pod: PodManifest): void {
	refuseClusterParts(pod);
	const { spec = {} } = pod;
	const { containers = [], initContainers = [], restartPolicy = 'Always' } = spec;
	podNameOf(pod);
	if (containers.length === 0) throw new DocumentError('"spec.containers" has none');
	if (!['Always', 'OnFailure', 'Never'].includes(restartPolicy)) {
		throw new DocumentError(`"spec.restartPolicy" is Always, OnFailure or Never, not "${restartPolicy}"`);
	}
	for (const [index, volume] of (spec.volumes ?? []).entries()) volumeKind(volume, `spec.volumes[${index}]`);
	const names = new Set<string>();
	for (const [list, all] of Object.entries({ initContainers, containers })) {
		for (const [index, container] of all.entries()) {
			const at = `spec.${list}[${index}]`;
			const { name = '', image = '', imagePullPolicy: policy } = container;
			if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u.test(name))
				throw new DocumentError(`"${at}.name" is of lower-case letters, digits and -, not "${name}"`);
			if (names.has(name)) throw new DocumentError(`"${at}.name" is there twice: "${name}"`);
			names.add(name);
			if (image === '') throw new DocumentError(`"${at}.image" is missing`);
			if (policy !== undefined && !['Always', 'IfNotPresent', 'Never'].includes(policy))
				throw new DocumentError(`"${at}.imagePullPolicy" knows no "${policy}"`);
			needsOf(container, at);
			containerSecurity(spec, container, at);
			for (const [mount, volumeMount] of (container.volumeMounts ?? []).entries())
				checkMount(volumeMount, spec, `${at}.volumeMounts[${mount}]`);
		}
	}
	portsOf(spec);
	dnsOf(spec, readResolvConf(''));
	resourcesOf({ limits: {}, requests: {} }, qosOf(spec), 1n, '');
}

/** What RunPodSandbox is asked for. */
export function sandboxConfig(
	pod: PodManifest,
	podName: PodName,
	facts: { readonly hash: string; readonly resolvConf: DnsLists },
): PodSandboxConfig {
	const { spec = {}, metadata = {} } = pod;
	const sysctls = (spec.securityContext?.sysctls ?? []).map(({ name = '', value = '' }) => [name, value]);
	const dns = dnsOf(spec, facts.resolvConf);
	return {
		metadata: { ...podName, attempt: 0 },
		// A pod in the host's network has the host's name.
		hostname: spec.hostNetwork ? '' : hostnameOf(spec, podName.name),
		logDirectory: podLogDirectory(podName),
		...(dns && { dnsConfig: dns }),
		portMappings: spec.hostNetwork ? [] : portsOf(spec),
		labels: { ...metadata.labels, ...kubeletPodLabels(podName) },
		annotations: {
			...metadata.annotations,
			'kubernetes.io/config.source': 'file',
			[applyHash]: facts.hash,
			[applyGrace]: String(spec.terminationGracePeriodSeconds ?? usualGraceSeconds),
		},
		linux: { sysctls: Object.fromEntries(sysctls), securityContext: sandboxSecurity(spec) },
	};
}

/** What CreateContainer is asked for, but for its mounts. @param at path of the container in the manifest */
export function containerConfig(
	pod: PodManifest,
	podName: PodName,
	container: ContainerSpec,
	at: string,
	facts: EnvFacts & { readonly capacityBytes: bigint },
): ContainerConfig {
	const { spec = {} } = pod;
	const { name = '', image = '' } = container;
	return {
		metadata: { name, attempt: 0 },
		image: { image },
		...processOf(container, environmentOf(container, facts, at)),
		workingDir: container.workingDir,
		labels: kubeletContainerLabels(podName, name),
		annotations: {
			'io.kubernetes.container.restartCount': '0',
			'io.kubernetes.pod.terminationGracePeriod': String(
				spec.terminationGracePeriodSeconds ?? usualGraceSeconds,
			),
		},
		logPath: `${name}/0.log`,
		stdin: container.stdin,
		stdinOnce: container.stdinOnce,
		tty: container.tty,
		linux: {
			resources: resourcesOf(needsOf(container, at), qosOf(spec), facts.capacityBytes, at),
			securityContext: containerSecurity(spec, container, at),
		},
	};
}
