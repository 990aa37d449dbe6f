import { describe, expect, test } from 'vitest';
import {
	allCapabilities,
	chooseCapabilities,
	defaultCapabilities,
} from '../../../../src/runtime/oci/capabilities.ts';
import { containerRequest } from '../../../helpers/spec-requests.ts';

type Security = NonNullable<NonNullable<Parameters<typeof containerRequest>[0]>['security']>;
const everything = new Set(allCapabilities);
const choose = (security: Security, bounding: ReadonlySet<string> = everything) =>
	chooseCapabilities(containerRequest({ security }).security, { bounding });
const sorted = (names: readonly string[]) => [...names].sort();
const without = (names: readonly string[], ...less: string[]) => names.filter((name) => !less.includes(name));

describe('chooseCapabilities', () => {
	test.each<[string, Security, readonly string[]]>([
		['nothing asked', {}, defaultCapabilities],
		['one more', { addCapabilities: ['NET_ADMIN'] }, [...defaultCapabilities, 'CAP_NET_ADMIN']],
		['with its prefix', { addCapabilities: ['CAP_NET_ADMIN'] }, [...defaultCapabilities, 'CAP_NET_ADMIN']],
		['in lower case', { addCapabilities: ['cap_net_admin'] }, [...defaultCapabilities, 'CAP_NET_ADMIN']],
		['one less', { dropCapabilities: ['KILL'] }, without(defaultCapabilities, 'CAP_KILL')],
		['all', { addCapabilities: ['ALL'] }, allCapabilities],
		['none', { dropCapabilities: ['all'] }, []],
		[
			'all but one',
			{ addCapabilities: ['ALL'], dropCapabilities: ['CHOWN'] },
			without(allCapabilities, 'CAP_CHOWN'),
		],
		['only one', { addCapabilities: ['CHOWN'], dropCapabilities: ['ALL'] }, ['CAP_CHOWN']],
		['all and none', { addCapabilities: ['ALL'], dropCapabilities: ['ALL'] }, []],
		['one more and less', { addCapabilities: ['SYSLOG'], dropCapabilities: ['SYSLOG'] }, defaultCapabilities],
		['privileged', { privileged: true, dropCapabilities: ['ALL'] }, allCapabilities],
	])('%s', (_, security, wanted) => {
		const { capabilities, leftOut } = choose(security);
		expect(sorted(capabilities.bounding)).toEqual(sorted(wanted));
		expect(capabilities.effective).toEqual(capabilities.bounding);
		expect(capabilities.permitted).toEqual(capabilities.bounding);
		expect(capabilities.inheritable).toBeUndefined();
		expect(capabilities.ambient).toBeUndefined();
		expect(leftOut).toEqual([]);
	});

	test('gives no more than we have, and says what is missing', () => {
		const ours = new Set(without(allCapabilities, 'CAP_SYS_RESOURCE', 'CAP_KILL'));
		const privileged = choose({ privileged: true }, ours);
		expect(privileged.capabilities.bounding).toEqual([...ours]);
		expect(sorted(privileged.leftOut)).toEqual(['CAP_KILL', 'CAP_SYS_RESOURCE']);
		expect(choose({ addCapabilities: ['NET_RAW'] }, ours).leftOut).toEqual(['CAP_KILL']);
	});

	test('makes ambient ones permitted and inheritable, which the kernel demands', () => {
		const { capabilities } = choose({ addAmbientCapabilities: ['NET_RAW'], dropCapabilities: ['ALL'] });
		for (const set of [capabilities.bounding, capabilities.inheritable, capabilities.ambient]) {
			expect(set).toEqual(['CAP_NET_RAW']);
		}
	});

	test('takes other defaults and makes them inheritable where the configuration says so', () => {
		const { capabilities } = chooseCapabilities(containerRequest().security, {
			bounding: everything,
			defaults: ['SYS_CHROOT'],
			inheritable: true,
		});
		expect(capabilities.bounding).toEqual(['CAP_SYS_CHROOT']);
		expect(capabilities.inheritable).toEqual(['CAP_SYS_CHROOT']);
	});

	test.each([
		{ addCapabilities: ['FLY'] },
		{ dropCapabilities: ['FLY'] },
		{ addAmbientCapabilities: ['FLY'] },
	])('refuses %j', (security) => {
		expect(() => choose(security)).toThrow('capability "FLY"');
	});
});
