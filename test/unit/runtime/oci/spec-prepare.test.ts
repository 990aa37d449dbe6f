import {
	existsSync,
	mkdirSync,
	readFileSync,
	readlinkSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type PrepareRequest, prepareContainerSpec } from '../../../../src/runtime/oci/spec-prepare.ts';
import {
	prepareImageVolumes,
	prepareUserFiles,
	timezoneMount,
} from '../../../../src/runtime/oci/spec-rootfs.ts';
import { defaultSpecSettings, readSpecHost } from '../../../../src/runtime/oci/spec-settings.ts';
import {
	containerRequest,
	mountRequest,
	resourcesRequest,
	specInput,
} from '../../../helpers/spec-requests.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const host = {
	memorySwap: true,
	hugetlb: true,
	pids: true,
	thermalThrottlePaths: [],
	systemdHierarchy: false,
};

function makeRootfs(files: Readonly<Record<string, string>> = {}): string {
	const rootfs = path.join(tempDir(), 'rootfs');
	mkdirSync(path.join(rootfs, 'etc'), { recursive: true });
	const all = { 'etc/passwd': 'root:x:0:0::/root:/bin/sh\n', 'etc/group': 'root:x:0:\n', ...files };
	for (const [name, content] of Object.entries(all))
		writeFileSync(path.join(rootfs, name), content, { mode: 0o444 });
	return rootfs;
}

function request(changes: Partial<PrepareRequest> = {}): PrepareRequest {
	return {
		...specInput(),
		rootfsPath: makeRootfs(),
		settings: { ...defaultSpecSettings, hooksDirs: [], cdiSpecDirs: [] },
		host,
		runDir: tempDir(),
		imageMounts: new Map(),
		containerEnvPath: '',
		...changes,
	};
}

describe('prepareContainerSpec', () => {
	test('makes a spec, tells the user and the mounts', () => {
		const dir = tempDir();
		const given = request({
			container: containerRequest({
				mounts: [mountRequest({ hostPath: dir, containerPath: '/data', readonly: true })],
				security: { runAsUser: 0n, seccomp: { type: 'runtimeDefault', localhostRef: '' } },
			}),
		});
		const { spec, user, mounts, notes } = prepareContainerSpec(given);
		expect(user).toEqual({ uid: 0, gid: 0, additionalGids: [0], home: '/root' });
		expect(mounts).toMatchObject([{ containerPath: '/data', readonly: true }]);
		expect(spec.mounts.at(-1)?.destination).toBe('/data');
		expect(spec.linux.seccomp?.defaultAction).toBe('SCMP_ACT_ERRNO');
		expect(readlinkSync(path.join(given.rootfsPath, 'etc/mtab'))).toBe('/proc/mounts');
		expect(notes).toEqual([]);
	});

	test('a stranger is written into copies of the files, and lives where he starts', () => {
		const given = request({
			container: containerRequest({ security: { runAsUser: 4321n, runAsGroup: 99n } }),
		});
		const { spec, user } = prepareContainerSpec(given);
		expect(user.home).toBe('/');
		expect(spec.process.env).toContain('HOME=/');
		const sources = spec.mounts.filter(({ destination }) => /^\/etc\/(passwd|group)$/.test(destination));
		expect(sources.map(({ source }) => readFileSync(source ?? '', 'utf8'))).toEqual([
			'root:x:0:0::/root:/bin/sh\n4321:x:4321:99:4321 user:/:/sbin/nologin\n',
			'root:x:0:\n99:x:99:\n',
		]);
	});

	test.each<[string, Parameters<typeof containerRequest>[0]]>([
		['limits', { resources: resourcesRequest({ memoryLimitBytes: 20n, memorySwapLimitBytes: 10n }) }],
		[
			'a PID namespace',
			{ security: { namespaces: { ...containerRequest().security.namespaces, pid: 'pod' } } },
		],
		['a device', { devices: [{ hostPath: '/dev/none', containerPath: '/dev/none', permissions: 'r' }] }],
		['a CDI device', { cdiDevices: ['a.b/c=d'] }],
		['a profile', { security: { seccomp: { type: 'localhost', localhostRef: '/no/file' } } }],
		['a capability', { security: { addCapabilities: ['FLY'] } }],
		['a user', { security: { runAsUsername: 'mallory' } }],
	])('makes nothing on the host for a request that it refuses: %s', (_, changes) => {
		const dir = tempDir();
		const hostPath = path.join(dir, 'missing');
		const given = request({
			container: containerRequest({ ...changes, workingDir: '/made', mounts: [mountRequest({ hostPath })] }),
		});
		expect(() => prepareContainerSpec(given)).toThrow('cannot ');
		expect(existsSync(hostPath)).toBe(false);
		expect(existsSync(path.join(given.rootfsPath, 'made'))).toBe(false);
	});

	test('hooks of files run where they match, and broken ones are told', () => {
		const dir = tempDir();
		const hook = {
			version: '1.0.0',
			hook: { path: '/h' },
			when: { hasBindMounts: true },
			stages: ['prestart'],
		};
		writeFileSync(path.join(dir, 'a.json'), JSON.stringify(hook));
		writeFileSync(path.join(dir, 'b.json'), 'x');
		const settings = { ...defaultSpecSettings, hooksDirs: [dir], cdiSpecDirs: [] };
		const bare = prepareContainerSpec(request({ settings }));
		expect(bare.spec.hooks).toBeUndefined();
		expect(bare.notes.join()).toContain('b.json');
		const mounts = [mountRequest({ hostPath: tempDir() })];
		const { spec } = prepareContainerSpec(request({ settings, container: containerRequest({ mounts }) }));
		expect(spec.hooks).toEqual({ prestart: [{ path: '/h' }] });
	});
});

