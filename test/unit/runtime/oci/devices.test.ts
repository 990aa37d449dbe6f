import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
	type DeviceOptions,
	deviceNumbers,
	hostDevices,
	parseDevice,
	prepareDevices,
} from '../../../../src/runtime/oci/devices.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const options: DeviceOptions = {
	privileged: false,
	privilegedWithoutHostDevices: false,
	additional: [],
	annotation: undefined,
	allowed: [],
	owner: undefined,
};
const nullDevice = { type: 'c', major: 1, minor: 3 };

function request(hostPath: string, containerPath = hostPath, permissions = 'rwm') {
	return { hostPath, containerPath, permissions };
}

describe('prepareDevices', () => {
	test('gives a requested device as the host has it', () => {
		const [grant] = prepareDevices([request('/dev/null', '/dev/nothing', 'r')], options);
		expect(grant?.device).toMatchObject({
			path: '/dev/nothing',
			...nullDevice,
			uid: 0,
			gid: 0,
			fileMode: 0o666,
		});
		expect(grant?.rule).toEqual({ ...nullDevice, access: 'r' });
	});

	test('allows everything where nothing is said', () => {
		expect(prepareDevices([request('/dev/null', '/dev/null', '')], options)[0]?.rule?.access).toBe('rwm');
	});

	test('follows a link and opens up a folder', () => {
		const dir = tempDir();
		symlinkSync('/dev/null', path.join(dir, 'link'));
		expect(prepareDevices([request(path.join(dir, 'link'), '/dev/x')], options)[0]?.device).toMatchObject(
			nullDevice,
		);
		const grants = prepareDevices([request('/dev', '/host', 'r')], options);
		expect(grants.find(({ device }) => device.path === '/host/null')?.rule).toEqual({
			...nullDevice,
			access: 'r',
		});
	});

	test('gives a privileged container all of the host, without rules', () => {
		const grants = prepareDevices([], { ...options, privileged: true });
		const found = grants.find(({ device }) => device.path === '/dev/null');
		expect(found?.device).toMatchObject(nullDevice);
		expect(found?.rule).toBeUndefined();
		expect(
			grants.some(({ device }) => device.path.startsWith('/dev/pts/') || device.path === '/dev/console'),
		).toBe(false);
		expect(prepareDevices([], { ...options, privileged: true, privilegedWithoutHostDevices: true })).toEqual(
			[],
		);
	});

	test('changes the owner where the configuration says so, but never to root', () => {
		const of = (owner: DeviceOptions['owner']) =>
			prepareDevices([request('/dev/null')], { ...options, owner })[0]?.device;
		expect(of({ uid: 5, gid: 6 })).toMatchObject({ uid: 5, gid: 6 });
		expect(of({ uid: 0, gid: 6 })).toMatchObject({ uid: 0, gid: 6 });
	});

	test('adds those of the configuration and of the annotation, the request last', () => {
		const grants = prepareDevices([request('/dev/zero', '/dev/a')], {
			...options,
			additional: ['/dev/null:/dev/a', '/dev/null:/dev/b:r'],
			annotation: '/dev/full:rw,/dev/full:/dev/c',
			allowed: ['/dev/full'],
		});
		expect(grants.map(({ device, rule }) => [device.path, device.minor, rule?.access])).toEqual([
			['/dev/a', 5, 'rwm'],
			['/dev/b', 3, 'r'],
			['/dev/full', 7, 'rw'],
			['/dev/c', 7, 'rwm'],
		]);
	});

	test.each<[string, Parameters<typeof request>, Partial<DeviceOptions>]>([
		['no such file', ['/dev/no-such-device'], {}],
		['neither a device nor a folder', ['/etc/passwd', '/dev/x'], {}],
		['not absolute', ['dev/null'], {}],
		['"dev/x" is not absolute', ['/dev/null', 'dev/x'], {}],
		['not of r, w and m', ['/dev/null', '/dev/null', 'rx'], {}],
		['another device at "/dev/zero"', ['/dev/null', '/dev/zero'], { privileged: true }],
	])('refuses: %s', (cause, arguments_, changes) => {
		expect(() => prepareDevices([request(...arguments_)], { ...options, ...changes })).toThrow(cause);
	});

	test('refuses what the annotation may not name', () => {
		expect(() => prepareDevices([], { ...options, annotation: '/dev/mem', allowed: ['/dev/fuse'] })).toThrow(
			'allowed_devices lacks it',
		);
	});
});

test.each([
	['/dev/x', ['/dev/x', '/dev/x', 'rwm']],
	['/dev/x:r', ['/dev/x', '/dev/x', 'r']],
	['/dev/x:/dev/y', ['/dev/x', '/dev/y', 'rwm']],
	['/dev/x:/dev/y:rw', ['/dev/x', '/dev/y', 'rw']],
])('parseDevice %s', (text, [hostPath, containerPath, permissions]) => {
	expect(parseDevice(text)).toEqual({ hostPath, containerPath, permissions });
});

test.each(['', '/etc/x', '/dev/x:/etc/y', '/dev/x:/dev/y:q', '/dev/x:/dev/y:r:w', '/dev/x:/dev/y:rwmr'])(
	'parseDevice refuses "%s"',
	(text) => {
		expect(() => parseDevice(text)).toThrow('cannot read device');
	},
);

test('hostDevices knows folders, and passes over files', () => {
	const dir = tempDir();
	mkdirSync(path.join(dir, 'pts'));
	writeFileSync(path.join(dir, 'file'), '');
	symlinkSync('/dev/null', path.join(dir, 'link'));
	expect(hostDevices(dir)).toEqual([]);
});

test.each([
	[0x103, 1, 3],
	[0xfe00, 254, 0],
	[0x1234_5678, 0x456, 0x12378],
	[0x1000_0000_00ff, 0x1000, 255],
])('deviceNumbers %i', (rdev, major, minor) => {
	expect(deviceNumbers(rdev)).toEqual({ major, minor });
});
