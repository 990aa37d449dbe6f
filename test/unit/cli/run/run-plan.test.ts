import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFlags } from '../../../../src/cli/flags.ts';
import { readByteSize } from '../../../../src/cli/requests/byte-size.ts';
import { missingPrefix } from '../../../../src/cli/run/held-output.ts';
import { hostsFile } from '../../../../src/cli/run/hosts-file.ts';
import { logPieces } from '../../../../src/cli/run/log-output.ts';
import { parsePublish } from '../../../../src/cli/run/port-flags.ts';
import { refuseWhatCannotBe } from '../../../../src/cli/run/refused-flags.ts';
import { areConfigs } from '../../../../src/cli/run/run-configs.ts';
import { runFlags } from '../../../../src/cli/run/run-flags.ts';
import { nameFromImage, planRun } from '../../../../src/cli/run/run-plan.ts';

const facts = {
	uid: '00000000-0000-4000-8000-000000000000',
	suffix: 'abc123',
	cwd: '/work',
	env: { HOME: '/root' },
	envFiles: [],
};

function plan(...args: readonly string[]) {
	const { flags, given, operands } = parseFlags(args, runFlags, { endAtFirstOperand: true });
	refuseWhatCannotBe(given);
	return planRun(operands, flags, facts);
}

const linux = (...args: readonly string[]) =>
	plan(...args, 'i').containerConfig.linux as never as Record<string, never>;

