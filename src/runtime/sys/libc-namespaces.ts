/** The system calls that make and enter namespaces. They change the thread that calls them, and no other. */
import { syscallError } from './errno.ts';
import { openLibc } from './libc.ts';
import type { NamespaceKind } from './namespace-job.ts';

/** Source: linux/sched.h */
const cloneFlags: Readonly<Record<NamespaceKind, number>> = {
	net: 0x40000000,
	ipc: 0x08000000,
	uts: 0x04000000,
};

// Source: bits/socket.h, linux/sockios.h, linux/if.h; one value on x64 and arm64.
const afInet = 2;
const afInet6 = 10;
const sockStream = 1;
const sockDgram = 2;
const nonblocking = 0o4000;
const closeOnExec = 0o2000000;
const siocSetFlags = 0x8914;
const interfaceUp = 1;
/** struct ifreq: the name, then a union of which flags are the first two bytes. Source: netdevice(7) */
const ifreqBytes = 40;
const interfaceNameBytes = 16;

/** Every method throws SyscallError. None waits but for the kernel's own locks. */
export type NamespaceCalls = {
	/** Moves this thread to new namespaces. Source: unshare(2) */
	unshare(kinds: readonly NamespaceKind[]): void;
	/** Moves this thread to the namespace of an open file of /proc/PID/ns. Source: setns(2) */
	enter(descriptor: number, kind: NamespaceKind): void;
	/** Of this thread's uts namespace. Source: sethostname(2) */
	setHostname(hostname: string): void;
	/** Brings `lo` of this thread's network namespace up; the kernel then gives it 127.0.0.1 and ::1. */
	raiseLoopback(): void;
	/**
	 * A TCP socket of this thread's network namespace, connected to nothing, which never blocks. It stays in that namespace,
	 * whichever thread uses it. @returns a descriptor that is the caller's to close
	 */
	tcpSocket(family: 'ipv4' | 'ipv6'): number;
};

/** @throws Error where there is no C library */
export function loadNamespaceCalls(): NamespaceCalls {
	const { library, errno } = openLibc();
	const unshare = library.func('unshare', 'int', ['int']);
	const setns = library.func('setns', 'int', ['int', 'int']);
	const sethostname = library.func('sethostname', 'int', ['void *', 'size_t']);
	const socket = library.func('socket', 'int', ['int', 'int', 'int']);
	const ioctl = library.func('ioctl', 'int', ['int', 'ulong', 'void *']);
	const close = library.func('close', 'int', ['int']);
	const check = (result: number, name: string, path?: string): number => {
		if (result < 0) throw syscallError(name, errno(), path);
		return result;
	};
	return {
		unshare(kinds) {
			check(unshare(kinds.reduce((flags, kind) => flags | cloneFlags[kind], 0)), 'unshare', kinds.join(','));
		},
		enter(descriptor, kind) {
			check(setns(descriptor, cloneFlags[kind]), 'setns', kind);
		},
		setHostname(hostname) {
			const bytes = Buffer.from(hostname);
			check(sethostname(bytes, bytes.length), 'sethostname', hostname);
		},
		raiseLoopback() {
			const request = Buffer.alloc(ifreqBytes);
			request.write('lo');
			request.writeInt16LE(interfaceUp, interfaceNameBytes);
			const descriptor = check(socket(afInet, sockDgram | closeOnExec, 0), 'socket');
			try {
				check(ioctl(descriptor, siocSetFlags, request), 'set flags of', 'lo');
			} finally {
				close(descriptor);
			}
		},
		tcpSocket: (family) =>
			check(
				socket(family === 'ipv4' ? afInet : afInet6, sockStream | nonblocking | closeOnExec, 0),
				'socket',
				family,
			),
	};
}
