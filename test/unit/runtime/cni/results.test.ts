import { describe, expect, test } from 'vitest';
import { addressesOf } from '../../../../src/runtime/cni/results.ts';

describe('results of plugins', () => {
	test('addresses inside the pod, in order, each once', () => {
		const result = {
			cniVersion: '1.0.0',
			interfaces: [{ name: 'br0' }, { name: 'veth1' }, { name: 'eth0', sandbox: '/run/netns/x' }],
			ips: [
				{ interface: 0, address: '10.1.0.1/16' },
				{ interface: 2, address: '10.1.0.2/16' },
				{ interface: 2, address: 'fd00::2/64' },
				{ address: '10.1.0.2/16' },
			],
		};
		expect(addressesOf(result)).toEqual(['10.1.0.2', 'fd00::2']);
	});

	test('forms before 0.3.0', () => {
		expect(addressesOf({ ip4: { ip: '10.2.0.2/24' }, ip6: { ip: 'fd01::2/64' } })).toEqual([
			'10.2.0.2',
			'fd01::2',
		]);
		expect(addressesOf({ cniVersion: '0.2.0', dns: {} })).toEqual([]);
	});

	test('what is no result', () => {
		expect(() => addressesOf([])).toThrow('no JSON object');
		expect(() => addressesOf({ ips: [{ address: 'x' }] })).toThrow('"x" where an address is due');
		expect(() => addressesOf({ ips: ['10.0.0.1'] })).toThrow('where an address is due');
	});
});
