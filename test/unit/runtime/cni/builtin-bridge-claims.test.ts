import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { createBuiltinBridge } from '../../../../src/runtime/cni/builtin-bridge.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

// What other tests do to this machine's networks at the same time is no matter here.
vi.mock('node:os', async (original) => ({
	...(await original<typeof import('node:os')>()),
	networkInterfaces: () => ({}),
}));
vi.mock('../../../../src/runtime/cni/free-subnet.ts', async (original) => ({
	...(await original<typeof import('../../../../src/runtime/cni/free-subnet.ts')>()),
	subnetsInUse: () => [],
}));

test('the built-in network has no subnet that another one claimed since, and claims what is named too', async () => {
	const base = tempDir();
	const claims = path.join(base, 'claims');
	const openOne = (name: string, subnets?: readonly string[]) =>
		createBuiltinBridge(
			{ dir: path.join(base, name), claimsDir: claims, ...(subnets === undefined ? {} : { subnets }) },
			() => undefined,
		);
	const subnetOf = (network: { network(): unknown }) =>
		/"subnet":"([^"]+)"/.exec(JSON.stringify(network.network()))?.[1] ?? '';
	const before = subnetOf(openOne('one'));
	// A boot takes the claims, and leaves a run root that is on a disk.
	rmSync(claims, { recursive: true });
	expect(subnetOf(openOne('two'))).toBe(before);
	const after = subnetOf(openOne('one'));
	expect(after).not.toBe(before);
	rmSync(claims, { recursive: true });
	expect(subnetOf(openOne('one'))).toBe(after);
	expect(readdirSync(claims)).toEqual([after.replace('/', '_')]);
	expect(subnetOf(openOne('three', [before]))).toBe(before);
	expect([before, after]).not.toContain(subnetOf(openOne('four')));
});
