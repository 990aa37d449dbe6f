import { lutimesSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { claimSubnet, releaseSubnet } from '../../../../src/runtime/cni/subnet-claims.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const subnet = '10.85.0.0/16';

describe('claims of subnets', () => {
	const setUp = () => {
		const base = tempDir();
		const dir = path.join(base, 'run/subnets');
		mkdirSync(path.join(base, 'cni'));
		const file = (name: string) => path.join(base, 'cni', name);
		return { dir, link: path.join(dir, '10.85.0.0_16'), one: file('one'), two: file('two') };
	};
	const longAgo = (link: string) => lutimesSync(link, new Date(0), new Date(0));

	test('are one owner’s, who may repeat them, until they are given up', () => {
		const { dir, link, one, two } = setUp();
		expect(claimSubnet(dir, subnet, one)).toBe(true);
		expect(claimSubnet(dir, subnet, one)).toBe(true);
		expect(claimSubnet(dir, subnet, two)).toBe(false);
		expect(claimSubnet(dir, '10.86.0.0/16', two)).toBe(true);
		releaseSubnet(dir, subnet, two);
		expect(readlinkSync(link)).toBe(one);
		releaseSubnet(dir, subnet, one);
		releaseSubnet(dir, subnet, one);
		expect(readdirSync(dir)).toEqual(['10.86.0.0_16']);
		expect(claimSubnet(dir, subnet, two)).toBe(true);
	});

	test('are nobody’s where they cannot be written or mean nothing, and keep no pod from its network', () => {
		const { dir, link, one, two } = setUp();
		writeFileSync(one, '');
		expect(claimSubnet(path.join(one, 'subnets'), subnet, two)).toBe(true);
		mkdirSync(dir, { recursive: true });
		writeFileSync(link, 'no link');
		expect(claimSubnet(dir, subnet, two)).toBe(true);
	});

	test('count as long as their owner has the subnet', () => {
		const { dir, link, one, two } = setUp();
		claimSubnet(dir, subnet, one);
		writeFileSync(one, `[{"subnet": "${subnet}"}]`);
		longAgo(link);
		expect(claimSubnet(dir, subnet, two)).toBe(false);
		writeFileSync(one, '[{"subnet": "10.86.0.0/16"}]');
		expect(claimSubnet(dir, subnet, two)).toBe(true);
		expect(readlinkSync(link)).toBe(two);
		longAgo(link);
		expect(claimSubnet(dir, subnet, one)).toBe(true);
	});
});
