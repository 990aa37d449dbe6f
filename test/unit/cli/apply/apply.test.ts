import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkManifest } from '../../../../src/cli/apply/check-manifest.ts';
import { expand } from '../../../../src/cli/apply/environment.ts';
import { sortDocuments } from '../../../../src/cli/apply/manifest.ts';
import { manifestHash, readResolvConf, sandboxConfig } from '../../../../src/cli/apply/pod-plan.ts';
import { readMilliQuantity, readQuantity } from '../../../../src/cli/apply/quantity.ts';
import { qosOf, resourcesOf } from '../../../../src/cli/apply/resources.ts';
import { containerSecurity, namespacesOf } from '../../../../src/cli/apply/security.ts';
import { warningsOf } from '../../../../src/cli/apply/warnings.ts';
import { parseGoYaml } from '../../../../src/cli/yaml-library.ts';

const read = (text: string) => sortDocuments(parseGoYaml(text));
const pod = (spec: string) =>
	read(
		`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}], ${spec}}}`,
	);

describe('quantities', () => {
	it.each([
		['500m', 500n],
		['1', 1000n],
		['0.1', 100n],
		['1.5', 1500n],
		['1e3', 1_000_000n],
		['64Mi', 67_108_864_000n],
		['1k', 1_000_000n],
		['.5', 500n],
		['1n', 1n],
	])('%s', (text, milli) => {
		expect(readMilliQuantity(text, 'x')).toBe(milli);
	});

	it.each(['', 'x', '1x', '1 Gi', '-1', '1MiB', '__proto__', 'constructor'])('refuses %j', (text) => {
		expect(() => readQuantity(text, 'spec.x')).toThrow('"spec.x" must be a quantity');
	});

	it('are what they were, in any unit', () => {
		fc.assert(fc.property(fc.bigInt(0n, 2n ** 40n), (n) => readQuantity(`${n}Ki`, '') === n * 1024n));
	});
});

describe('resources of a container, as a kubelet asks for them', () => {
	const needs = (limits: Record<string, string>, requests = limits) => ({ limits, requests });
	it('of a guaranteed one', () => {
		expect(resourcesOf(needs({ cpu: '250m', memory: '64Mi' }), 'Guaranteed', 10n ** 10n, '')).toMatchObject({
			cpuShares: 256n,
			cpuQuota: 25_000n,
			cpuPeriod: 100_000n,
			memoryLimitInBytes: 67_108_864n,
			oomScoreAdj: -997n,
		});
	});
	it('of one without any', () => {
		const made = resourcesOf(needs({}), 'BestEffort', 10n ** 10n, '');
		expect(made).toMatchObject({ cpuShares: 2n, memoryLimitInBytes: 0n, oomScoreAdj: 1000n });
		expect(made).not.toHaveProperty('cpuQuota');
	});
	it('of one between, by its share of the memory', () => {
		expect(resourcesOf(needs({}, { memory: '2500M' }), 'Burstable', 10n ** 10n, '')).toMatchObject({
			oomScoreAdj: 750n,
		});
		expect(resourcesOf(needs({}, { memory: '1' }), 'Burstable', 10n ** 10n, '')).toMatchObject({
			oomScoreAdj: 999n,
		});
	});
	it('knows the class of a pod', () => {
		const of = (resources: string) =>
			qosOf(pod(`initContainers: [{name: j, image: i, resources: ${resources}}]`).pods[0]?.spec ?? {});
		expect(of('{}')).toBe('BestEffort');
		expect(of('{limits: {cpu: 1, memory: 1Gi}}')).toBe('Burstable');
		expect(qosOf({ containers: [{ name: 'c', resources: { limits: { cpu: '1', memory: '1Gi' } } }] })).toBe(
			'Guaranteed',
		);
	});
});

describe('security', () => {
	it("a container's own settings go over the pod's", () => {
		const spec = { securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] } };
		const container = {
			securityContext: { runAsUser: 5, capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false },
		};
		expect(containerSecurity(spec, container, 'x')).toMatchObject({
			runAsUser: { value: 5n },
			runAsGroup: { value: 2n },
			supplementalGroups: [4n, 3n],
			noNewPrivs: true,
			capabilities: { dropCapabilities: ['ALL'] },
			seccomp: { profileType: 'Unconfined' },
		});
	});
	it('namespaces', () => {
		expect(namespacesOf({})).toEqual({ network: 'POD', pid: 'CONTAINER', ipc: 'POD' });
		expect(namespacesOf({ hostNetwork: true, hostIPC: true, shareProcessNamespace: true })).toEqual({
			network: 'NODE',
			pid: 'POD',
			ipc: 'NODE',
		});
	});
});

it('$(NAME) is replaced, $$ is a dollar, what is unknown stays', () => {
	const values = new Map([['A', 'x']]);
	expect(expand('$(A)-$$(A)-$(B)-$A-$', values)).toBe('x-$(A)-$(B)-$A-$');
});

