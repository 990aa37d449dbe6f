import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cdiDevicesOfAnnotations, prepareCdiDevices } from '../../../../src/runtime/oci/devices-cdi.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const gpus = {
	cdiVersion: '0.6.0',
	kind: 'vendor.com/gpu',
	devices: [
		{
			name: '0',
			containerEdits: {
				deviceNodes: [{ path: '/dev/gpu0', hostPath: '/dev/null', permissions: 'rw', uid: 7 }],
				env: ['GPU=0'],
				additionalGids: [44],
			},
		},
		{ name: '1', containerEdits: { deviceNodes: [{ path: '/dev/gpu1', type: 'c', major: 9, minor: 8 }] } },
	],
	containerEdits: {
		env: ['VENDOR=present'],
		mounts: [{ hostPath: '/usr/lib/gpu.so', containerPath: '/lib/gpu.so', options: ['ro', 'bind'] }],
		hooks: [{ hookName: 'createContainer', path: '/bin/ldconfig', args: ['ldconfig'], timeout: 3 }],
	},
};
const yaml = `cdiVersion: "0.3.0"
kind: other.com/net
devices:
  - name: eth0
    containerEdits:
      env: [NET=eth0]
`;

function dirs(...files: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
	return files.map((contents) => {
		const dir = path.join(tempDir(), 'cdi');
		mkdirSync(dir);
		for (const [name, content] of Object.entries(contents)) {
			writeFileSync(path.join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
		}
		return dir;
	});
}

describe('prepareCdiDevices', () => {
	test('joins the edits of devices, and those of their file once', () => {
		const edits = prepareCdiDevices(
			['vendor.com/gpu=0', 'vendor.com/gpu=1', 'other.com/net=eth0', 'vendor.com/gpu=0'],
			dirs({ 'gpu.json': gpus, 'net.yaml': yaml, 'readme.txt': 'not ours' }),
		);
		expect(edits.env).toEqual(['GPU=0', 'VENDOR=present', 'NET=eth0']);
		expect(edits.mounts).toEqual([
			{ destination: '/lib/gpu.so', source: '/usr/lib/gpu.so', type: 'bind', options: ['ro', 'bind'] },
		]);
		expect(edits.hooks).toEqual({
			createContainer: [{ path: '/bin/ldconfig', args: ['ldconfig'], timeout: 3 }],
		});
		expect(edits.additionalGids).toEqual([44]);
		expect(edits.devices).toEqual([
			{
				device: { path: '/dev/gpu0', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 7, gid: 0 },
				rule: { type: 'c', major: 1, minor: 3, access: 'rw' },
			},
			{
				device: { path: '/dev/gpu1', type: 'c', major: 9, minor: 8 },
				rule: { type: 'c', major: 9, minor: 8, access: 'rwm' },
			},
		]);
	});

	test('reads nothing where nothing is asked', () => {
		expect(prepareCdiDevices([], ['/proc/no/such/folder'])).toMatchObject({ env: [], devices: [] });
	});

	test('prefers a later folder, and refuses two files of one', () => {
		const other = { ...gpus, containerEdits: { env: ['LATER=1'] } };
		expect(
			prepareCdiDevices(['vendor.com/gpu=1'], dirs({ 'a.json': gpus }, { 'a.json': other })).env,
		).toEqual(['LATER=1']);
		expect(() => prepareCdiDevices(['vendor.com/gpu=1'], dirs({ 'a.json': gpus, 'b.json': other }))).toThrow(
			'both',
		);
	});

	test("is not stopped by another vendor's broken file, but names it where it matters", () => {
		const broken = { 'broken.json': '{', 'gpu.json': gpus };
		expect(prepareCdiDevices(['vendor.com/gpu=1'], dirs(broken)).devices).toHaveLength(1);
		expect(() => prepareCdiDevices(['x.com/y=z'], dirs(broken))).toThrow('broken.json');
	});

	test.each([
		['vendor.com/gpu=2', 'no file describes it'],
		['vendor.com/gpu', 'not of the form'],
		['gpu=0', 'not of the form'],
		['', 'not of the form'],
	])('refuses "%s"', (name, cause) => {
		expect(() => prepareCdiDevices([name], dirs({ 'gpu.json': gpus }))).toThrow(cause);
	});

	test.each([
		[{ deviceNodes: [{ path: '/dev/x', hostPath: '/etc/passwd' }] }, 'no device of the host'],
		[{ deviceNodes: [{ path: 'dev/x' }] }, 'not absolute'],
		[{ deviceNodes: [{ path: '/dev/x', type: 'z' }] }, 'type "z"'],
		[{ deviceNodes: [{ path: '/dev/null', permissions: 'x' }] }, 'permissions "x"'],
		[{ hooks: [{ hookName: 'never', path: '/x' }] }, 'hook "never"'],
		[{ env: ['NOTHING'] }, 'NAME=value'],
		[{ intelRdt: {} }, 'intelRdt, which is not supported'],
		[{ mounts: [{ hostPath: '/x' }] }, 'containerPath'],
	])('refuses the edits %j', (containerEdits, cause) => {
		const spec = { cdiVersion: '1.0.0', kind: 'a.b/c', devices: [{ name: 'd', containerEdits }] };
		expect(() => prepareCdiDevices(['a.b/c=d'], dirs({ 'x.json': spec }))).toThrow(cause);
	});
});

test('names come from annotations too', () => {
	expect(cdiDevicesOfAnnotations({ 'cdi.k8s.io/x': 'a.b/c=d,a.b/c=e', other: 'a.b/c=f' })).toEqual([
		'a.b/c=d',
		'a.b/c=e',
	]);
});
