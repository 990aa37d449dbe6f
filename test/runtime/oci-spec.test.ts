import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseSeccomp } from '../../src/runtime/oci/seccomp.ts';
import { buildInfraSpec } from '../../src/runtime/oci/spec-infra.ts';
import { readHostFacts } from '../../src/runtime/sys/host-limits.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { ownNamespaces } from '../helpers/spec-requests.ts';
import { runByRunc, runSpecByRunc } from '../helpers/spec-rig.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const missing = whatIsMissing('root', 'runc', '/bin/busybox');
const runtimeDefault = { type: 'runtimeDefault', localhostRef: '' } as const;

/** One line of /proc/self/status. */
function statusLine(text: string, name: string): string | undefined {
	return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1];
}

describe.skipIf(missing)(`specs run by runc${missing ?? ''}`, () => {
	test('an ordinary container has the nine capabilities, our files and nothing of the host', () => {
		const { stdout, stderr, exitCode } = runByRunc(
			'cat /proc/self/status /etc/resolv.conf; ls /run/.containerenv; ls -l /etc/mtab; echo "HOME=$HOME"; ls /dev; pwd',
			{ container: { workingDir: '/made/for/it' } },
		);
		expect(stderr).toBe('');
		expect(exitCode).toBe(0);
		expect(statusLine(stdout, 'CapBnd')).toBe('00000000000005fb');
		expect(statusLine(stdout, 'CapEff')).toBe('00000000000005fb');
		expect(statusLine(stdout, 'CapInh')).toBe('0000000000000000');
		expect(statusLine(stdout, 'NoNewPrivs')).toBe('0');
		expect(stdout).toContain('nameserver 10.0.0.1');
		expect(stdout).toContain('/run/.containerenv');
		expect(stdout).toContain('/proc/mounts');
		expect(stdout).toContain('HOME=/root');
		expect(stdout).not.toMatch(/^(vda|kmsg|mem)$/m);
		expect(stdout.trimEnd().endsWith('/made/for/it')).toBe(true);
	});

	test('a privileged one has all that we have, the host devices and writable /sys', () => {
		const { stdout, exitCode, notes } = runByRunc(
			'cat /proc/self/status; ls /dev; grep " /sys " /proc/mounts; head -c1 /dev/kmsg >/dev/null && echo read',
			{
				container: { security: { privileged: true, seccomp: runtimeDefault, maskedPaths: ['/proc/kcore'] } },
			},
		);
		expect(exitCode).toBe(0);
		const own = statusLine(readFileSync('/proc/self/status', 'utf8'), 'CapBnd');
		expect(statusLine(stdout, 'CapEff')).toBe(own);
		expect(statusLine(stdout, 'Seccomp')).toBe('0');
		expect(stdout).toMatch(/^kmsg$/m);
		expect(stdout).toMatch(/sysfs rw/);
		expect(stdout).toContain('read');
		if (!readHostFacts().boundingCapabilities.has('CAP_SYS_RESOURCE')) {
			expect(notes.join()).toContain('CAP_SYS_RESOURCE');
		}
	});

	test.each([
		['drop ALL', { dropCapabilities: ['ALL'] }, '0000000000000000'],
		['add NET_RAW', { addCapabilities: ['NET_RAW'] }, '00000000000025fb'],
		['drop ALL, add KILL', { dropCapabilities: ['ALL'], addCapabilities: ['KILL'] }, '0000000000000020'],
	])('%s', (_, security, mask) => {
		const { stdout } = runByRunc('cat /proc/self/status', { container: { security } });
		expect(statusLine(stdout, 'CapEff')).toBe(mask);
	});

	test('adding ALL gives what we have, and an ordinary user loses what is effective but what is ambient', () => {
		const all = runByRunc('cat /proc/self/status', { container: { security: { addCapabilities: ['ALL'] } } });
		const own = statusLine(readFileSync('/proc/self/status', 'utf8'), 'CapBnd');
		expect(statusLine(all.stdout, 'CapEff')).toBe(own);
		const user = runByRunc('cat /proc/self/status', { container: { security: { runAsUser: 1000n } } });
		expect(statusLine(user.stdout, 'CapEff')).toBe('0000000000000000');
		const ambient = runByRunc('cat /proc/self/status', {
			container: { security: { runAsUser: 1000n, addAmbientCapabilities: ['NET_BIND_SERVICE'] } },
		});
		expect(statusLine(ambient.stdout, 'CapEff')).toBe('0000000000000400');
	});

	test('users, groups and a line for a stranger', () => {
		const alice = runByRunc('id; echo $HOME', { container: { security: { runAsUsername: 'alice' } } });
		expect(alice.stdout).toBe('uid=1000(alice) gid=1001(alice) groups=10(wheel),1001(alice)\n/home/alice\n');
		const stranger = runByRunc('id; cat /etc/passwd; echo $HOME', {
			container: {
				workingDir: '/work',
				security: {
					runAsUser: 4321n,
					runAsGroup: 4322n,
					supplementalGroups: [77n],
					supplementalGroupsPolicy: 'strict',
				},
			},
		});
		expect(stranger.stdout).toContain('uid=4321(4321) gid=4322(4322) groups=77,4322(4322)');
		expect(stranger.stdout).toContain('4321:x:4321:4322:4321 user:/work:/sbin/nologin');
		expect(stranger.stdout.trimEnd().endsWith('/work')).toBe(true);
		expect(readFileSync(path.join(stranger.rootfs, 'etc/passwd'), 'utf8')).not.toContain('4321');
		expect(stranger.user).toEqual({ uid: 4321, gid: 4322, additionalGids: [4322, 77], home: '/work' });
	});

	test('masked and read-only paths, a read-only root', () => {
		const { stdout, stderr } = runByRunc(
			'cat /proc/keys /proc/uptime | grep -c .; echo 1 > /proc/sys/kernel/domainname || echo refused; touch /x || echo sealed',
			{
				container: {
					security: { maskedPaths: ['/proc/uptime'], readonlyPaths: ['/proc/sys'], readonlyRootfs: true },
				},
			},
		);
		expect(stdout).toBe('0\nrefused\nsealed\n');
		expect(stderr).toContain('Read-only file system');
		const open = runByRunc('cat /proc/uptime | grep -c .; touch /x && echo open');
		expect(open.stdout).toBe('1\nopen\n');
	});

	test.each([
		['of the system', ''],
		['built in', 'built-in'],
	])(
		'the default filter (%s) refuses namespaces, but not to CAP_SYS_ADMIN, and ordinary programs run',
		(_, profile) => {
			const script =
				'unshare -m /bin/true && echo made; unshare -U /bin/true && echo made; (sleep 0; ls / | cat) | head -n 1; grep Seccomp: /proc/self/status; umount /nothing';
			const settings = profile === '' ? {} : { seccompProfile: builtInAsFile() };
			const plain = runByRunc(script, { container: { security: { seccomp: runtimeDefault } }, settings });
			expect(plain.stdout).toBe('bin\nSeccomp:\t2\n');
			expect(plain.stderr).toContain('unshare');
			const admin = runByRunc(script, {
				container: { security: { seccomp: runtimeDefault, addCapabilities: ['SYS_ADMIN'] } },
				settings,
			});
			expect(admin.stdout).toBe('made\nmade\nbin\nSeccomp:\t2\n');
			const all = runByRunc(script, {
				container: { security: { seccomp: runtimeDefault, addCapabilities: ['ALL'] } },
				settings,
			});
			expect(all.stdout).toBe('made\nmade\nbin\nSeccomp:\t2\n');
		},
	);

	test('a profile of a file, and no filter', () => {
		const file = path.join(tempDir(), 'profile.json');
		const syscalls = [{ names: ['sethostname'], action: 'SCMP_ACT_ERRNO' }];
		writeFileSync(file, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }));
		const security = {
			addCapabilities: ['SYS_ADMIN'],
			seccomp: { type: 'localhost', localhostRef: file },
		} as const;
		const { stdout, stderr } = runByRunc('hostname other; echo done', { container: { security } });
		expect(stdout).toBe('done\n');
		expect(stderr).toContain('not permitted');
		const free = runByRunc('grep Seccomp: /proc/self/status');
		expect(free.stdout).toBe('Seccomp:\t0\n');
	});

	test('the infra container runs with nothing but a process', () => {
		const { stdout, stderr, exitCode } = runSpecByRunc((rootfs, id) =>
			buildInfraSpec({
				args: ['/bin/sh', '-c', 'cat /proc/self/status; echo $$; touch /x || echo sealed'],
				env: [],
				rootfsPath: rootfs,
				hostname: 'infra',
				cgroupsPath: `/${id}`,
				limits: { ...readHostFacts(), cgroupVersion: 1 },
				namespacePaths: { network: undefined, ipc: undefined, uts: undefined },
				seccomp: chooseSeccomp({
					profile: runtimeDefault,
					privileged: false,
					isEnabled: true,
					target: { capabilities: [], kernel: [6, 18] },
				}),
				annotations: {},
			}),
		);
		expect(exitCode, stderr).toBe(0);
		expect(statusLine(stdout, 'CapBnd')).toBe('0000000000000000');
		expect(statusLine(stdout, 'Seccomp')).toBe('2');
		expect(stdout).toMatch(/^1\nsealed$/m);
	});

	test('environment, terminal, limits, umask, devices', () => {
		const { stdout } = runByRunc(
			'env; grep open.files /proc/self/limits; cat /proc/self/oom_score_adj; touch /f; stat -c %a /f; ls -l /dev/fuse; head -c0 /dev/fuse && echo opened',
			{
				container: {
					envs: [
						{ key: 'PATH', value: '/bin' },
						{ key: 'OWN', value: 'a=b c' },
					],
					devices: [{ hostPath: '/dev/full', containerPath: '/dev/fuse', permissions: 'r' }],
					security: { namespaces: { ...ownNamespaces, network: 'node' } },
				},
				sandbox: { annotations: { 'umask.crio.io': '027' } },
				handler: {
					name: 'runc',
					path: '/usr/sbin/runc',
					root: '',
					type: 'oci',
					privilegedWithoutHostDevices: false,
					allowedAnnotations: ['umask.crio.io'],
					monitorPath: '',
					monitorCgroup: '',
					monitorEnv: [],
					minimumMemoryBytes: 0,
				},
				settings: { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }], env: ['FROM=configuration'] },
			},
		);
		expect(stdout).toContain('OWN=a=b c\n');
		expect(stdout).toContain('FROM=configuration\n');
		expect(stdout).toContain('HOSTNAME=spec-host\n');
		expect(stdout).toMatch(/open files\s+100\s+200/);
		expect(stdout).toMatch(/^640$/m);
		expect(stdout).toMatch(/1,\s+7 .*\/dev\/fuse/);
		expect(stdout).toContain('opened');
	});
});

/** The built-in profile as a file of the configuration: containers/common's format is what it is written in. */
function builtInAsFile(): string {
	const file = path.join(tempDir(), 'built-in.json');
	const script = `import { builtInProfile } from '${path.resolve('src/runtime/oci/seccomp-default.ts')}';
import { withoutNamespaces } from '${path.resolve('src/runtime/oci/seccomp.ts')}';
process.stdout.write(JSON.stringify(withoutNamespaces(builtInProfile)));`;
	const text = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
	writeFileSync(file, text);
	return file;
}
