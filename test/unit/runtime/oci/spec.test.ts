import { describe, expect, test } from 'vitest';
import { defaultCapabilities } from '../../../../src/runtime/oci/capabilities.ts';
import { buildContainerSpec, specShortfalls } from '../../../../src/runtime/oci/spec.ts';
import { buildInfraSpec } from '../../../../src/runtime/oci/spec-infra.ts';
import { defaultMaskedPaths } from '../../../../src/runtime/oci/spec-paths.ts';
import { defaultSpecSettings } from '../../../../src/runtime/oci/spec-settings.ts';
import {
	containerRequest,
	generousLimits,
	ownNamespaces,
	resourcesRequest,
	runcHandler,
	sandboxRequest,
	specInput,
} from '../../../helpers/spec-requests.ts';

type Security = NonNullable<NonNullable<Parameters<typeof containerRequest>[0]>['security']>;
type Input = Parameters<typeof specInput>[0];
const secured = (security: Security, changes: Input = {}) =>
	buildContainerSpec(specInput({ container: containerRequest({ security }), ...changes }));
const seccomp = { defaultAction: 'SCMP_ACT_ALLOW' };

describe('buildContainerSpec', () => {
	test('a container that asks for nothing', () => {
		const spec = buildContainerSpec(specInput({ annotations: { a: 'b' } }));
		expect(spec.process).toEqual({
			terminal: false,
			user: { uid: 0, gid: 0, additionalGids: [0] },
			args: ['/bin/true'],
			env: [expect.stringMatching(/^PATH=\/usr\/local\/sbin:/), 'HOSTNAME=pod-host', 'HOME=/root'],
			cwd: '/',
			capabilities: {
				bounding: expect.arrayContaining([...defaultCapabilities]),
				effective: expect.anything(),
				permitted: expect.anything(),
			},
			noNewPrivileges: false,
			oomScoreAdj: 0,
		});
		expect(spec).toMatchObject({
			root: { path: '/rootfs', readonly: false },
			hostname: 'pod-host',
			annotations: { a: 'b' },
			linux: {
				cgroupsPath: '/criscope/container-id',
				resources: { devices: [{ allow: false, access: 'rwm' }] },
			},
		});
		expect(Object.keys(spec.linux).sort()).toEqual(['cgroupsPath', 'namespaces', 'resources']);
		expect(spec.hooks).toBeUndefined();
	});

	test('namespaces: the pinned ones, its own, and no hostname without one of its own', () => {
		const spec = buildContainerSpec(specInput());
		expect(spec.linux.namespaces).toEqual([
			{ type: 'mount' },
			{ type: 'network', path: '/ns/net' },
			{ type: 'ipc', path: '/ns/ipc' },
			{ type: 'uts', path: '/ns/uts' },
			{ type: 'pid' },
		]);
		const none = { network: undefined, ipc: undefined, uts: undefined, pid: undefined };
		const host = buildContainerSpec(specInput({ namespacePaths: none }));
		expect(host.linux.namespaces).toEqual([{ type: 'mount' }, { type: 'pid' }]);
		expect(host.hostname).toBeUndefined();
	});

	test.each<[Partial<typeof ownNamespaces>, readonly string[]]>([
		[{ network: 'node' }, ['ipc', 'mount', 'pid', 'uts']],
		[{ ipc: 'node' }, ['mount', 'network', 'pid', 'uts']],
		[{ pid: 'node' }, ['ipc', 'mount', 'network', 'uts']],
		[{ pid: 'container' }, ['ipc', 'mount', 'network', 'pid', 'uts']],
	])('namespaces with %j', (changes, types) => {
		const spec = secured({ namespaces: { ...ownNamespaces, ...changes } });
		expect(spec.linux.namespaces.map(({ type }) => type).sort()).toEqual(types);
	});

	test.each(['pod', 'target'] as const)('a PID namespace of the %s has to be there', (pid) => {
		const namespaces = { ...ownNamespaces, pid, targetId: 'other' };
		const paths = { network: undefined, ipc: undefined, uts: undefined };
		const spec = secured({ namespaces }, { namespacePaths: { ...paths, pid: '/ns/pid' } });
		expect(spec.linux.namespaces).toContainEqual({ type: 'pid', path: '/ns/pid' });
		expect(() => secured({ namespaces })).toThrow(pid === 'pod' ? 'its pod' : 'container "other"');
	});

	test('a cgroup namespace on version 2, but not for a privileged container', () => {
		const limits = { ...generousLimits, cgroupVersion: 2 as const };
		const types = (privileged: boolean) =>
			secured({ privileged }, { limits }).linux.namespaces.map(({ type }) => type);
		expect(types(false)).toContain('cgroup');
		expect(types(true)).not.toContain('cgroup');
	});

	test('a privileged container is hidden nothing and filtered by nothing', () => {
		const all = { maskedPaths: ['/proc/x'], readonlyPaths: ['/proc/y'] };
		const spec = secured({ privileged: true, ...all }, { seccomp, apparmorProfile: 'crio-default' });
		expect(spec.linux).toMatchObject({ resources: { devices: [{ allow: true, access: 'rwm' }] } });
		expect(spec.linux.maskedPaths).toBeUndefined();
		expect(spec.linux.readonlyPaths).toBeUndefined();
		expect(spec.linux.seccomp).toBeUndefined();
		expect(spec.process.apparmorProfile).toBeUndefined();
		const handler = { ...runcHandler, privilegedWithoutHostDevices: true };
		expect(secured({ privileged: true }, { handler }).linux.resources?.devices).toEqual([
			{ allow: false, access: 'rwm' },
		]);
	});

	test('an ordinary one is filtered, and hidden what it asks for and what is always hidden', () => {
		const all = { maskedPaths: ['/proc/x', '/proc/kcore'], readonlyPaths: ['/proc/y', '/proc/y'] };
		const host = {
			memorySwap: true,
			hugetlb: false,
			pids: true,
			thermalThrottlePaths: ['/sys/devices/system/cpu/cpu0/thermal_throttle'],
			systemdHierarchy: true,
		};
		const spec = secured(all, { seccomp, apparmorProfile: 'crio-default', extras: { host } });
		expect(spec.linux.maskedPaths).toEqual(
			[...defaultMaskedPaths, ...host.thermalThrottlePaths, '/proc/x'].sort(),
		);
		expect(spec.linux.readonlyPaths).toEqual(['/proc/y']);
		expect(spec.linux.seccomp).toEqual(seccomp);
		expect(spec.process.apparmorProfile).toBe('crio-default');
	});

	test('a filter for privileged ones counts where the configuration has one', () => {
		const settings = { ...defaultSpecSettings, privilegedSeccompProfile: '/a/file' };
		expect(secured({ privileged: true }, { seccomp, extras: { settings } }).linux.seccomp).toEqual(seccomp);
	});

	test('devices, with rules', () => {
		const device = { path: '/dev/x', type: 'c', major: 1, minor: 2 } as const;
		const rule = { type: 'c', major: 1, minor: 2, access: 'r' };
		const { linux } = buildContainerSpec(specInput({ devices: [device], extras: { deviceRules: [rule] } }));
		expect(linux.devices).toEqual([device]);
		expect(linux.resources?.devices).toEqual([
			{ allow: false, access: 'rwm' },
			{ allow: true, ...rule },
		]);
	});

	test.each([
		[['rbind', 'rprivate'], undefined],
		[['rbind', 'rslave'], 'rslave'],
		[['rbind', 'rshared'], 'rshared'],
	])('a mount of %j makes the root %s', (options, propagation) => {
		const mounts = [
			{ destination: '/a', type: 'bind', source: '/b', options },
			{ destination: '/c', type: 'bind', source: '/d', options: ['rbind', 'rprivate'] },
		];
		expect(buildContainerSpec(specInput({ mounts })).linux.rootfsPropagation).toBe(propagation);
	});

	test('a read-only root by request or by configuration', () => {
		expect(secured({ readonlyRootfs: true }).root.readonly).toBe(true);
		const settings = { ...defaultSpecSettings, readOnly: true };
		expect(buildContainerSpec(specInput({ extras: { settings } })).root.readonly).toBe(true);
	});

	test('limits, groups and hooks of elsewhere', () => {
		const spec = buildContainerSpec(
			specInput({
				container: containerRequest({ resources: resourcesRequest({ oomScoreAdj: -999n, cpuShares: 100n }) }),
				limits: { ...generousLimits, minimumOomScoreAdj: 5 },
				extras: {
					settings: { ...defaultSpecSettings, pidsLimit: 77 },
					additionalGids: [44, 0],
					hooks: { prestart: [{ path: '/h' }] },
				},
			}),
		);
		expect(spec.process.oomScoreAdj).toBe(5);
		expect(spec.process.user.additionalGids).toEqual([0, 44]);
		expect(spec.linux.resources).toMatchObject({ cpu: { shares: 100 }, pids: { limit: 77 } });
		expect(spec.hooks).toEqual({ prestart: [{ path: '/h' }] });
	});

	test('the umask and cgroup files of annotations, where the handler allows them', () => {
		const annotations = {
			'umask.crio.io': '077',
			'unified-cgroup.crio.io/main': 'memory.high=1000;pids.max=NQ==',
		};
		const limits = { ...generousLimits, cgroupVersion: 2 as const };
		const build = (allowedAnnotations: readonly string[]) =>
			buildContainerSpec(
				specInput({
					limits,
					sandbox: sandboxRequest({ annotations }),
					handler: { ...runcHandler, allowedAnnotations },
				}),
			);
		const spec = build(['umask.crio.io', 'unified-cgroup.crio.io']);
		expect(spec.process.user.umask).toBe(0o77);
		expect(spec.linux.resources?.unified).toEqual({ 'memory.high': '1000', 'pids.max': '5' });
		expect(build([]).process.user.umask).toBeUndefined();
		expect(build([]).linux.resources?.unified).toBeUndefined();
	});

	test('is JSON without losses', () => {
		const spec = buildContainerSpec(
			specInput({
				container: containerRequest({ resources: resourcesRequest({ memoryLimitBytes: 2n ** 40n }) }),
			}),
		);
		expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
	});
});