describe('manifests', () => {
	it('a sandbox is labelled as a kubelet labels it', () => {
		const { pods, ...maps } = pod(
			'hostname: other, hostnameOverride: h, dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.1], options: [{name: ndots, value: "2"}]}',
		);
		const [first] = pods;
		if (!first) throw new Error('no pod');
		const podName = { namespace: 'default', name: 'p', uid: 'u' };
		const hash = manifestHash(first, maps);
		expect(sandboxConfig(first, podName, { hash, resolvConf: readResolvConf('') })).toMatchObject({
			metadata: { ...podName, attempt: 0 },
			hostname: 'h',
			labels: { 'io.kubernetes.pod.uid': 'u' },
			dnsConfig: { servers: ['192.0.2.1'], options: ['ndots:2'] },
		});
	});

	it('equal manifests have equal hashes, whatever the order; others do not', () => {
		const hash = (text: string) => {
			const manifest = read(text);
			return manifestHash(manifest.pods[0] ?? {}, manifest);
		};
		const one = hash('{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: b, c: d}}}');
		expect(
			hash('{kind: Pod, metadata: {labels: {c: d, a: b}, name: p}, apiVersion: v1, status: {x: 1}}'),
		).toBe(one);
		expect(hash('{apiVersion: v1, kind: Pod, metadata: {name: p}}')).not.toBe(one);
		expect(
			hash(
				'apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: b, c: d}}\nspec: {tolerations: [{tolerationSeconds: 5}]}',
			),
		).not.toBe(one);
	});

	it('reads lists, and Secrets in base64', () => {
		const { pods, secrets } = read(
			'{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: p}}, {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {k: aGk=}}]}',
		);
		expect(pods).toHaveLength(1);
		expect(Buffer.from(secrets.get('default/s')?.get('k') ?? []).toString()).toBe('hi');
	});

	it.each([
		['{}', '"kind" is missing'],
		['{apiVersion: apps/v1, kind: Deployment}', 'Deployment of apps/v1 cannot be applied without a cluster'],
		['{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}', 'there is no Pod in it'],
		['{apiVersion: v1, kind: Pod}', '"metadata.name" is missing'],
		[
			'{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {container: []}}',
			'unknown field "spec.container" (did you mean "containers"?)',
		],
		[
			'{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {hostNetwork: "true"}}',
			'"spec.hostNetwork" must be true or false',
		],
		[
			'{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: 5}}}',
			'"metadata.labels.a" must be a text, not 5: write it in quotes',
		],
		[
			'{apiVersion: v1, kind: Pod, metadata: {name: p}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: p}}',
			'document 2: pod "default/p" stands in it twice',
		],
		['{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {k: "*"}}', '"data.k" must be base64'],
	])('refuses %j', (text, sentence) => {
		expect(() => read(text)).toThrow(sentence);
	});

	it.each([
		['restartPolicy: Sometimes', '"spec.restartPolicy" is Always, OnFailure or Never'],
		['volumes: [{name: v, nfs: {}}]', '"spec.volumes[0].nfs" is not possible without a cluster'],
		['volumes: [{name: v, emptyDir: {}, secret: {}}]', 'a volume has one of them'],
		['initContainers: [{name: c, image: i}]', '"spec.containers[0].name" is there twice: "c"'],
		[
			'initContainers: [{name: j, image: i, volumeMounts: [{name: x, mountPath: /x}]}]',
			'names no volume: "x"',
		],
		[
			'initContainers: [{name: j, image: i, resources: {limits: {nvidia.com/gpu: 1}}}]',
			'asks for nvidia.com/gpu',
		],
		[
			'initContainers: [{name: j, image: i, env: [{name: A, valueFrom: {resourceFieldRef: {}}}]}]',
			'has resourceFieldRef',
		],
		[
			'initContainers: [{name: j, image: i, env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.x}}}]}]',
			'knows no "spec.x"',
		],
		[
			'initContainers: [{name: j, image: i, securityContext: {privileged: true, allowPrivilegeEscalation: false}}]',
			'cannot be false',
		],
		['hostPID: true, shareProcessNamespace: true', 'do not go together'],
		['dnsPolicy: None', 'needs "spec.dnsConfig.nameservers"'],
		['hostUsers: false', '"spec.hostUsers" cannot be false'],
	])('refuses a pod with %s', (spec, sentence) => {
		expect(() => checkManifest('f.yaml', pod(spec))).toThrow(sentence);
		expect(() => checkManifest('f.yaml', pod(spec))).toThrow('cannot apply pod "p" of "f.yaml": ');
	});

	it('warns once of each thing that has nobody to act on it', () => {
		const of = (spec: string) => warningsOf(pod(spec).pods[0] ?? {});
		expect(of('restartPolicy: Never')).toEqual([]);
		expect(of('tolerations: []')).toEqual([
			expect.stringContaining('restartPolicy Always has nobody to act on it'),
		]);
		expect(of('restartPolicy: Never, nodeSelector: {a: b}, affinity: {}')).toEqual([
			'affinity, nodeSelector: without a meaning where there is no cluster',
		]);
		expect(of('restartPolicy: Never, setHostnameAsFQDN: false')).toEqual([]);
		expect(of('restartPolicy: Never, initContainers: [{name: i, image: i, restartPolicyRules: []}]')).toEqual(
			['restartPolicyRules: nobody starts a container again'],
		);
	});

	it('answers or refuses whatever a document holds', () => {
		fc.assert(
			fc.property(fc.jsonValue(), (spec) => {
				try {
					checkManifest(
						'f',
						sortDocuments([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec }]),
					);
				} catch (error) {
					expect((error as Error).name).toMatch(/^(UsageError|DocumentError)$/);
				}
			}),
		);
	});
});
