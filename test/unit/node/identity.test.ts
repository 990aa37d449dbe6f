import { expect, test } from 'vitest';
import { readNodeIdentity } from '../../../src/node/identity.ts';
import { hostTree } from './host-tree.ts';

test('reads name, machine id, kernel and system', async () => {
	await using host = await hostTree({
		'/proc/sys/kernel/hostname': 'worker-7\n',
		'/etc/hostname': 'stale\n',
		'/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
		'/proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
		'/proc/sys/kernel/random/boot_id': 'b8f6\n',
		'/etc/os-release': 'NAME="Debian"\nPRETTY_NAME="Debian \\"12\\" (bookworm)"\n',
	});
	expect(await readNodeIdentity(host)).toEqual({
		hostname: 'worker-7',
		machineId: '0123456789abcdef0123456789abcdef',
		machineIdShort: '0123456789ab',
		kernelRelease: '6.1.0-18-amd64',
		osPrettyName: 'Debian "12" (bookworm)',
		bootId: 'b8f6',
	});
});

test('falls back, and passes over a machine id that is none', async () => {
	await using host = await hostTree({
		'/etc/hostname': 'n1\n',
		'/etc/machine-id': 'uninitialized\n',
		'/var/lib/dbus/machine-id': 'ffffffffffffffffffffffffffffffff\n',
		'/usr/lib/os-release': "NAME=Flatcar\nVERSION='3815.2'\n",
	});
	const identity = await readNodeIdentity(host);
	expect(identity).toMatchObject({
		hostname: 'n1',
		machineIdShort: 'ffffffffffff',
		osPrettyName: 'Flatcar 3815.2',
	});
	expect(identity.bootId).toBeUndefined();
});

test('an empty host has no identity, and an aborted wish is refused', async () => {
	await using host = await hostTree({});
	expect(Object.values(await readNodeIdentity(host)).every((value) => value === undefined)).toBe(true);
	await expect(readNodeIdentity({ ...host, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
