import { afterEach, expect, test, vi } from 'vitest';
import { conmonArguments, conmonEnvironment } from '../../../../src/runtime/oci/conmon-arguments.ts';
import type { CreateRequest } from '../../../../src/runtime/oci/container-process.ts';

const request: CreateRequest = {
	id: 'c1',
	name: 'k8s_c_p_n_u_0',
	handler: {
		name: 'runc',
		path: '/usr/sbin/runc',
		root: '/run/runc',
		type: 'oci',
		privilegedWithoutHostDevices: false,
		allowedAnnotations: [],
		monitorPath: '/usr/bin/conmon',
		monitorCgroup: '',
		monitorEnv: ['LANG=C', 'EMPTY', 'EQUALS=a=b', 'CRI_O_EXTERNAL=0'],
		minimumMemoryBytes: 0,
	},
	paths: {
		bundleDir: '/run/b',
		persistDir: '/var/p',
		exitsDir: '/run/exits',
		attachDir: '/run/a',
		logPath: '/var/log/c1.log',
	},
	terminal: false,
	stdin: false,
	stdinOnce: false,
	systemdCgroup: false,
	placeMonitor: () => undefined,
	logSizeMaxBytes: -1,
	timeoutMs: 1000,
};

afterEach(() => {
	vi.unstubAllEnvs();
});

test('a plain container', () => {
	expect(conmonArguments(request).join(' ')).toBe(
		'-b /run/b -c c1 -u c1 -n k8s_c_p_n_u_0 -r /usr/sbin/runc --runtime-arg --root=/run/runc -p /run/b/pidfile ' +
			'-P /run/b/conmon-pidfile --persist-dir /var/p --exit-dir /run/exits -l /var/log/c1.log ' +
			'--socket-dir-path /run/a --log-level info --syslog',
	);
});

test.each<[Partial<CreateRequest>, readonly string[]]>([
	[{ terminal: true }, ['-t']],
	[{ stdin: true }, ['-i', '--leave-stdin-open']],
	[{ stdin: true, stdinOnce: true }, ['-i']],
	[{ stdinOnce: true }, []],
	[{ systemdCgroup: true }, ['-s']],
	[{ logSizeMaxBytes: 8192 }, ['--log-size-max', '8192']],
])('%j adds %j', (change, added) => {
	const plain = conmonArguments(request);
	expect(conmonArguments({ ...request, ...change })).toEqual([...plain, ...added]);
});

test('the environment has what conmon needs and nothing of ours', () => {
	vi.stubEnv('PATH', '/bin');
	vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/0');
	vi.stubEnv('SECRET', 'x');
	const environment = {
		PATH: '/bin',
		XDG_RUNTIME_DIR: '/run/user/0',
		CRI_O_EXTERNAL: '1',
		_OCI_SYNCPIPE: '3',
		_OCI_STARTPIPE: '4',
		LANG: 'C',
		EMPTY: '',
		EQUALS: 'a=b',
	};
	expect(conmonEnvironment(request)).toEqual(environment);
	vi.stubEnv('XDG_RUNTIME_DIR', undefined);
	expect(conmonEnvironment(request)).not.toHaveProperty('XDG_RUNTIME_DIR');
});
