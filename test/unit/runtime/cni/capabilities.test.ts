import { describe, expect, test } from 'vitest';
import { capabilityArgsOf } from '../../../../src/runtime/cni/capabilities.ts';

const request = { portMappings: [], annotations: {}, cgroupPath: '' };

describe('capabilities', () => {
	test('host ports only where there is one', () => {
		const mapping = { protocol: 'udp', containerPort: 53, hostPort: 5353, hostIp: '127.0.0.1' } as const;
		const args = capabilityArgsOf({ ...request, portMappings: [mapping, { ...mapping, hostPort: 0 }] });
		expect(args['portMappings']).toEqual([
			{ protocol: 'udp', containerPort: 53, hostPort: 5353, hostIP: '127.0.0.1' },
		]);
		expect(capabilityArgsOf({ ...request, portMappings: [{ ...mapping, hostPort: 0 }] })).not.toHaveProperty(
			'portMappings',
		);
	});

	test('cgroup and annotations', () => {
		const annotations = { 'a/b': 'c' };
		expect(capabilityArgsOf({ ...request, annotations, cgroupPath: '/kubepods' })).toEqual({
			cgroupPath: '/kubepods',
			'io.kubernetes.cri.pod-annotations': annotations,
		});
	});

	test.each([
		['10M', 10e6],
		['1k', 1000],
		['1.5Mi', 1572864],
		['2e6', 2e6],
		['1P', 1e15],
	])('a bandwidth of %s', (text, rate) => {
		const annotations = { 'kubernetes.io/ingress-bandwidth': text };
		expect(capabilityArgsOf({ ...request, annotations })['bandwidth']).toEqual({
			ingressRate: rate,
			ingressBurst: 34359738359,
		});
		const egress = { 'kubernetes.io/egress-bandwidth': text };
		expect(capabilityArgsOf({ ...request, annotations: egress })['bandwidth']).toMatchObject({
			egressRate: rate,
		});
	});

	test.each(['', 'fast', '10', '2P', '-5M', '10MB', '1e99'])('a bandwidth of "%s" is refused', (text) => {
		const annotations = { 'kubernetes.io/egress-bandwidth': text };
		expect(() => capabilityArgsOf({ ...request, annotations })).toThrow('kubernetes.io/egress-bandwidth');
	});
});
