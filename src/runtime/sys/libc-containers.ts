/** The real container calls, through the C library that libc.ts has opened. */

import type { ChildEnd, ContainerCalls } from './container-calls.ts';
import { errnoNumber, syscallError } from './errno.ts';
import { type Libc, openLibc } from './libc.ts';

// Source: bits/socket.h, bits/fcntl.h, asm-generic/ioctls.h, linux/prctl.h, bits/waitflags.h; one value on x64 and arm64.
const afUnix = 1;
const sockStream = 1;
const sockSeqpacket = 5;
const sockNonblock = 0o4000;
const closeOnExec = 0o2000000;
const solSocket = 1;
const scmRights = 1;
const msgCmsgCloexec = 0x40000000;
const msgDontwait = 0x40;
const fionread = 0x541b;
const tiocswinsz = 0x5414;
const prSetChildSubreaper = 36;
const wnohang = 1;
/** The same on every port, since they are newer than the common table. Source: asm-generic/unistd.h */
const pidfdSendSignalNumber = 424;
const pidfdOpenNumber = 434;
/** sun_path holds a terminating NUL. Source: unix(7) */
const sunPathBytes = 108;
/** struct msghdr and struct cmsghdr where longs have 64 bits. Source: recvmsg(2), cmsg(3) */
const msghdrBytes = 56;
const cmsgHeaderBytes = 16;

/** @throws Error where there is no C library */
export function loadContainerCalls(): ContainerCalls {
	const libc = openLibc();
	return { ...descriptorCalls(libc), ...processCalls(libc) };
}

function descriptorCalls({
	library,
	errno,
	addressOf,
}: Libc): Omit<ContainerCalls, 'becomeSubreaper' | 'waitChild' | 'openProcess' | 'signalProcess'> {
	const pipe2 = library.func('pipe2', 'int', ['void *', 'int']);
	const socket = library.func('socket', 'int', ['int', 'int', 'int']);
	const connect = library.func('connect', 'int', ['int', 'void *', 'uint']);
	const bind = library.func('bind', 'int', ['int', 'void *', 'uint']);
	const listen = library.func('listen', 'int', ['int', 'int']);
	const accept4 = library.func('accept4', 'int', ['int', 'void *', 'void *', 'int']);
	const recvmsg = library.func('recvmsg', 'long', ['int', 'void *', 'int']);
	const dup3 = library.func('dup3', 'int', ['int', 'int', 'int']);
	const ioctl = library.func('ioctl', 'int', ['int', 'ulong', 'void *']);
	const close = library.func('close', 'int', ['int']);

	const check = (result: number, name: string, path?: string): number => {
		if (result < 0) throw syscallError(name, errno(), path);
		return result;
	};
	/** Runs steps on a new descriptor, and closes it where one fails. */
	const guarded = (descriptor: number, ...steps: readonly (() => void)[]): number => {
		try {
			for (const step of steps) step();
			return descriptor;
		} catch (error) {
			close(descriptor);
			throw error;
		}
	};

	return {
		pipe() {
			const ends = Buffer.alloc(8);
			check(pipe2(ends, closeOnExec), 'pipe2');
			return { readEnd: ends.readInt32LE(0), writeEnd: ends.readInt32LE(4) };
		},
		streamSocket: () => check(socket(afUnix, sockStream | closeOnExec, 0), 'socket'),
		replaceDescriptor: (descriptor, target) => {
			check(dup3(descriptor, target, closeOnExec), 'dup3');
		},
		connectSeqpacket(path) {
			const address = unixAddress(path);
			const descriptor = check(socket(afUnix, sockSeqpacket | sockNonblock | closeOnExec, 0), 'socket');
			return guarded(descriptor, () => check(connect(descriptor, address, address.length), 'connect', path));
		},
		listenStream(path) {
			const address = unixAddress(path);
			const descriptor = check(socket(afUnix, sockStream | sockNonblock | closeOnExec, 0), 'socket');
			return guarded(
				descriptor,
				() => check(bind(descriptor, address, address.length), 'bind', path),
				() => check(listen(descriptor, 1), 'listen', path),
			);
		},
		receiveDescriptor(listener) {
			const connection = accept4(listener, null, null, closeOnExec | sockNonblock);
			if (connection < 0 && errno() === errnoNumber('EAGAIN')) return undefined;
			check(connection, 'accept4');
			try {
				const { header, control, kept } = messageHeader(addressOf);
				check(Number(recvmsg(connection, header, msgCmsgCloexec | msgDontwait)), 'recvmsg');
				// Read after the call, so that nothing it points to is collected before.
				if (kept.length === 0) return undefined;
				const isDescriptor = control.readInt32LE(8) === solSocket && control.readInt32LE(12) === scmRights;
				if (!isDescriptor) throw syscallError('recvmsg', errnoNumber('EBADMSG'));
				return control.readInt32LE(cmsgHeaderBytes);
			} finally {
				close(connection);
			}
		},
		readableBytes(descriptor) {
			const count = Buffer.alloc(4);
			check(ioctl(descriptor, fionread, count), 'ioctl');
			return count.readInt32LE(0);
		},
		setWindowSize(terminal, columns, rows) {
			const size = Buffer.alloc(8);
			size.writeUInt16LE(windowSide(rows), 0);
			size.writeUInt16LE(windowSide(columns), 2);
			check(ioctl(terminal, tiocswinsz, size), 'ioctl');
		},
	};
}

