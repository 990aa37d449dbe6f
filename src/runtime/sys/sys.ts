/**
 * The system calls that Node does not offer, behind one interface. libc.ts implements it; tests may record it.
 * Paths are bytes, since a layer may hold names that are not UTF-8. Every method throws SyscallError.
 */

/** A system call failed: which, with what errno, on what. `code` is the errno's name, `EPERM`. */
export class SyscallError extends Error {
	override readonly name = 'SyscallError';
	readonly syscall: string;
	readonly code: string;
	readonly errno: number;
	readonly path: string | undefined;

	constructor(
		syscall: string,
		failure: { code: string; errno: number; text: string; path?: string | undefined },
	) {
		const object = failure.path === undefined ? '' : ` "${failure.path}"`;
		super(`cannot ${syscall}${object}: ${failure.text} (${failure.code})`);
		this.syscall = syscall;
		this.code = failure.code;
		this.errno = failure.errno;
		this.path = failure.path;
	}
}

/** A path as the kernel sees it. */
export type BytePath = string | Uint8Array;

/** What a record lock is to become. Source: fcntl(2), F_OFD_SETLK. */
export type LockMode = 'shared' | 'exclusive' | 'unlocked';

/** System calls. All but syncfs are synchronous: each takes microseconds, none of them waits. */
export type Sys = {
	/** Source: mount(2); `flags` are the MS_ bits. */
	mount(source: string, target: string, type: string, flags: number, data: string): void;
	/** Source: umount2(2); `flags` are the MNT_ and UMOUNT_ bits. */
	umount2(target: string, flags: number): void;
	/** @param mode file type and permissions. Source: mknod(2) */
	mknod(path: BytePath, mode: number, major: number, minor: number): void;
	lsetxattr(path: BytePath, name: string, value: Uint8Array): void;
	/** @returns undefined where the file has no such attribute (or its filesystem has none). */
	lgetxattr(path: BytePath, name: string): Buffer | undefined;
	llistxattr(path: BytePath): readonly string[];
	/**
	 * Sets both times to the nanosecond, a symlink's own too; Node's utimes goes through a double and knows no time before 1970.
	 * @param seconds since 1970, may be negative; `nanos` counts upwards from it. Source: utimensat(2)
	 */
	setModified(path: BytePath, seconds: number, nanos: number): void;
	/**
	 * Tries to lock a whole file (F_OFD_SETLK): excludes the record locks of other programs, and of other descriptors here;
	 * it is lost only when this descriptor is closed.
	 * @returns false where somebody else holds it.
	 */
	lockFile(descriptor: number, mode: LockMode): boolean;
	/**
	 * Lets two names of one filesystem change places, in one step. Source: renameat2(2), RENAME_EXCHANGE
	 * @returns false where one of them is not there, or the filesystem cannot
	 */
	exchange(one: string, other: string): boolean;
	/** Writes out everything of the filesystem that `descriptor` lies on; may take long. Source: syncfs(2) */
	syncfs(descriptor: number): Promise<void>;
};
