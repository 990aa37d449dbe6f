/** The real system calls, through the C library of the machine. The only file that knows koffi. */
import koffi from 'koffi';
import { errnoNumber, syscallError } from './errno.ts';
import type { BytePath, LockMode, Sys } from './sys.ts';

/** glibc, then musl; the loader finds them by these names. */
const libraryNames = [
	'libc.so.6',
	`libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`,
	'libc.so',
];

/** Source: fcntl(2), asm-generic/fcntl.h; the same on x64 and arm64. */
const setOpenFileLock = 37;
const lockTypes: Readonly<Record<LockMode, number>> = { shared: 0, exclusive: 1, unlocked: 2 };
/** Size of struct flock where longs have 64 bits: type, whence, start at 8, length at 16, pid at 24. */
const flockBytes = 32;

/** glibc before 2.33 has no symbol mknod, so it is reached by number. Source: asm/unistd.h */
const mknodatNumber = process.arch === 'arm64' ? 33 : 259;
const renameat2Number = process.arch === 'arm64' ? 276 : 316;
const renameExchange = 2;
const atCurrentDirectory = -100;
const atSymlinkNofollow = 0x100;
/** struct timespec where longs have 64 bits: seconds, nanoseconds. */
const timespecBytes = 16;

/**
 * Opens the C library. Nothing is loaded before this is called.
 * @throws Error where there is none, naming what was tried
 */
export function loadLibc(): Sys {
	const library = openLibrary();
	const mount = library.func('mount', 'int', ['str', 'str', 'str', 'ulong', 'str']);
	const umount2 = library.func('umount2', 'int', ['str', 'int']);
	const syscall = library.func('syscall', 'long', ['long', 'long', 'void *', 'long', 'long']);
	const syscall5 = library.func('syscall', 'long', ['long', 'long', 'str', 'long', 'str', 'long']);
	const lsetxattr = library.func('lsetxattr', 'int', ['void *', 'str', 'void *', 'size_t', 'int']);
	const lgetxattr = library.func('lgetxattr', 'long', ['void *', 'str', 'void *', 'size_t']);
	const llistxattr = library.func('llistxattr', 'long', ['void *', 'void *', 'size_t']);
	const utimensat = library.func('utimensat', 'int', ['int', 'void *', 'void *', 'int']);
	const fcntl = library.func('fcntl', 'int', ['int', 'int', 'void *']);
	const syncfs = library.func('syncfs', 'int', ['int']);

	const check = (result: number, name: string, path?: BytePath): void => {
		if (result < 0) throw syscallError(name, koffi.errno(), path === undefined ? undefined : shown(path));
	};
	/** Calls until the buffer is large enough: the value may grow between asking and reading. */
	const readSized = (
		name: string,
		path: BytePath,
		read: (buffer: Buffer, sizeBytes: number) => number,
	): Buffer | undefined => {
		for (let sizeBytes = 256; ; sizeBytes *= 4) {
			const buffer = Buffer.alloc(sizeBytes);
			const length = Number(read(buffer, sizeBytes));
			if (length >= 0) return buffer.subarray(0, length);
			const errno = koffi.errno();
			if (errno === errnoNumber('ENODATA') || errno === errnoNumber('ENOTSUP')) return undefined;
			if (errno !== errnoNumber('ERANGE') || sizeBytes > 2 ** 20)
				throw syscallError(name, errno, shown(path));
		}
	};

	return {
		mount: (source, target, type, flags, options) =>
			check(mount(source, target, type, flags, options), 'mount', target),
		umount2: (target, flags) => check(umount2(target, flags), 'umount2', target),
		mknod(path, mode, major, minor) {
			// How the kernel packs the two numbers. Source: linux/kdev_t.h, new_encode_dev
			const device = ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
			check(
				Number(syscall(mknodatNumber, atCurrentDirectory, terminated(path), mode, device)),
				'mknod',
				path,
			);
		},
		lsetxattr: (path, name, value) =>
			check(lsetxattr(terminated(path), name, Buffer.from(value), value.length, 0), 'lsetxattr', path),
		lgetxattr: (path, name) =>
			readSized('lgetxattr', path, (buffer, size) => lgetxattr(terminated(path), name, buffer, size)),
		llistxattr(path) {
			const list = readSized('llistxattr', path, (buffer, size) =>
				llistxattr(terminated(path), buffer, size),
			);
			return (list ?? Buffer.alloc(0)).toString('latin1').split('\0').slice(0, -1);
		},
		setModified(path, seconds, nanos) {
			const times = Buffer.alloc(timespecBytes * 2);
			for (const start of [0, timespecBytes]) {
				times.writeBigInt64LE(BigInt(seconds), start);
				times.writeBigInt64LE(BigInt(nanos), start + 8);
			}
			check(utimensat(atCurrentDirectory, terminated(path), times, atSymlinkNofollow), 'utimensat', path);
		},
		lockFile(descriptor, mode) {
			const flock = Buffer.alloc(flockBytes);
			flock.writeInt16LE(lockTypes[mode], 0);
			if (fcntl(descriptor, setOpenFileLock, flock) >= 0) return true;
			const errno = koffi.errno();
			if (errno === errnoNumber('EAGAIN') || errno === errnoNumber('EACCES')) return false;
			throw syscallError('fcntl', errno);
		},
		exchange(one, other) {
			const moved = syscall5(
				renameat2Number,
				atCurrentDirectory,
				one,
				atCurrentDirectory,
				other,
				renameExchange,
			);
			if (Number(moved) >= 0) return true;
			const errno = koffi.errno();
			// EPERM: so a filter of system calls says that it does not know this one.
			const cannot = ['ENOENT', 'EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'EPERM'];
			if (cannot.some((code) => errno === errnoNumber(code))) return false;
			throw syscallError('renameat2', errno, other);
		},
		syncfs: (descriptor) =>
			new Promise((resolve, reject) => {
				// On another thread: it waits for the disk. That thread's errno cannot be read, so it is EIO or EROFS.
				syncfs.async(descriptor, (failure: Error | null, result: number) => {
					if (failure !== null) reject(failure);
					else if (result < 0) reject(syscallError('syncfs', errnoNumber('EIO')));
					else resolve();
				});
			}),
	};
}

type LibcLibrary = ReturnType<typeof koffi.load>;

/** What other files need to bind calls of their own. */
export type Libc = {
	readonly library: LibcLibrary;
	/** Of the last call on this thread. */
	readonly errno: () => number;
	/** Where a buffer lies, for structures that point to others; the buffer must be kept alive meanwhile. */
	readonly addressOf: (buffer: Buffer) => bigint;
};

/** Opens the C library for files that bind other families of calls. @throws as {@link loadLibc} */
export function openLibc(): Libc {
	return { library: openLibrary(), errno: () => koffi.errno(), addressOf: (buffer) => koffi.address(buffer) };
}

function openLibrary(): LibcLibrary {
	const failures: string[] = [];
	for (const name of libraryNames) {
		try {
			return koffi.load(name);
		} catch (error) {
			failures.push(error instanceof Error ? error.message : String(error));
		}
	}
	throw new Error(`cannot load the C library: ${failures.join('; ')}`);
}

/** @throws SyscallError for a path with a NUL in it, which would name another file */
function terminated(path: BytePath): Buffer {
	const bytes = Buffer.from(path as Uint8Array);
	if (bytes.includes(0)) throw syscallError('use', errnoNumber('EINVAL'), shown(path));
	return Buffer.concat([bytes, Buffer.from([0])]);
}

function shown(path: BytePath): string {
	return typeof path === 'string' ? path : Buffer.from(path).toString('utf8');
}
