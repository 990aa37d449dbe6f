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

describe('annotations for systemd', () => {
	test('lift a limit of tasks that nobody asked for', () => {
		expect(scopeAnnotations({ pidsLimit: -1, service: undefined })).toEqual({
			'org.systemd.property.DefaultDependencies': 'true',
			'org.systemd.property.TasksMax': 'uint64 18446744073709551615',
		});
	});

	test('order the end after the runtime has begun, within the time that a kubelet gives', () => {
		expect(
			scopeAnnotations({ pidsLimit: 100, service: 'criscope.service', gracePeriodSeconds: '30' }),
		).toEqual({
			'org.systemd.property.DefaultDependencies': 'true',
			'org.systemd.property.After': "['criscope.service']",
			'org.systemd.property.TimeoutStopUSec': 'uint64 30000000',
		});
	});

	test.each(['', '0', '-1', '1e9', '30s', "1'"])('leave out a time such as "%s"', (gracePeriodSeconds) => {
		const found = scopeAnnotations({ pidsLimit: 1, service: undefined, gracePeriodSeconds });
		expect(found).not.toHaveProperty(['org.systemd.property.TimeoutStopUSec']);
	});
});