describe('planRun', () => {
	it('makes a pod as a kubelet names one, and a container with the flags of the image', () => {
		const { podConfig, containerConfig } = plan(
			'-it',
			'--rm',
			'docker.io/library/busybox:1.35',
			'sh',
			'-c',
			'x',
		);
		expect(podConfig).toMatchObject({
			metadata: { name: 'busybox-abc123', namespace: 'default', uid: facts.uid, attempt: 0 },
			hostname: 'busybox-abc123',
			logDirectory: `/var/log/pods/default_busybox-abc123_${facts.uid}`,
			labels: { 'criscope.run': 'rm', 'io.kubernetes.pod.name': 'busybox-abc123' },
			linux: { securityContext: { namespaceOptions: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } } },
		});
		expect(containerConfig).toMatchObject({
			image: { image: 'docker.io/library/busybox:1.35' },
			args: ['sh', '-c', 'x'],
			logPath: 'busybox-abc123/0.log',
			labels: { 'io.kubernetes.container.name': 'busybox-abc123' },
			...{ stdin: true, stdinOnce: true, tty: true },
		});
		expect(containerConfig.command).toBeUndefined();
	});

	it('takes everything after the image for the command', () => {
		expect(plan('i', 'ls', '--rm', '-it').containerConfig.args).toEqual(['ls', '--rm', '-it']);
	});

	it('reads each flag', () => {
		expect(linux('-m', '64m', '--cpus', '1.5', '-c', '512')['resources']).toMatchObject({
			memoryLimitInBytes: 67_108_864n,
			...{ cpuQuota: 150_000n, cpuPeriod: 100_000n, cpuShares: 512n },
		});
		expect(linux('-u', '7:8')['securityContext']).toMatchObject({
			runAsUser: { value: 7n },
			runAsGroup: { value: 8n },
		});
		expect(linux('-u', 'web')['securityContext']).toMatchObject({ runAsUsername: 'web' });
		expect(linux('--cap-add', 'cap_net_raw,SYS_TIME')['securityContext']).toMatchObject({
			capabilities: { addCapabilities: ['NET_RAW', 'SYS_TIME'] },
		});
		expect(linux('--privileged')['securityContext']).toMatchObject({
			privileged: true,
			seccomp: { profileType: 'Unconfined' },
		});
		expect(linux('--security-opt', 'seccomp=./p.json')['securityContext']).toMatchObject({
			seccomp: { profileType: 'Localhost', localhostRef: '/work/p.json' },
		});
		const { containerConfig, podConfig, volumes, ports, hosts } = plan(
			...[
				'-e',
				'A=b=c',
				'-e',
				'HOME',
				'-e',
				'ABSENT',
				'--entrypoint',
				'["a","b"]',
				'--stop-signal',
				'rtmin+3',
			],
			...[
				'--network',
				'host',
				'-v',
				'./x:/y:ro,rslave',
				'--mount',
				'type=tmpfs,dst=/t,tmpfs-size=1m',
				'-v',
				'/anon',
			],
			...[
				'--device',
				'/dev/fuse:rw',
				'--device',
				'v.com/gpu=0',
				'--add-host',
				'h:[::1]',
				'--pid',
				'host',
				'i',
			],
		);
		expect(containerConfig.envs).toEqual([
			{ key: 'A', value: Buffer.from('b=c') },
			{ key: 'HOME', value: Buffer.from('/root') },
		]);
		expect(containerConfig).toMatchObject({
			command: ['a', 'b'],
			stopSignal: 'SIGRTMINPLUS3',
			devices: [{ hostPath: '/dev/fuse', containerPath: '/dev/fuse', permissions: 'rw' }],
			CDIDevices: [{ name: 'v.com/gpu=0' }],
		});
		expect(podConfig.hostname).toBeUndefined();
		expect(podConfig.linux).toMatchObject({
			securityContext: { namespaceOptions: { network: 'NODE', pid: 'NODE' } },
		});
		expect(volumes).toMatchObject([
			{
				source: { kind: 'host', path: '/work/x' },
				readonly: true,
				propagation: 'PROPAGATION_HOST_TO_CONTAINER',
			},
			{ source: { kind: 'empty' }, destination: '/anon' },
			{ source: { kind: 'empty', tmpfs: { sizeBytes: 1_048_576n } }, destination: '/t' },
		]);
		expect([ports, hosts]).toEqual([[], [{ address: '::1', names: ['h'] }]]);
	});

	it.each([
		[['--network', 'none'], '--network none is not possible here'],
		[['--restart', 'always'], '--restart always is not possible here'],
		[['--ulimit', 'nofile=1'], '--ulimit is not possible here: the CRI has no way'],
		[['--init'], '--init is not possible here'],
		[['-P'], '--publish-all is not possible here'],
		[['-v', 'data:/x'], 'no CRI runtime keeps named volumes'],
		[['-v', '/a:b'], 'needs an absolute path in the container, not "b"'],
		[['-v', '/a:/b:rx'], 'flag --volume knows no option "rx"'],
		[['-p', '80:x'], 'needs ports from 1 to 65535'],
		[['-p', '1-3:1-2'], 'needs as many ports on both sides'],
		[['-p', '80:80', '--network', 'host'], '--publish does not go together with --network host'],
		[['-u', 'a:b'], 'needs the group as a number'],
		[['-e', '=x'], 'flag --env is NAME=VALUE or NAME, not "=x"'],
		[['--cpus', '0'], 'flag --cpus is a number such as 1.5'],
		[['-m', '1x'], 'flag --memory is a size such as 512m or 2g, not "1x"'],
		[['--name', 'A b'], 'flag --name is of lower-case letters'],
		[['--add-host', 'x'], 'flag --add-host is NAME:ADDRESS, not "x"'],
		[['--security-opt', 'label=disable'], 'flag --security-opt knows no "label=disable"'],
		[['--mount', 'type=bind,src=/a,dst=/b,odd=1'], 'flag --mount knows no "odd" for type=bind'],
		[['--dns', 'x'], 'flag --dns is an IP address, not "x"'],
	])('refuses %j in one sentence', (args, sentence) => {
		expect(() => plan(...args, 'i')).toThrow(sentence);
	});

	it('never fails but for a reason it gives', () => {
		const words = fc.array(
			fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom(':', '/', '-', ',', '=', '80', '/a')),
			{ maxLength: 6 },
		);
		const flag = fc.constantFrom(
			'-v',
			'-p',
			'-u',
			'-e',
			'-m',
			'--mount',
			'--tmpfs',
			'--device',
			'--add-host',
			'--cpus',
		);
		fc.assert(
			fc.property(flag, words, (name, parts) => {
				try {
					plan(`${name}`, parts.join('') || 'x', 'i');
				} catch (error) {
					expect((error as Error).name).toBe('UsageError');
				}
			}),
		);
	});
});

