import { describe, expect, test } from 'vitest';
import { mapContainerRequest } from '../../../src/cri/codec-container-request.ts';
import { mapPodSandboxRequest } from '../../../src/cri/codec-pod-request.ts';
import { InvalidArgumentError } from '../../../src/cri/errors.ts';

const pod = { metadata: { name: 'p', uid: 'u', namespace: 'n', attempt: 2 } };
const container = { metadata: { name: 'c', attempt: 1 }, image: { image: 'busybox' } };

describe('a pod', () => {
	test('of metadata alone has every other field, in the words of the protocol defaults', () => {
		const request = mapPodSandboxRequest(pod);
		expect(request).toMatchObject({
			metadata: { name: 'p', uid: 'u', namespace: 'n', attempt: 2 },
			hostname: '',
			dns: undefined,
			portMappings: [],
			security: {
				namespaces: { network: 'pod', pid: 'pod', ipc: 'pod', userns: undefined },
				supplementalGroupsPolicy: 'merge',
				seccomp: undefined,
			},
			resources: undefined,
		});
	});

	test('keeps ports, DNS, sysctls and security as they were asked for', () => {
		const request = mapPodSandboxRequest({
			...pod,
			dnsConfig: { servers: ['10.0.0.1', 'fd00::1'], searches: ['a.b'], options: ['ndots:2'] },
			portMappings: [{ protocol: 'UDP', containerPort: 53, hostPort: 5353, hostIp: '127.0.0.1' }],
			linux: {
				sysctls: { 'net.core.somaxconn': '10' },
				securityContext: {
					namespaceOptions: { network: 'NODE', pid: 'CONTAINER', ipc: 'NODE' },
					seccomp: { profileType: 'Localhost', localhostRef: '/x.json' },
					supplementalGroups: ['1', '4294967294'],
					supplementalGroupsPolicy: 'Strict',
				},
			},
		});
		expect(request.dns).toEqual({
			servers: ['10.0.0.1', 'fd00::1'],
			searches: ['a.b'],
			options: ['ndots:2'],
		});
		expect(request.portMappings).toEqual([
			{ protocol: 'udp', containerPort: 53, hostPort: 5353, hostIp: '127.0.0.1' },
		]);
		expect(request.sysctls).toEqual({ 'net.core.somaxconn': '10' });
		expect(request.security).toMatchObject({
			namespaces: { network: 'node', pid: 'container', ipc: 'node' },
			seccomp: { type: 'localhost', localhostRef: '/x.json' },
			supplementalGroups: [1n, 4_294_967_294n],
			supplementalGroupsPolicy: 'strict',
		});
	});

	const security = (context: object) => ({ ...pod, linux: { securityContext: context } });
	const userns = (options: object) => security({ namespaceOptions: { usernsOptions: options } });
	test.each([
		['config is missing', undefined],
		['config.metadata is missing', {}],
		['config.metadata.name is missing', { metadata: { ...pod.metadata, name: '' } }],
		['config.metadata.uid is missing', { metadata: { ...pod.metadata, uid: '' } }],
		['config.metadata.namespace is missing', { metadata: { ...pod.metadata, namespace: '' } }],
		['config.metadata.name has a NUL', { metadata: { ...pod.metadata, name: 'a\0b' } }],
		['config.metadata.name "a\\nb" has control', { metadata: { ...pod.metadata, name: 'a\nb' } }],
		['config.hostname', { ...pod, hostname: 'a b' }],
		['config.hostname', { ...pod, hostname: 'h'.repeat(65) }],
		['config.logDirectory "logs" must be an absolute path', { ...pod, logDirectory: 'logs' }],
		['config.dnsConfig.servers[1]', { ...pod, dnsConfig: { servers: ['10.0.0.1', 'host'] } }],
		['config.dnsConfig.searches[0]', { ...pod, dnsConfig: { searches: ['a\nnameserver 6.6.6.6'] } }],
		['config.portMappings[0].containerPort is 0', { ...pod, portMappings: [{ protocol: 'TCP' }] }],
		[
			'config.portMappings[0].protocol has the unknown value 9',
			{ ...pod, portMappings: [{ protocol: 9, containerPort: 1 }] },
		],
		[
			'config.portMappings[0].hostIp',
			{ ...pod, portMappings: [{ protocol: 'TCP', containerPort: 1, hostIp: 'x' }] },
		],
		['config.linux.cgroupParent', { ...pod, linux: { cgroupParent: '/a/../b' } }],
		['config.linux.sysctls["x"]', { ...pod, linux: { sysctls: { x: '1' } } }],
		['runAsGroup is set without runAsUser', security({ runAsGroup: { value: '5' } })],
		['runAsUser is -1', security({ runAsUser: { value: '-1' } })],
		['namespaceOptions.network is CONTAINER', security({ namespaceOptions: { network: 'CONTAINER' } })],
		['targetId is missing', security({ namespaceOptions: { pid: 'TARGET' } })],
		['usernsOptions.mode is CONTAINER', userns({ mode: 'CONTAINER' })],
		['usernsOptions.mode is TARGET', userns({ mode: 'TARGET' })],
		['usernsOptions.uids has 2 mappings', userns({ mode: 'POD', uids: [{}, {}] })],
		[
			'usernsOptions.uids does not map the id 0',
			userns({ uids: [{ containerId: 1, hostId: 1, length: 1 }] }),
		],
		['seccomp.localhostRef is missing', security({ seccomp: { profileType: 'Localhost' } })],
	])('is refused: %s', (words, request) => {
		const map = () => mapPodSandboxRequest(request);
		expect(map).toThrow(InvalidArgumentError);
		expect(map).toThrow(words);
	});
});