function processCalls({
	library,
	errno,
}: Libc): Pick<ContainerCalls, 'becomeSubreaper' | 'waitChild' | 'openProcess' | 'signalProcess'> {
	const prctl = library.func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong']);
	const wait4 = library.func('wait4', 'int', ['int', 'void *', 'int', 'void *']);
	const syscall = library.func('syscall', 'long', ['long', 'long', 'long', 'long', 'long']);
	const failed = (result: number, name: string, expected: string): boolean => {
		if (result >= 0) return false;
		if (errno() !== errnoNumber(expected)) throw syscallError(name, errno());
		return true;
	};
	return {
		becomeSubreaper() {
			if (prctl(prSetChildSubreaper, 1, 0, 0, 0) < 0) throw syscallError('prctl', errno());
		},
		waitChild(pid): ChildEnd {
			const status = Buffer.alloc(4);
			const waited = Number(wait4(pid, status, wnohang, null));
			if (failed(waited, 'wait4', 'ECHILD')) return { kind: 'unknown' };
			if (waited === 0) return { kind: 'running' };
			// Source: wait(2), bits/waitstatus.h: the low seven bits are the signal, the next byte is the exit code.
			const word = status.readInt32LE(0);
			const signalNumber = word & 0x7f;
			if (signalNumber !== 0) return { kind: 'exited', exitCode: 128 + signalNumber, signalNumber };
			return { kind: 'exited', exitCode: (word >> 8) & 0xff };
		},
		openProcess(pid) {
			const descriptor = Number(syscall(pidfdOpenNumber, pid, 0, 0, 0));
			return failed(descriptor, 'pidfd_open', 'ESRCH') ? undefined : descriptor;
		},
		signalProcess(process, signalNumber) {
			const result = Number(syscall(pidfdSendSignalNumber, process, signalNumber, 0, 0));
			failed(result, 'pidfd_send_signal', 'ESRCH');
		},
	};
}

/** What a client asks for is not ours to trust; struct winsize has 16 bits for it. */
function windowSide(cells: number): number {
	return Math.max(0, Math.min(65_535, Math.trunc(cells) || 0));
}

function unixAddress(path: string): Buffer {
	const bytes = Buffer.from(path);
	if (bytes.length >= sunPathBytes) throw syscallError('use', errnoNumber('ENAMETOOLONG'), path);
	const address = Buffer.alloc(2 + sunPathBytes);
	address.writeUInt16LE(afUnix, 0);
	bytes.copy(address, 2);
	return address;
}

/** Room for some bytes and one descriptor; `kept` must live until the call is over. Source: recvmsg(2) */
function messageHeader(addressOf: (buffer: Buffer) => bigint): {
	readonly header: Buffer;
	readonly control: Buffer;
	readonly kept: readonly Buffer[];
} {
	const bytes = Buffer.alloc(4096);
	const vector = Buffer.alloc(16);
	vector.writeBigUInt64LE(addressOf(bytes), 0);
	vector.writeBigUInt64LE(BigInt(bytes.length), 8);
	const control = Buffer.alloc(cmsgHeaderBytes + 8);
	const header = Buffer.alloc(msghdrBytes);
	header.writeBigUInt64LE(addressOf(vector), 16);
	header.writeBigUInt64LE(1n, 24);
	header.writeBigUInt64LE(addressOf(control), 32);
	header.writeBigUInt64LE(BigInt(control.length), 40);
	return { header, control, kept: [bytes, vector] };
}
