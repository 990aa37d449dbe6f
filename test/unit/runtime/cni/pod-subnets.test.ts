import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
	chooseSubnet,
	fitsWish,
	parseRoutes6,
	subnetsProblem,
} from '../../../../src/runtime/cni/pod-subnets.ts';

/** A name that no machine has. */
const bridge = 'cri-unit-none';

const free = () => true;

describe('subnets that are asked for', () => {
	test.each([
		[[]],
		[['ipv4']],
		[['ipv6', 'ipv4']],
		[['10.90.0.0/16', 'fd00:90::/64']],
		[['172.16.0.16/28']],
		[['2001:db8:0:ff00::/56']],
		[['fd00::a:0/112', '10.0.0.0/8']],
	])('%j are good', (wanted) => expect(subnetsProblem(wanted)).toBeUndefined());

	test.each([
		[['10.90.0.0'], '"10.90.0.0", which is no subnet'],
		[['10.90.0.0/'], 'which is no subnet'],
		[['10.90.0.0/16/2'], 'which is no subnet'],
		[['pods'], 'nor "ipv4" or "ipv6"'],
		[[''], 'which is no subnet'],
		[['10.90.0.0/31'], 'whose prefix is not from /8 to /28'],
		[['fd00::/128'], 'whose prefix is not from /16 to /120'],
		[['10.90.0.1/16'], 'which is an address in a subnet'],
		[['10.90.128.0/16'], 'which is an address in a subnet'],
		[['fd00:90::1/64'], 'which is an address in a subnet'],
		[['fd00:0:0:0:8000::/64'], 'which is an address in a subnet'],
		[['127.5.0.0/16'], 'which pods cannot have'],
		[['fe80::/64'], 'which pods cannot have'],
		[['ff00::/16'], 'which pods cannot have'],
		[['169.254.8.0/24'], 'which pods cannot have'],
		[['224.0.0.0/8'], 'which pods cannot have'],
		[['10.90.0.0/16', 'ipv4'], 'one subnet of each family'],
		[['ipv6', 'fd00::/64'], 'one subnet of each family'],
	])('%j are refused', (wanted, words) => expect(subnetsProblem(wanted)).toContain(words));

	test('one that another runtime has just chosen is passed over', () => {
		const first = chooseSubnet('ipv4', bridge, free);
		const second = chooseSubnet('ipv4', bridge, (subnet) => subnet !== first);
		expect(second).toMatch(/^(10|172)\.\d+\.0\.0\/16$/);
		expect(second).not.toBe(first);
	});

	test('one that is left open is private, and one that is named is taken where nothing else has it', () => {
		expect(chooseSubnet('ipv4', bridge, free)).toMatch(/^(10|172)\.\d+\.0\.0\/16$/);
		const own = chooseSubnet('ipv6', bridge, free);
		expect(own).toMatch(/^fd[0-9a-f:]+::\/64$/);
		expect(chooseSubnet(own, bridge, free)).toBe(own);
		for (const { cidr, family, internal } of Object.values(networkInterfaces()).flatMap(
			(list) => list ?? [],
		)) {
			if (cidr === null || internal || cidr.startsWith('fe80')) continue;
			const around = family === 'IPv4' ? `${cidr.split('.')[0]}.0.0.0/8` : `${cidr.split(':')[0]}::/16`;
			expect(() => chooseSubnet(around, bridge, free)).toThrow(
				/^cannot use subnet ".*" for pods: this node has .*\/\d+ already$/,
			);
		}
	});

	test('what is there is kept where it is what was asked for', () => {
		expect(fitsWish('10.90.0.0/16', '10.90.0.0/16', bridge)).toBe(true);
		expect(fitsWish('10.90.0.0/16', '10.91.0.0/16', bridge)).toBe(false);
		expect(fitsWish('fd00:90::/64', 'ipv6', bridge)).toBe(true);
		expect(fitsWish('fd00:90::/64', 'ipv4', bridge)).toBe(false);
		expect(fitsWish('127.0.0.0/8', 'ipv4', bridge)).toBe(false);
	});
});

test('routes of the kernel, but default ones, those to groups and our own', () => {
	const none = '00000000000000000000000000000000';
	const row = (destination: string, prefix: string, name: string) =>
		`${destination} ${prefix} ${none} 00 ${none} 00000100 00000001 00000000 00000001 ${name.padStart(8)}`;
	const text = [
		row('fd000000000000000000000000000000', '40', 'eth0'),
		row(none, '00', 'eth0'),
		row('ff000000000000000000000000000000', '08', 'eth0'),
		row('fd770000000000000000000000000000', '40', 'criscope0'),
		'',
	].join('\n');
	expect(parseRoutes6(text, 'criscope0')).toEqual(['fd00:0000:0000:0000:0000:0000:0000:0000/64']);
});
