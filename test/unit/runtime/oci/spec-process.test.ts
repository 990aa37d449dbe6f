import { describe, expect, test } from 'vitest';
import {
	clampOomScoreAdj,
	processArgs,
	processCwd,
	processEnv,
	processRlimits,
	processUmask,
	runsSystemd,
} from '../../../../src/runtime/oci/spec-process.ts';
import { defaultSpecSettings } from '../../../../src/runtime/oci/spec-settings.ts';
import {
	containerRequest,
	generousLimits,
	imageRunConfig,
	runcHandler,
	sandboxRequest,
	specInput,
} from '../../../helpers/spec-requests.ts';

describe('processArgs', () => {
	const image = { entrypoint: ['entry', 'point'], cmd: ['cmd'] };
	const bare = { entrypoint: [], cmd: ['cmd', 'arg'] };
	test.each([
		[[], [], image, 'entry point cmd'],
		[['command'], [], image, 'command'],
		[[], ['args'], image, 'entry point args'],
		[['command'], ['args'], image, 'command args'],
		[[], [], bare, 'cmd arg'],
		[[], ['args'], bare, 'args'],
	])('%j %j on %j', (command, args, of, wanted) => {
		expect(processArgs({ command, args }, of).join(' ')).toBe(wanted);
	});

	test('refuses nothing, and a NUL', () => {
		const none = { entrypoint: [], cmd: [] };
		expect(() => processArgs({ command: [], args: [] }, none)).toThrow('neither it nor its image');
		expect(() => processArgs({ command: ['a\0b'], args: [] }, none)).toThrow('NUL');
	});
});

test.each([
	['', '', '/'],
	['', '/image', '/image'],
	['/request', '/image', '/request'],
	['', 'relative', '/relative'],
])('processCwd %j %j', (request, image, wanted) => {
	expect(processCwd(request, image)).toBe(wanted);
});

describe('processEnv', () => {
	const envOf = (changes: Parameters<typeof specInput>[0]) => processEnv(specInput(changes));
	const envs = (...pairs: readonly (readonly [key: string, value: string])[]) =>
		containerRequest({ envs: pairs.map(([key, value]) => ({ key, value })) });

	test('the later over the earlier', () => {
		const env = envOf({
			image: {
				...imageRunConfig,
				env: ['A=image', 'B=image', 'C=image', 'nothing', '=odd', 'HOME=/of/image'],
			},
			container: envs(['B', 'request'], ['C', 'request'], ['EMPTY', ''], ['SUM', '1=1']),
			extras: {
				settings: { ...defaultSpecSettings, env: ['A=configuration', 'D=configuration'] },
				env: ['C=cdi'],
			},
		});
		expect(env.slice(1)).toEqual([
			'HOSTNAME=pod-host',
			'A=image',
			'D=configuration',
			'B=request',
			'C=cdi',
			'HOME=/of/image',
			'EMPTY=',
			'SUM=1=1',
		]);
	});

	test('a terminal is named, PATH and HOSTNAME can be replaced, HOME is of the user', () => {
		const env = envOf({
			container: { ...envs(['PATH', '/bin'], ['HOSTNAME', 'mine']), tty: true },
			user: { uid: 1, gid: 1, additionalGids: [], home: '/home/one' },
		});
		expect(env).toEqual(['PATH=/bin', 'TERM=xterm', 'HOSTNAME=mine', 'HOME=/home/one']);
		expect(envOf({ user: { uid: 1, gid: 1, additionalGids: [], home: '' } })).toContain('HOME=/');
	});

	test('an init system learns that it is in a container', () => {
		expect(envOf({ container: containerRequest({ command: ['/sbin/init'] }) })).toContain('container=crio');
		expect(envOf({}).join()).not.toContain('container=');
	});

	test.each([
		['', 'x'],
		['A=B', 'x'],
		['A', 'x\0y'],
	])('refuses %j=%j', (key, value) => {
		expect(() => envOf({ container: envs([key, value]) })).toThrow('malformed');
	});
});

test.each([
	[['/sbin/init'], true],
	[['/usr/sbin/init', 'x'], true],
	[['/usr/lib/systemd/systemd'], true],
	[['systemd'], true],
	[['systemd-run'], false],
	[['/bin/sh', '/sbin/init'], false],
	[[], false],
])('runsSystemd %j', (args, wanted) => {
	expect(runsSystemd(args)).toBe(wanted);
});

describe('processUmask', () => {
	const umaskOf = (text: string) =>
		processUmask(
			specInput({
				sandbox: sandboxRequest({ annotations: { 'io.kubernetes.cri-o.umask': text } }),
				handler: { ...runcHandler, allowedAnnotations: ['umask.crio.io'] },
			}),
		);
	test('reads octal', () => {
		expect(umaskOf('022')).toBe(0o22);
		expect(umaskOf('')).toBeUndefined();
	});
	test.each(['8', '77777', '0x1', ' 22'])('refuses "%s"', (text) => {
		expect(() => umaskOf(text)).toThrow('not octal');
	});
});

test('processRlimits stay below our own, unless we may raise them', () => {
	const wanted = [
		{ type: 'RLIMIT_NOFILE', soft: 50, hard: 500 },
		{ type: 'RLIMIT_CORE', soft: 1, hard: 2 },
	];
	const rlimits = new Map([['RLIMIT_NOFILE', 100]]);
	const weak = { ...generousLimits, rlimits, boundingCapabilities: new Set<string>() };
	expect(processRlimits(wanted, weak)).toEqual([
		{ type: 'RLIMIT_NOFILE', soft: 50, hard: 100 },
		{ type: 'RLIMIT_CORE', soft: 1, hard: 2 },
	]);
	expect(processRlimits(wanted, { ...generousLimits, rlimits })).toEqual(wanted);
});

test.each([
	[0, -1000, 0],
	[-998, -1000, -998],
	[-998, 0, 0],
	[3, 10, 10],
	[5000, 0, 1000],
	[-5000, -1000, -1000],
])('clampOomScoreAdj %i from %i', (wanted, minimumOomScoreAdj, given) => {
	expect(clampOomScoreAdj(wanted, { ...generousLimits, minimumOomScoreAdj })).toBe(given);
});
