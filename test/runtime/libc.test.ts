/** The real system calls, as the fake of test/fakes/sys.ts pretends them; and our locks against another program's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createFileLock } from '../../src/runtime/sys/file-lock.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { SyscallError } from '../../src/runtime/sys/sys.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const missing = whatIsMissing('root', 'python3');

describe.skipIf(missing)(`libc${missing ?? ''}`, () => {
	const sys = loadLibc();

	test('makes devices, whiteouts too, also where the name is not UTF-8', () => {
		const dir = tempDir();
		const name = Buffer.from([0x66, 0xff, 0xfe]);
		sys.mknod(Buffer.concat([Buffer.from(`${dir}/`), name]), 0o020600, 0, 0);
		sys.mknod(`${dir}/wide`, 0o060600, 259, 70_000);
		const names = readdirSync(dir, 'buffer').sort(Buffer.compare);
		expect(names[0]).toEqual(name);
		expect(lstatSync(`${dir}/wide`)).toMatchObject({
			rdev: (259 << 8) | (70_000 & 0xff) | ((70_000 >> 8) << 20),
		});
		expect(lstatSync(`${dir}/wide`).isBlockDevice()).toBe(true);
	});

	test('sets, reads and lists extended attributes', () => {
		const file = path.join(tempDir(), 'file');
		writeFileSync(file, '');
		const large = Buffer.alloc(2000, 7);
		sys.lsetxattr(file, 'user.large', large);
		sys.lsetxattr(file, 'trusted.overlay.opaque', Buffer.from('y'));
		sys.lsetxattr(file, 'user.empty', Buffer.alloc(0));
		expect(sys.lgetxattr(file, 'user.large')).toEqual(large);
		expect(sys.lgetxattr(file, 'user.empty')).toEqual(Buffer.alloc(0));
		expect(sys.lgetxattr(file, 'user.none')).toBeUndefined();
		expect([...sys.llistxattr(file)].sort()).toEqual(['trusted.overlay.opaque', 'user.empty', 'user.large']);
	});

	test('names call, errno and path of what fails', () => {
		expect(() => sys.mknod('/nowhere/at/all', 0o010600, 0, 0)).toThrow(
			'cannot mknod "/nowhere/at/all": no such file or directory (ENOENT)',
		);
		expect(() => sys.mknod('/tmp/with\0nul', 0o010600, 0, 0)).toThrow(SyscallError);
		expect(() => sys.umount2('/proc/self/nothing', 0)).toThrow(/ENOENT/);
	});

	test('mounts and unmounts', () => {
		const dir = tempDir();
		sys.mount('none', dir, 'tmpfs', 0, 'size=64k');
		try {
			expect(readFileSync('/proc/self/mounts', 'utf8')).toContain(dir);
		} finally {
			sys.umount2(dir, 2);
		}
		expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(dir);
	});

	test('lets two files change places, and says where there are no two', () => {
		const dir = tempDir();
		const [one, other] = [`${dir}/one`, `${dir}/other`];
		writeFileSync(one, '1');
		expect(sys.exchange(one, other)).toBe(false);
		writeFileSync(other, '2');
		expect(sys.exchange(one, other)).toBe(true);
		expect([one, other].map((file) => readFileSync(file, 'utf8'))).toEqual(['2', '1']);
		expect(() => sys.exchange(one, `${one}/below`)).toThrow(/ENOTDIR/);
	});

	test('writes a filesystem out', async () => {
		const descriptor = openSync(tempDir(), 'r');
		await sys.syncfs(descriptor);
		closeSync(descriptor);
	});

	describe('locks', () => {
		const holders: ChildProcess[] = [];
		afterEach(() => {
			for (const holder of holders.splice(0)) holder.kill('SIGKILL');
		});
		/** Another program with a classic record lock, as Podman takes it. Resolves when it has the lock. */
		const hold = async (file: string, mode: 'LOCK_EX' | 'LOCK_SH') => {
			const program = `
import fcntl, sys
f = open(sys.argv[1], 'r+')
fcntl.lockf(f, fcntl.${mode})
print('held', flush=True)
sys.stdin.readline()`;
			const child = spawn('python3', ['-c', program, file], { stdio: ['pipe', 'pipe', 'inherit'] });
			holders.push(child);
			await new Promise((resolve) => child.stdout.once('data', resolve));
			return () => child.stdin.end('\n');
		};
		const lockIn = (dir: string) => {
			mkdirSync(dir, { recursive: true });
			const file = path.join(dir, 'layers.lock');
			writeFileSync(file, '');
			return { file, lock: createFileLock(sys, file) };
		};

		test('wait for another program that writes, and get the lock when it lets go', async () => {
			const { file, lock } = lockIn(tempDir());
			const release = await hold(file, 'LOCK_EX');
			const aborted = lock.acquire('shared', { signal: AbortSignal.timeout(150) });
			await expect(aborted).rejects.toThrow(/abort|timeout/i);
			const acquired = lock.acquire('exclusive');
			release();
			await using _ = await acquired;
		});

		test('are shared with another program that reads', async () => {
			const { file, lock } = lockIn(tempDir());
			await hold(file, 'LOCK_SH');
			await using _ = await lock.acquire('shared');
			const aborted = lock.acquire('exclusive', { signal: AbortSignal.timeout(150) });
			await expect(aborted).rejects.toThrow(/abort|timeout/i);
		});

		test('keep another program out, also after this one opened and closed the file again', async () => {
			const { file, lock } = lockIn(tempDir());
			const held = await lock.acquire('exclusive');
			// A classic record lock would be lost by this.
			closeSync(openSync(file, 'r'));
			let theirs = false;
			const taken = hold(file, 'LOCK_EX').then(() => {
				theirs = true;
			});
			const other = createFileLock(sys, file).acquire('shared', { signal: AbortSignal.timeout(300) });
			await expect(other).rejects.toThrow(/abort|timeout/i);
			expect(theirs).toBe(false);
			await held[Symbol.asyncDispose]();
			await taken;
		});
	});
});