it('names come from images', () => {
	expect(nameFromImage('docker.io/library/busybox:1.35')).toBe('busybox');
	expect(nameFromImage('host:5000/a/My_App@sha256:00')).toBe('my-app');
	expect(nameFromImage('3cbbcfc0e14be')).toBe('run');
});

it("two files are crictl's form, anything else is an image", () => {
	expect(areConfigs(['c.json', 'p.YAML'])).toBe(true);
	expect(areConfigs(['c.json'])).toBe(false);
	expect(areConfigs(['busybox', 'p.yml'])).toBe(false);
	expect(areConfigs(['c.json', 'p.yml', 'x'])).toBe(false);
});

it('ports as people write them', () => {
	expect(parsePublish('[::1]:8000-8001:80-81/udp')).toEqual([
		{ protocol: 'UDP', hostIp: '::1', hostPort: 8000, containerPort: 80 },
		{ protocol: 'UDP', hostIp: '::1', hostPort: 8001, containerPort: 81 },
	]);
	expect(parsePublish('127.0.0.1::80')).toEqual([
		{ protocol: 'TCP', hostIp: '127.0.0.1', hostPort: undefined, containerPort: 80 },
	]);
	expect(parsePublish('80')).toMatchObject([{ hostPort: undefined, containerPort: 80 }]);
});

it('sizes as people write them', () => {
	expect(['1', '1k', '64M', '1.5g', '2GiB', '1kb'].map((text) => readByteSize(text, '-m'))).toEqual([
		...[1n, 1024n, 67_108_864n, 1_610_612_736n, 2_147_483_648n, 1024n],
	]);
});

describe('what was said before an attach', () => {
	it.each([
		['a\nb\n', 'b\n', 'a\n'],
		['a\nb\n', 'a\nb\n$ ', ''],
		['a\nb\n', '', 'a\nb\n'],
		['a\nb\n', '$ ', 'a\nb\n'],
		['a\nb\n', 'b\r\n$ ', 'a\n'],
		['', '$ ', ''],
	])('of the log %j and the output %j it is %j', (logged, attached, missing) => {
		expect(missingPrefix(Buffer.from(logged), Buffer.from(attached)).toString()).toBe(missing);
	});

	it('together they are the whole output, wherever the attach came in', () => {
		const lines = fc.uniqueArray(fc.stringMatching(/^[a-z]{3,9}$/), { minLength: 1, maxLength: 20 });
		fc.assert(
			fc.property(lines, fc.nat(20), (all, from) => {
				const logged = all.map((line) => `${line}\n`).join('');
				const attached = all
					.slice(from)
					.map((line) => `${line}\n`)
					.join('');
				const missing = missingPrefix(Buffer.from(logged), Buffer.from(attached)).toString();
				expect(missing + attached).toBe(logged);
			}),
		);
	});
});

it('a log gives back what was written, whole lines and parts', () => {
	const at = '2026-01-01T00:00:00.000000000Z';
	expect(logPieces(`${at} stdout P ab\n${at} stdout F c\n${at} stderr F \nno entry\n`)).toEqual([
		{ stream: 'stdout', text: 'ab' },
		{ stream: 'stdout', text: 'c\n' },
		{ stream: 'stderr', text: '\n' },
	]);
});

it('/etc/hosts has the pod and the lines that were asked for', () => {
	const text = hostsFile({ addresses: ['10.0.0.2'], names: ['web'] }, [
		{ address: '192.0.2.1', names: ['a', 'b'] },
	]);
	expect(text).toContain('127.0.0.1\tlocalhost\n');
	expect(text.endsWith('10.0.0.2\tweb\n192.0.2.1\ta\tb\n')).toBe(true);
	expect(hostsFile({ ofHost: '1.2.3.4 x' }, [])).toBe(
		"# Written by criscope from the host's file.\n1.2.3.4 x\n",
	);
});
