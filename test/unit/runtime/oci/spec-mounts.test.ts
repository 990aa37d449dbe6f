import { describe, expect, test } from 'vitest';
import type { OciMount } from '../../../../src/runtime/oci/model.ts';
import { specMounts } from '../../../../src/runtime/oci/spec-mounts.ts';
import { defaultSpecSettings } from '../../../../src/runtime/oci/spec-settings.ts';
import {
	containerRequest,
	generousLimits,
	ownNamespaces,
	runcHandler,
	sandboxRequest,
	specInput,
} from '../../../helpers/spec-requests.ts';

type Input = NonNullable<Parameters<typeof specInput>[0]>;
const places = (changes: Input) => specMounts(specInput(changes)).map(({ destination }) => destination);
const at = (changes: Input, place: string) =>
	specMounts(specInput(changes)).find(({ destination }) => destination === place);
const bind = (destination: string, source = '/from'): OciMount => ({
	destination,
	type: 'bind',
	source,
	options: ['rbind', 'rprivate', 'rw'],
});
const base = ['/proc', '/dev', '/dev/pts', '/dev/mqueue', '/sys', '/sys/fs/cgroup', '/dev/shm'];
const files = ['/etc/resolv.conf', '/etc/hostname'];

describe('specMounts', () => {
	test('what each container has', () => {
		expect(places({})).toEqual([...base, ...files]);
		expect(at({}, '/sys')?.options).toContain('ro');
		expect(at({}, '/sys/fs/cgroup')?.options).toContain('ro');
		expect(at({}, '/dev/shm')).toMatchObject({ source: '/pod/shm', options: ['rw', 'bind'] });
		expect(at({}, '/etc/resolv.conf')?.options).toEqual(['rw', 'bind', 'nodev', 'nosuid', 'noexec']);
		expect(at({ extras: { containerEnvPath: '/pod/env' } }, '/run/.containerenv')?.source).toBe('/pod/env');
	});

	test('leaves out files that the sandbox does not have', () => {
		expect(places({ files: { resolvConf: '', hostname: '', shm: '/dev/shm' } })).toEqual(base);
	});

	test('those of the request come after, the deeper ones last, and hide ours', () => {
		const mounts = [
			bind('/a/b/c'),
			bind('/etc/resolv.conf', '/mine'),
			bind('/a'),
			bind('/z'),
			bind('/dev/shm'),
		];
		expect(places({ mounts })).toEqual([
			...base.filter((place) => place !== '/dev/shm'),
			'/etc/hostname',
			'/a',
			'/z',
			'/etc/resolv.conf',
			'/dev/shm',
			'/a/b/c',
		]);
		expect(at({ mounts }, '/etc/resolv.conf')?.source).toBe('/mine');
	});

	test('the last of two at one place counts', () => {
		const mounts = [bind('/a', '/first'), bind('/a', '/second')];
		expect(specMounts(specInput({ mounts })).filter(({ destination }) => destination === '/a')).toEqual([
			bind('/a', '/second'),
		]);
	});

	test.each([
		['/dev', ['/dev/pts', '/dev/mqueue', '/dev/shm', '/dev']],
		['/sys', ['/sys/fs/cgroup', '/sys']],
	])('a requested %s brings all below it', (place, gone) => {
		expect(places({ mounts: [bind(place)] })).toEqual([
			...[...base, ...files].filter((one) => !gone.includes(one)),
			place,
		]);
	});

	test('a privileged container may write /sys, which follows the host', () => {
		const container = containerRequest({ security: { privileged: true, readonlyRootfs: true } });
		expect(at({ container }, '/sys')?.options).toEqual(['nosuid', 'noexec', 'nodev', 'rw', 'rslave']);
		expect(at({ container }, '/sys/fs/cgroup')?.options).toContain('rw');
		expect(at({ container }, '/etc/resolv.conf')?.options).toContain('rw');
	});

	test("the host's network brings its hosts file, unless the request has one", () => {
		const container = containerRequest({ security: { namespaces: { ...ownNamespaces, network: 'node' } } });
		expect(at({ container }, '/etc/hosts')).toMatchObject({ source: '/etc/hosts' });
		expect(at({ container }, '/etc/hosts')?.options).toContain('ro');
		expect(at({ container, mounts: [bind('/etc/hosts', '/mine')] }, '/etc/hosts')?.source).toBe('/mine');
		expect(places({})).not.toContain('/etc/hosts');
	});

	test('files are read-only with a read-only root', () => {
		const container = containerRequest({ security: { readonlyRootfs: true } });
		expect(at({ container }, '/etc/hostname')?.options?.[0]).toBe('ro');
	});

	test('a configuration of read-only roots leaves some folders to write in', () => {
		const settings = { ...defaultSpecSettings, readOnly: true };
		expect(places({ extras: { settings } })).toEqual([...base, '/run', '/tmp', '/var/tmp', ...files]);
	});

	test('an init system gets what it needs, below our own file in /run', () => {
		const container = containerRequest({ command: ['/sbin/init'] });
		const host = {
			memorySwap: true,
			hugetlb: true,
			pids: true,
			thermalThrottlePaths: [],
			systemdHierarchy: true,
		};
		const first = places({ container, extras: { host, containerEnvPath: '/env' } });
		expect(first.slice(base.length + files.length)).toEqual([
			'/sys/fs/cgroup/systemd',
			'/run',
			'/run/lock',
			'/tmp',
			'/var/log/journal',
			'/run/.containerenv',
		]);
		const limits = { ...generousLimits, cgroupVersion: 2 as const };
		expect(at({ container, limits }, '/sys/fs/cgroup')?.options).toEqual(['private', 'rw']);
		expect(
			places({ container, extras: { host }, mounts: [bind('/tmp'), bind('/sys/fs/cgroup')] }),
		).not.toContain('/sys/fs/cgroup/systemd');
	});

	test('an annotation makes cgroups of version 2 writable, where the handler allows it', () => {
		const annotation = 'cgroup2-mount-hierarchy-rw.crio.io';
		const changes = {
			sandbox: sandboxRequest({ annotations: { [annotation]: 'true' } }),
			handler: { ...runcHandler, allowedAnnotations: [annotation] },
		};
		const limits = { ...generousLimits, cgroupVersion: 2 as const };
		expect(at({ ...changes, limits }, '/sys/fs/cgroup')?.options).toContain('rw');
		expect(at(changes, '/sys/fs/cgroup')?.options).toContain('ro');
		expect(at({ ...changes, limits, handler: runcHandler }, '/sys/fs/cgroup')?.options).toContain('ro');
	});
});
