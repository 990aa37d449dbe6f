import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseApparmor, readLoadedProfiles } from '../../../../src/runtime/oci/apparmor.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const choose = (changes: Partial<Parameters<typeof chooseApparmor>[0]>) =>
	chooseApparmor({
		profile: undefined,
		privileged: false,
		isEnabled: true,
		defaultProfile: 'crio-default',
		loadedProfiles: () => new Set(['crio-default', 'mine']),
		...changes,
	});
const local = (localhostRef: string) => ({ profile: { type: 'localhost', localhostRef } as const });
const plain = (type: 'runtimeDefault' | 'unconfined') => ({ profile: { type, localhostRef: '' } });

describe('chooseApparmor', () => {
	test.each<[string, Parameters<typeof choose>[0], string | undefined]>([
		['nothing asked', {}, 'crio-default'],
		['the default', plain('runtimeDefault'), 'crio-default'],
		['none', plain('unconfined'), 'unconfined'],
		['one by name', local('mine'), 'mine'],
		['one by its older name', local('localhost/mine'), 'mine'],
		['unconfined by name', local('unconfined'), 'unconfined'],
		['privileged', { ...local('mine'), privileged: true }, undefined],
		['a host without', { isEnabled: false }, undefined],
		['the default of a host without', { ...plain('runtimeDefault'), isEnabled: false }, undefined],
	])('%s', (_, changes, profile) => {
		expect(choose(changes)).toEqual({ profile });
	});

	test.each<[string, Parameters<typeof choose>[0], string]>([
		['one that is not loaded', local('theirs'), '"theirs": it is not loaded'],
		['an empty name', local('localhost/'), 'empty'],
		['one on a host without', { ...local('mine'), isEnabled: false }, 'not enabled'],
	])('refuses %s', (_, changes, cause) => {
		expect(() => choose(changes)).toThrow(cause);
	});

	test('runs without a default that is not loaded, and says so', () => {
		const { profile, shortfall } = choose({ loadedProfiles: () => new Set() });
		expect(profile).toBeUndefined();
		expect(shortfall).toContain('crio-default');
	});
});

test('readLoadedProfiles reads the list of the kernel', () => {
	const file = path.join(tempDir(), 'profiles');
	writeFileSync(file, '/usr/bin/man (enforce)\ncrio-default (complain)\nwith blank (enforce)\n');
	expect([...readLoadedProfiles(file)]).toEqual(['/usr/bin/man', 'crio-default', 'with blank']);
});