describe('a container', () => {
	test('keeps bytes that are no text, and a label called __proto__', () => {
		const request = mapContainerRequest({
			...container,
			envs: [
				{ key: 'A', value: Buffer.from('ä') },
				{ key: 'B', value: Buffer.from([0xff, 0x41]) },
			],
			labels: JSON.parse('{"__proto__":"x"}'),
		});
		expect(request.envs).toEqual([
			{ key: 'A', value: 'ä' },
			{ key: 'B', value: '\xffA' },
		]);
		expect(Object.entries(request.labels)).toEqual([['__proto__', 'x']]);
	});

	test('says its signal as kill does, and nothing of unset resources', () => {
		const linux = { resources: { memoryLimitInBytes: '1000', cpuQuota: '-1', oomScoreAdj: '0' } };
		const request = mapContainerRequest({ ...container, stopSignal: 'SIGRTMINPLUS3', linux });
		expect(request.stopSignal).toBe('SIGRTMIN+3');
		expect(request.resources).toMatchObject({
			memoryLimitBytes: 1000n,
			cpuQuotaMicros: -1n,
			oomScoreAdj: undefined,
			cpuShares: undefined,
		});
	});

	test('takes the profiles that older clients write as texts', () => {
		const profile = (text: string) =>
			mapContainerRequest({ ...container, linux: { securityContext: { apparmorProfile: text } } }).security
				.apparmor;
		expect(profile('runtime/default')).toEqual({ type: 'runtimeDefault', localhostRef: '' });
		expect(profile('localhost/mine')).toEqual({ type: 'localhost', localhostRef: 'mine' });
		expect(profile('')).toBeUndefined();
		expect(() => profile('mine')).toThrow('apparmorProfile "mine"');
	});

	const mount = (given: object) => ({
		...container,
		mounts: [{ containerPath: '/c', hostPath: '/h', propagation: 'PROPAGATION_PRIVATE', ...given }],
	});
	const resources = (given: object) => ({ ...container, linux: { resources: given } });
	test.each([
		['config.metadata is missing', { image: { image: 'x' } }],
		['config.image is missing', { metadata: container.metadata }],
		['config.image.image is missing', { ...container, image: { image: '' } }],
		['config.workingDir "x" must be an absolute', { ...container, workingDir: 'x' }],
		['config.envs[0].key is missing', { ...container, envs: [{ key: '' }] }],
		['config.envs[0].key "A=B"', { ...container, envs: [{ key: 'A=B' }] }],
		['config.args[1] has a NUL', { ...container, args: ['a', 'b\0'] }],
		['config.mounts[0].containerPath is missing', mount({ containerPath: '' })],
		['config.mounts[0].hostPath is missing', mount({ hostPath: '' })],
		['config.mounts[0].propagation has the unknown value 7', mount({ propagation: 7 })],
		['recursiveReadOnly is set without readonly', mount({ recursiveReadOnly: true })],
		[
			'recursiveReadOnly needs the propagation',
			mount({ recursiveReadOnly: true, readonly: true, propagation: 'PROPAGATION_BIDIRECTIONAL' }),
		],
		['imageSubPath "../x"', mount({ image: { image: 'x' }, imageSubPath: '../x' })],
		[
			'config.devices[0].permissions "x"',
			{ ...container, devices: [{ hostPath: '/dev/null', permissions: 'x' }] },
		],
		['config.logPath "../x"', { ...container, logPath: '../x' }],
		['config.stopSignal has the unknown value 99', { ...container, stopSignal: 99 }],
		[
			'addCapabilities[0] "a b"',
			{ ...container, linux: { securityContext: { capabilities: { addCapabilities: ['a b'] } } } },
		],
		['maskedPaths[0] "proc"', { ...container, linux: { securityContext: { maskedPaths: ['proc'] } } }],
		[
			'memorySwapLimitInBytes is 5, less than',
			resources({ memoryLimitInBytes: '6', memorySwapLimitInBytes: '5' }),
		],
		[
			'labels has 1200010 characters in all, more than 1048576',
			{
				...container,
				labels: Object.fromEntries([...'0123456789'].map((key) => [key, 'x'.repeat(120_000)])),
			},
		],
		['cpuShares is -1', resources({ cpuShares: '-1' })],
		['cpuQuota is 999, and must be at least 1000 microseconds', resources({ cpuQuota: '999' })],
		['cpuPeriod is 1, and must be at least 1000 microseconds', resources({ cpuPeriod: '1' })],
		['cpuPeriod is 1000001, and must be from 0 to 1000000', resources({ cpuPeriod: '1000001' })],
		['cpusetCpus "all"', resources({ cpusetCpus: 'all' })],
		['unified has the key "../x"', resources({ unified: { '../x': '1' } })],
		['hugepageLimits[0].pageSize "2"', resources({ hugepageLimits: [{ pageSize: '2', limit: '1' }] })],
	])('is refused: %s', (words, request) => {
		const map = () => mapContainerRequest(request);
		expect(map).toThrow(InvalidArgumentError);
		expect(map).toThrow(words);
	});
});