test('specShortfalls names what was not given', () => {
	const limits = {
		...generousLimits,
		minimumOomScoreAdj: 0,
		boundingCapabilities: new Set(['CAP_CHOWN']),
	};
	const container = containerRequest({
		resources: resourcesRequest({ oomScoreAdj: -998n }),
		security: { addCapabilities: ['NET_RAW'], selinux: { user: '', role: '', type: 'spc_t', level: '' } },
	});
	expect(specShortfalls(specInput({ container, limits })).join('\n')).toMatch(
		/CAP_NET_RAW[\s\S]*-998 raised to 0[\s\S]*host has no SELinux/,
	);
	const labelled = { container, limits: { ...generousLimits, selinux: true } };
	expect(specShortfalls(specInput(labelled)).join()).toContain('labels are not supported');
	const selinux = { user: '', role: '', type: '', level: '' };
	expect(specShortfalls(specInput({ container: containerRequest({ security: { selinux } }) }))).toEqual([]);
});

test('buildInfraSpec holds a PID namespace and can do nothing', () => {
	const spec = buildInfraSpec({
		args: ['/pause'],
		env: ['A=b'],
		rootfsPath: '/infra',
		hostname: 'pod-host',
		cgroupsPath: '/criscope/infra',
		limits: { ...generousLimits, minimumOomScoreAdj: -500 },
		namespacePaths: { network: '/ns/net', ipc: undefined, uts: '/ns/uts' },
		seccomp,
		annotations: {},
	});
	expect(spec.process).toMatchObject({
		args: ['/pause'],
		oomScoreAdj: -500,
		noNewPrivileges: true,
		capabilities: { bounding: [] },
	});
	expect(spec.root).toEqual({ path: '/infra', readonly: true });
	expect(spec.hostname).toBe('pod-host');
	expect(spec.linux.namespaces).toEqual([
		{ type: 'pid' },
		{ type: 'mount' },
		{ type: 'network', path: '/ns/net' },
		{ type: 'uts', path: '/ns/uts' },
	]);
	expect(spec.linux.resources?.cpu).toEqual({ shares: 2 });
	expect(spec.linux.seccomp).toEqual(seccomp);
});
