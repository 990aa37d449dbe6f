import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveInRootfs } from '../../src/runtime/oci/rootfs-path.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { imageRunConfig, mountRequest } from '../helpers/spec-requests.ts';
import { runByRunc, sharedMount } from '../helpers/spec-rig.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const missing = whatIsMissing('root', 'runc', '/bin/busybox');

describe.skipIf(missing)(`files of specs run by runc${missing ?? ''}`, () => {
	test('mounts: missing sources, links, read-only, recursively so', () => {
		const host = tempDir();
		mkdirSync(path.join(host, 'real/inner'), { recursive: true });
		execFileSync('mount', ['-t', 'tmpfs', 'spec-test', path.join(host, 'real/inner')]);
		try {
			symlinkSync('real', path.join(host, 'link'));
			const script = (dir: string) => `touch ${dir}/x || echo top; touch ${dir}/inner/x || echo inner`;
			const mounts = [
				mountRequest({ containerPath: '/ro', hostPath: path.join(host, 'link'), readonly: true }),
				mountRequest({
					containerPath: '/rro',
					hostPath: path.join(host, 'link'),
					readonly: true,
					recursiveReadOnly: true,
				}),
				mountRequest({ containerPath: '/new/deep', hostPath: path.join(host, 'missing/dir') }),
			];
			const result = runByRunc(`${script('/ro')}; ${script('/rro')}; touch /new/deep/y`, {
				container: { mounts },
			});
			expect(result.stdout).toBe('top\ntop\ninner\n');
			expect(existsSync(path.join(host, 'missing/dir/y'))).toBe(true);
			expect(result.mounts.map(({ hostPath }) => hostPath)).toEqual([
				path.join(host, 'real'),
				path.join(host, 'real'),
				path.join(host, 'missing/dir'),
			]);
		} finally {
			execFileSync('umount', [path.join(host, 'real/inner')]);
		}
	});

	test('mount propagation: out to the host only where it was asked for', () => {
		const host = sharedMount();
		for (const dir of ['shared', 'private', 'slave']) mkdirSync(path.join(host, dir));
		const mounts = [
			mountRequest({
				containerPath: '/s',
				hostPath: path.join(host, 'shared'),
				propagation: 'bidirectional',
			}),
			mountRequest({ containerPath: '/p', hostPath: path.join(host, 'private') }),
			mountRequest({
				containerPath: '/l',
				hostPath: path.join(host, 'slave'),
				propagation: 'hostToContainer',
			}),
		];
		const script = 'for d in s p l; do mkdir /$d/in; mount -t tmpfs inner /$d/in && touch /$d/in/file; done';
		const { exitCode } = runByRunc(script, { container: { mounts, security: { privileged: true } } });
		expect(exitCode).toBe(0);
		expect(existsSync(path.join(host, 'shared/in/file'))).toBe(true);
		expect(existsSync(path.join(host, 'private/in/file'))).toBe(false);
		expect(existsSync(path.join(host, 'slave/in/file'))).toBe(false);
	});

	test('nothing in an image leads to the host', () => {
		const host = tempDir();
		const { exitCode, stdout } = runByRunc('pwd -P; cat /etc/passwd', {
			container: { workingDir: '/way/out', security: { runAsUser: 5n } },
			image: {
				entrypoint: [],
				cmd: [],
				env: [],
				workingDir: '',
				user: '',
				volumes: ['/way/volume'],
				stopSignal: '',
				labels: {},
			},
			arrange: (rootfs) => {
				symlinkSync(host, path.join(rootfs, 'way'));
				writeFileSync(path.join(host, 'passwd'), 'secret:x:5:5::/:\n');
			},
		});
		expect(exitCode).toBe(0);
		expect(stdout).toContain(path.join(host, 'out'));
		expect(existsSync(path.join(host, 'out'))).toBe(false);
		expect(existsSync(path.join(host, 'volume'))).toBe(false);
		expect(stdout).not.toContain('secret');
	});

	test('resolves paths of an image as a kernel does that has it as its root', () => {
		const { rootfs } = runByRunc('true');
		const part = fc.constantFrom('a', 'b', 'bin', '..', '.', 'etc', 'c');
		const target = fc
			.tuple(fc.constantFrom('', '/'), fc.array(part, { minLength: 1, maxLength: 4 }))
			.map(([top, parts]) => top + parts.join('/'));
		const links = fc.record({ a: target, b: target, c: target, 'etc/a': target, 'etc/b': target });
		fc.assert(
			fc.property(links, fc.array(part, { minLength: 1, maxLength: 6 }), (made, parts) => {
				for (const [name, to] of Object.entries(made)) {
					rmSync(path.join(rootfs, name), { force: true });
					symlinkSync(to, path.join(rootfs, name));
				}
				const wanted = `/${parts.join('/')}`;
				const script = 'cd -P "$1" && pwd -P';
				const real = spawnSync('chroot', [rootfs, '/bin/sh', '-c', script, 'sh', wanted], {
					encoding: 'utf8',
				});
				// Where the kernel finds no folder, we say where it would be made.
				if (real.status !== 0) return;
				expect(resolveInRootfs(rootfs, wanted)).toBe(path.resolve(rootfs, `.${real.stdout.trimEnd()}`));
			}),
			{ numRuns: 100 },
		);
	});

	test('volumes, an image as a mount, and devices of a vendor', () => {
		const image = tempDir();
		mkdirSync(path.join(image, 'sub'));
		writeFileSync(path.join(image, 'sub/file'), 'of the image');
		const cdi = tempDir();
		const edits = {
			deviceNodes: [{ path: '/dev/gpu', hostPath: '/dev/full', permissions: 'r' }],
			env: ['GPU=here'],
		};
		const spec = {
			cdiVersion: '0.6.0',
			kind: 'a.test/gpu',
			devices: [{ name: 'one', containerEdits: edits }],
		};
		writeFileSync(path.join(cdi, 'gpu.json'), JSON.stringify(spec));
		const mounts = [
			mountRequest({
				containerPath: '/img',
				hostPath: '',
				image: { image: 'app', annotations: {}, runtimeHandler: '', userSpecifiedImage: 'app' },
				imageSubPath: 'sub',
			}),
		];
		const { stdout, stderr, exitCode } = runByRunc(
			'cat /img/file; touch /img/x || echo; stat -c "%u:%g %a" /vol; touch /vol/mine && head -c 3 /dev/gpu | wc -c; echo > /dev/gpu || echo $GPU',
			{
				container: { mounts, cdiDevices: ['a.test/gpu=one'], security: { runAsUser: 1000n } },
				image: { ...imageRunConfig, volumes: ['/vol'] },
				imageMounts: new Map([['/img', image]]),
				settings: { cdiSpecDirs: [cdi] },
			},
		);
		expect(stdout).toBe('of the image\n1000:1001 755\n3\nhere\n');
		expect(stderr).toContain('Read-only file system');
		expect(exitCode).toBe(0);
	});

	test('an init system finds its folders, and may write where it keeps its cgroups', () => {
		const { stdout, exitCode } = runByRunc('', {
			container: {
				command: [
					'/sbin/init',
					'-c',
					'grep -c " /run/lock " /proc/mounts; echo $container; touch /run/x && ls -d /sys/fs/cgroup/systemd',
				],
			},
			arrange: (rootfs) => {
				mkdirSync(path.join(rootfs, 'sbin'));
				writeFileSync(path.join(rootfs, 'sbin/init'), '#!/bin/sh\nexec /bin/sh "$@"\n', { mode: 0o755 });
			},
		});
		expect(exitCode).toBe(0);
		expect(stdout).toBe('1\ncrio\n/sys/fs/cgroup/systemd\n');
	});
});
