import { describe, expect, test } from 'vitest';
import { scopeAnnotations, serviceOf } from '../../../../src/runtime/cgroup/scope-annotations.ts';

/** As read on Debian 12 with systemd 252, control groups v1 beside v2. */
const ofService = '9:name=systemd:/system.slice/criscope.service\n8:pids:/system.slice\n0::/system.slice\n';

describe('the service that a process belongs to', () => {
	test.each([
		['hybrid', ofService, 'criscope.service'],
		['version 2', '0::/system.slice/criscope.service\n', 'criscope.service'],
		[
			'an instance',
			'0::/system.slice/system-criscope.slice/criscope@a\\x2db.service\n',
			'criscope@a\\x2db.service',
		],
		['a login', '0::/user.slice/user-0.slice/session-3.scope\n', undefined],
		['a group of our own', '1:name=systemd:/criscope/criscope-runtime-12\n', undefined],
		['no systemd', '4:memory:/some.service\n0::/\n', undefined],
		['a name that would end a text', "0::/system.slice/it's.service\n", undefined],
	])('%s', (_, text, service) => {
		expect(serviceOf(text)).toBe(service);
	});
});

const always = {
	'run.oci.systemd.subgroup': '',
	'org.systemd.property.Conflicts': "['shutdown.target']",
	'org.systemd.property.Before': "['shutdown.target']",
};

describe('annotations for systemd', () => {
	test('lift a limit of tasks that nobody asked for', () => {
		expect(scopeAnnotations({ pidsLimit: -1, service: undefined })).toEqual({
			...always,
			'org.systemd.property.TasksMax': 'uint64 18446744073709551615',
		});
	});

	test('order the end: before the runtime and the holder of its processes, within the time of its pod', () => {
		const wishes = { pidsLimit: 100, service: 'criscope.service', gracePeriodSeconds: '30' };
		expect(scopeAnnotations({ ...wishes, endsBefore: '/a.slice/criscope-7.scope' })).toEqual({
			...always,
			'org.systemd.property.After': "['criscope.service', 'criscope-7.scope']",
			'org.systemd.property.TimeoutStopUSec': 'uint64 30000000',
		});
	});

	test('kill a holder, which hears of nothing else', () => {
		expect(scopeAnnotations({ ignoresSignals: true, pidsLimit: 1, service: undefined })).toEqual({
			...always,
			'org.systemd.property.KillSignal': 'int32 9',
		});
	});

	test.each(['', '0', '-1', '1e9', '30s', "1'"])('leave out a time such as "%s"', (gracePeriodSeconds) => {
		expect(scopeAnnotations({ pidsLimit: 1, service: undefined, gracePeriodSeconds })).toEqual(always);
	});
});
