import { describe, expect, test } from 'vitest';
import { freeSubnet, parseRoutes, parseSubnet } from '../../../../src/runtime/cni/free-subnet.ts';

const routes = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
criscope0\t0000550A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
`;

describe('subnets', () => {
	test('routes of the kernel, but the default one and our own', () => {
		expect(parseRoutes(routes, 'criscope0')).toEqual([parseSubnet('192.0.2.0/24')]);
		expect(parseRoutes(routes, 'other')).toContainEqual(parseSubnet('10.85.0.0/16'));
	});

	test('the first that overlaps nothing', () => {
		const taken = (...cidrs: string[]) => cidrs.map((cidr) => parseSubnet(cidr) ?? { address: 0, prefix: 0 });
		expect(freeSubnet([])).toBe('10.85.0.0/16');
		expect(freeSubnet(taken('10.85.7.0/24'))).toBe('10.86.0.0/16');
		expect(freeSubnet(taken('10.85.255.1/32', '10.86.0.0/15'))).toBe('10.88.0.0/16');
		expect(freeSubnet(taken('10.0.0.0/8'))).toBe('172.16.0.0/16');
		expect(() => freeSubnet(taken('10.0.0.0/8', '172.16.0.0/12'))).toThrow('every private network is in use');
	});
});
