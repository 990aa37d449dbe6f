import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bridgeNameFor, createBuiltinBridge } from '../../../../src/runtime/cni/builtin-bridge.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

/** A name that no machine has. */
const bridge = 'cri-unit-none';

describe('the built-in network', () => {
	test('has a bridge for each run root, so that two runtimes share neither addresses nor the bridge', () => {
		expect(bridgeNameFor('/run/containers/storage/criscope/cni')).toBe('criscope0');
		const [one, two] = [bridgeNameFor('/run/one/criscope/cni'), bridgeNameFor('/run/two/criscope/cni')];
		expect(one).toMatch(/^criscope-[0-9a-f]{6}$/);
		expect(two).toMatch(/^criscope-[0-9a-f]{6}$/);
		expect(one).not.toBe(two);
		expect(bridgeNameFor('/run/one/criscope/cni/')).toBe(one);
	});

	const open = (dir: string, more: { subnets?: readonly string[] } = {}) =>
		createBuiltinBridge(
			{ dir, bridge, claimsDir: path.join(path.dirname(dir), 'claims'), ...more },
			() => undefined,
		);
	const read = (dir: string) => readFileSync(path.join(dir, `${bridge}.conflist`), 'utf8');

	test('is written where it can be looked at, and kept by the next run', () => {
		const dir = path.join(tempDir(), 'net');
		const first = open(dir, { subnets: ['ipv4', 'ipv6'] });
		const list = first.network();
		expect(first.owns(list)).toBe(true);
		expect(first.network()).toBe(list);
		const text = read(dir);
		const ranges = [
			[{ subnet: expect.stringMatching(/^(10|172)\.\d+\.0\.0\/16$/) }],
			[{ subnet: expect.stringMatching(/^fd[0-9a-f:]+::\/64$/) }],
		];
		expect(JSON.parse(text)).toMatchObject({
			name: 'criscope',
			plugins: [
				{ type: 'bridge', bridge, isGateway: true, ipMasq: false, ipam: { type: 'host-local', ranges } },
			],
		});
		expect(open(dir, { subnets: ['ipv4', 'ipv6'] }).network()).toEqual(list);
		expect(read(dir)).toBe(text);
	});

	test('of two run roots have subnets of their own, also where both are chosen before either is there', async () => {
		const base = tempDir();
		const [one, two] = ['one', 'two'].map((name) => {
			const dir = path.join(base, name);
			const network = createBuiltinBridge({ dir, claimsDir: path.join(base, 'claims') }, () => undefined);
			return { dir, network, text: JSON.stringify(network.network()) };
		});
		const subnetIn = (text = '') => /"subnet":"([^"]+)"/.exec(text)?.[1] ?? '';
		expect(subnetIn(one?.text)).toMatch(/\/16$/);
		expect(subnetIn(two?.text)).toMatch(/\/16$/);
		expect(subnetIn(two?.text)).not.toBe(subnetIn(one?.text));
		for (const name of ['claims', 'one', 'two']) expect(readdirSync(path.join(base, name))).not.toEqual([]);
		await one?.network.tidy();
		await two?.network.tidy();
		expect(readdirSync(path.join(base, 'claims'))).toEqual([]);
	});

	test('is made anew where it is damaged, collides, or something else is wanted', () => {
		const dir = path.join(tempDir(), 'net');
		mkdirSync(dir);
		writeFileSync(path.join(dir, `${bridge}.conflist`), '{"cni');
		open(dir, { subnets: ['10.250.9.0/24'] }).network();
		expect(read(dir)).toContain('10.250.9.0/24');
		open(dir, { subnets: ['10.250.10.0/24'] }).network();
		expect(read(dir)).toContain('10.250.10.0/24');
		// No node does without this one.
		writeFileSync(path.join(dir, `${bridge}.conflist`), read(dir).replace('10.250.10.0/24', '127.0.0.0/8'));
		open(dir).network();
		expect(read(dir)).not.toContain('127.0.0.0');
		open(dir, { subnets: ['fd00:90::/64', 'ipv4'] }).network();
		expect(read(dir).indexOf('fd00:90::/64')).toBeLessThan(read(dir).indexOf('/16'));
		expect(() => open(dir, { subnets: ['127.0.0.0/8'] }).network()).toThrow(
			/this node has 127\.0\.0\..* already/,
		);
	});

	test('leaves nothing when no pod has used it', async () => {
		const dir = path.join(tempDir(), 'net');
		const never = open(dir);
		await never.prepare();
		expect(existsSync(dir)).toBe(false);
		never.network();
		expect(readdirSync(dir)).toEqual([`${bridge}.conflist`]);
		await never.tidy();
		expect(readdirSync(dir)).toEqual([]);
	});
});
