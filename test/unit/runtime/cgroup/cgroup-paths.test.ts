import { describe, expect, test } from 'vitest';
import {
	cgroupfsPathsFor,
	defaultParentOf,
	existingPath,
	systemdPathsFor,
} from '../../../../src/runtime/cgroup/cgroup-paths.ts';

describe('paths under cgroupfs', () => {
	test.each([
		['', 'container', '/criscope/criscope-abc'],
		['/', 'container', '/criscope-abc'],
		['/kubepods/burstable/pod7', 'container', '/kubepods/burstable/pod7/criscope-abc'],
		['kubepods//besteffort/', 'sandbox', '/kubepods/besteffort/criscope-abc'],
		['/kubepods', 'monitor', '/kubepods/criscope-conmon-abc'],
	] as const)('parent "%s", %s', (parent, kind, path) => {
		expect(cgroupfsPathsFor(parent, kind, 'abc')).toEqual({ cgroupsPath: path, path });
	});

	test.each([
		['kubepods.slice', /cgroup_parent "kubepods.slice".*systemd driver/],
		['/a/../../b', /must not climb/],
		['/a\0b', /must not climb/],
	])('refuses "%s"', (parent, message) => {
		expect(() => cgroupfsPathsFor(parent, 'container', 'abc')).toThrow(message);
	});
});

describe('paths under systemd', () => {
	test.each([
		['', 'container', 'system.slice:criscope:abc', '/system.slice/criscope-abc.scope'],
		[
			'kubepods-besteffort-pod7.slice',
			'container',
			'kubepods-besteffort-pod7.slice:criscope:abc',
			'/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod7.slice/criscope-abc.scope',
		],
		[
			'/kubepods.slice',
			'monitor',
			'kubepods.slice:criscope-conmon:abc',
			'/kubepods.slice/criscope-conmon-abc.scope',
		],
		['-.slice', 'sandbox', '-.slice:criscope:abc', '/criscope-abc.scope'],
	] as const)('parent "%s", %s', (parent, kind, cgroupsPath, path) => {
		expect(systemdPathsFor(parent, kind, 'abc')).toEqual({ cgroupsPath, path });
	});

	test.each(['/kubepods/burstable', 'evil slice.slice', '.slice', 'a--b.slice', '-a.slice', 'a-.slice'])(
		'refuses "%s"',
		(parent) => {
			expect(() => systemdPathsFor(parent, 'container', 'abc')).toThrow(/needs the name of a slice/);
		},
	);

	test('says that a pod was made under the other driver', () => {
		const { path } = cgroupfsPathsFor('', 'sandbox', 'ab'.repeat(32));
		expect(() => systemdPathsFor(path, 'container', 'abc')).toThrow(
			/the pod was made with cgroup_manager "cgroupfs", and this runtime uses "systemd" now/,
		);
	});
});

describe('what an earlier configuration made is found', () => {
	test.each([
		['kubepods-pod7.slice', 'container', '/kubepods.slice/kubepods-pod7.slice/criscope-abc.scope'],
		['/kubepods/pod7', 'monitor', '/kubepods/pod7/criscope-conmon-abc'],
		['', 'container', '/system.slice/criscope-abc.scope'],
		['/criscope/criscope-pod', 'container', '/criscope/criscope-pod/criscope-abc'],
	] as const)('below "%s"', (parent, kind, path) => {
		expect(existingPath(parent, kind, 'abc')).toBe(path);
	});

	test.each([
		['', '/system.slice/criscope-conmon-abc.scope'],
		['/criscope/criscope-pod', '/criscope/criscope-conmon-abc'],
	])('of a pod without a parent, whose record has "%s"', (recorded, path) => {
		expect(existingPath(defaultParentOf(recorded), 'monitor', 'abc')).toBe(path);
	});
});