describe('prepareUserFiles', () => {
	const stranger = { uid: own.uid + 5000, gid: own.gid + 5000, additionalGids: [], home: '/' };
	const prepare = (rootfs: string, changes: Partial<Parameters<typeof prepareUserFiles>[1]> = {}) =>
		prepareUserFiles(stranger, {
			rootfs,
			runDir: tempDir(),
			userName: '',
			home: '/w',
			takenPaths: new Set(),
			...changes,
		}).map(({ destination, source }) => [destination, readFileSync(source ?? '', 'utf8')] as const);

	test('adds a last line end, and names a nameless user', () => {
		const [passwd] = prepare(makeRootfs({ 'etc/passwd': 'root:x:0:0::/root:' }));
		const { uid, gid } = stranger;
		expect(passwd?.[1]).toBe(`root:x:0:0::/root:\ndefault:x:${uid}:${gid}:default user:/w:/sbin/nologin\n`);
		const [named] = prepare(makeRootfs(), { userName: '77:88' });
		expect(named?.[1]).toContain('\n77:x:');
	});

	test.each<[string, Parameters<typeof prepare>[1]]>([
		['/etc', { takenPaths: new Set(['/etc']) }],
		['/etc/passwd', { takenPaths: new Set(['/etc/passwd']) }],
	])('leaves what the request mounts: %s', (place, changes) => {
		const made = prepare(makeRootfs(), changes).map(([destination]) => destination);
		expect(made).toEqual(place === '/etc' ? [] : ['/etc/group']);
	});

	test('does without where the files are missing, empty, or lead out', () => {
		const rootfs = makeRootfs({ 'etc/passwd': '' });
		expect(prepare(rootfs).map(([destination]) => destination)).toEqual(['/etc/group']);
		const outside = path.join(tempDir(), 'rootfs');
		mkdirSync(outside);
		const etc = tempDir();
		writeFileSync(path.join(etc, 'passwd'), 'host:x:1:1::/:\n');
		symlinkSync(etc, path.join(outside, 'etc'));
		expect(prepare(outside)).toEqual([]);
	});

	test('refuses a HOME that would write another line', () => {
		expect(() => prepare(makeRootfs(), { home: '/x\nroot2:x:0:0::/:' })).toThrow('HOME');
	});
});

describe('prepareImageVolumes', () => {
	const prepare = (mode: 'mkdir' | 'bind' | 'ignore') => {
		const rootfs = makeRootfs();
		return {
			rootfs,
			mounts: prepareImageVolumes(['/vol/a'], { rootfs, runDir: tempDir(), mode, owner: own }),
		};
	};

	test('makes folders in the container, binds folders beside it, or neither', () => {
		const made = prepare('mkdir');
		expect(made.mounts).toEqual([]);
		expect(statSync(path.join(made.rootfs, 'vol/a')).mode & 0o777).toBe(0o755);
		const bound = prepare('bind');
		expect(bound.mounts).toMatchObject([{ destination: '/vol/a', type: 'bind' }]);
		expect(statSync(bound.mounts[0]?.source ?? '').isDirectory()).toBe(true);
		const ignored = prepare('ignore');
		expect(existsSync(path.join(ignored.rootfs, 'vol'))).toBe(false);
	});

	test('refuses a volume in the place of a file', () => {
		const rootfs = makeRootfs();
		expect(() =>
			prepareImageVolumes(['/etc/passwd'], { rootfs, runDir: tempDir(), mode: 'mkdir', owner: own }),
		).toThrow('volume "/etc/passwd"');
	});
});

test.each(['../../../etc/passwd', '/etc', 'Nowhere/Town', '../zoneinfo'])(
	'timezoneMount refuses %s',
	(timezone) => {
		expect(() => timezoneMount(timezone, { rootfs: makeRootfs(), runDir: tempDir() })).toThrow('timezone');
	},
);

test('readSpecHost reads what is mounted', () => {
	const sys = tempDir();
	mkdirSync(path.join(sys, 'fs/cgroup/memory'), { recursive: true });
	mkdirSync(path.join(sys, 'fs/cgroup/pids'));
	mkdirSync(path.join(sys, 'devices/system/cpu/cpu0/thermal_throttle'), { recursive: true });
	writeFileSync(path.join(sys, 'fs/cgroup/memory/memory.memsw.limit_in_bytes'), '');
	expect(readSpecHost(1, sys)).toEqual({
		memorySwap: true,
		hugetlb: false,
		pids: true,
		thermalThrottlePaths: [path.join(sys, 'devices/system/cpu/cpu0/thermal_throttle')],
		systemdHierarchy: false,
	});
	mkdirSync(path.join(sys, 'fs/cgroup/system.slice'));
	writeFileSync(path.join(sys, 'fs/cgroup/system.slice/hugetlb.2MB.max'), '');
	expect(readSpecHost(2, sys)).toMatchObject({ memorySwap: false, hugetlb: true, pids: true });
});
