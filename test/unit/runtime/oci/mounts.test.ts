import { existsSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MountRequest } from '../../../../src/cri/pod-request.ts';
import { type MountOptions, prepareMounts } from '../../../../src/runtime/oci/mounts.ts';
import { mountOf, parseMountinfo } from '../../../../src/runtime/oci/mounts-propagation.ts';
import { mountRequest } from '../../../helpers/spec-requests.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const mountinfo = `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:30 / /shared rw shared:5 - tmpfs tmpfs rw
31 27 0:31 / /slave rw master:5 - tmpfs tmpfs rw
32 27 0:32 / /both rw shared:6 master:5 propagate_from:2 - tmpfs tmpfs rw
33 27 0:33 / /with\\040blank rw shared:7 - tmpfs tmpfs rw
34 30 0:34 / /shared/private rw - tmpfs tmpfs rw
35 27 0:35 / /twice rw shared:8 - tmpfs tmpfs rw
36 35 0:36 / /twice rw - tmpfs tmpfs rw
`;

describe('mountOf', () => {
	const mounts = parseMountinfo(mountinfo);
	test.each([
		['/', '/', false, false],
		['/sharedx', '/', false, false],
		['/shared', '/shared', true, false],
		['/shared/a/b', '/shared', true, false],
		['/shared/private/a', '/shared/private', false, false],
		['/slave/x', '/slave', false, true],
		['/both', '/both', true, true],
		['/with blank/x', '/with blank', true, false],
		['/twice/x', '/twice', false, false],
	])('%s lies on %s', (file, mountPoint, isShared, isSlave) => {
		expect(mountOf(file, mounts)).toEqual({ mountPoint, isShared, isSlave });
	});
});

function prepare(request: Partial<MountRequest>, options: Partial<MountOptions> = {}) {
	return prepareMounts([mountRequest({ hostPath: tempDir(), ...request })], {
		recursiveReadOnly: true,
		imageMounts: new Map(),
		...options,
	});
}

/** A /proc/self/mountinfo in which everything lies on one mount. */
const rootIs = (optional: string) => `27 1 254:0 / / rw,relatime${optional} - ext4 /dev/vda rw\n`;

describe('prepareMounts', () => {
	test('binds with all that lies below, private, as it is', () => {
		const hostPath = realpathSync(tempDir());
		const { mounts, status } = prepare({ hostPath, containerPath: '/a//b/../c/' });
		expect(mounts).toEqual([
			{ destination: '/a/c', type: 'bind', source: hostPath, options: ['rbind', 'rprivate', 'rw'] },
		]);
		expect(status[0]).toMatchObject({ containerPath: '/a//b/../c/', hostPath, propagation: 'private' });
	});

	test.each<[Partial<MountRequest>, readonly string[]]>([
		[{ readonly: true }, ['rbind', 'rprivate', 'ro']],
		[{ readonly: true, recursiveReadOnly: true }, ['rbind', 'rprivate', 'rro']],
		[{ propagation: 'unknown' }, ['rbind', 'rprivate', 'rw']],
	])('%j', (request, options) => {
		expect(prepare(request).mounts[0]?.options).toEqual(options);
	});

	test.each<[Partial<MountRequest>, string]>([
		[{ recursiveReadOnly: true }, 'demands readonly'],
		[{ recursiveReadOnly: true, readonly: true, propagation: 'hostToContainer' }, 'private propagation'],
		[{ recursiveReadOnly: true, readonly: true, propagation: 'bidirectional' }, 'private propagation'],
		[{ containerPath: '' }, 'container_path is empty'],
		[{ containerPath: 'data' }, 'not absolute'],
		[{ hostPath: '' }, 'host_path is empty'],
		[{ hostPath: 'tmp' }, 'host_path is not absolute'],
		[{ uidMappings: [{ hostId: 1, containerId: 0, length: 1 }] }, 'id-mapped'],
	])('refuses %j', (request, cause) => {
		expect(() => prepare(request)).toThrow(cause);
	});

	test('refuses recursive read-only where host or handler lack it', () => {
		expect(() => prepare({ readonly: true, recursiveReadOnly: true }, { recursiveReadOnly: false })).toThrow(
			'not supported',
		);
	});

	test.each([
		['', undefined, undefined],
		[' shared:1', 'rshared', 'rslave'],
		[' master:1', undefined, 'rslave'],
	])('propagation on a mount with "%s"', (optional, both, inwards) => {
		const options = { mountinfo: rootIs(optional) };
		if (both === undefined) {
			expect(() => prepare({ propagation: 'bidirectional' }, options)).toThrow('not a shared mount');
		} else {
			expect(prepare({ propagation: 'bidirectional' }, options).mounts[0]?.options).toContain(both);
		}
		if (inwards === undefined) {
			expect(() => prepare({ propagation: 'hostToContainer' }, options)).toThrow(
				'not a shared or slave mount',
			);
		} else {
			expect(prepare({ propagation: 'hostToContainer' }, options).mounts[0]?.options).toContain(inwards);
		}
	});

	test('lets a mount that holds the store follow the host, where the host lets it', () => {
		const hostPath = realpathSync(tempDir());
		const options = { graphRoot: path.join(hostPath, 'storage') };
		const shared = { ...options, mountinfo: rootIs(' shared:1') };
		expect(prepare({ hostPath }, shared).status[0]?.propagation).toBe('hostToContainer');
		expect(prepare({ hostPath: '/' }, shared).mounts[0]?.options).toContain('rslave');
		expect(prepare({}, shared).mounts[0]?.options).toContain('rprivate');
		expect(prepare({ hostPath }, { ...options, mountinfo: rootIs('') }).mounts[0]?.options).toContain(
			'rprivate',
		);
	});

	test('makes a missing source as a folder, where a dangling link leads, and resolves links', () => {
		const dir = realpathSync(tempDir());
		symlinkSync('gone', path.join(dir, 'dangling'));
		symlinkSync(dir, path.join(dir, 'there'));
		expect(prepare({ hostPath: path.join(dir, 'dangling/deep') }).mounts[0]?.source).toBe(
			path.join(dir, 'gone/deep'),
		);
		expect(statSync(path.join(dir, 'gone/deep')).mode & 0o777).toBe(0o755);
		expect(prepare({ hostPath: path.join(dir, 'there/gone') }).mounts[0]?.source).toBe(
			path.join(dir, 'gone'),
		);
	});

	test('does not make what the configuration names, nor below a file', () => {
		const dir = tempDir();
		const hostPath = path.join(dir, 'hostname');
		expect(() => prepare({ hostPath }, { absentMountSourcesToReject: [hostPath] })).toThrow('forbids');
		expect(existsSync(hostPath)).toBe(false);
		writeFileSync(hostPath, '');
		expect(() => prepare({ hostPath: path.join(hostPath, 'below') })).toThrow('cannot mount');
		expect(prepare({ hostPath }).mounts).toHaveLength(1);
	});

	describe('images', () => {
		const image = { image: 'app', annotations: {}, runtimeHandler: '', userSpecifiedImage: 'app' };
		const mounted = () => {
			const dir = realpathSync(tempDir());
			mkdirSync(path.join(dir, 'sub'));
			writeFileSync(path.join(dir, 'sub/file'), '');
			symlinkSync('/etc', path.join(dir, 'out'));
			return dir;
		};
		const prepareImage = (imageSubPath: string, dir = mounted()) =>
			prepare({ hostPath: '', image, imageSubPath }, { imageMounts: new Map([['/data', dir]]) }).mounts[0];

		test('are read-only, whole or in part', () => {
			const dir = mounted();
			expect(prepareImage('', dir)).toEqual({
				destination: '/data',
				type: 'bind',
				source: dir,
				options: ['bind', 'rprivate', 'ro'],
			});
			expect(prepareImage('sub', dir)?.source).toBe(path.join(dir, 'sub'));
			expect(prepareImage('sub/file', dir)?.source).toBe(path.join(dir, 'sub/file'));
		});

		test.each([
			['missing', 'does not exist'],
			['../x', 'not a path within'],
			['sub/../..', 'not a path within'],
			['/sub', 'not a path within'],
			['out/passwd', 'does not exist'],
		])('refuses the part %s', (imageSubPath, cause) => {
			expect(() => prepareImage(imageSubPath)).toThrow(cause);
		});

		test('that are not here are refused', () => {
			expect(() => prepare({ image })).toThrow('image "app" at "/data": it is not here');
		});
	});
});
