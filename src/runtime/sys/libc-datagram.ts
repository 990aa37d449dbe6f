/** Datagrams to AF_UNIX sockets, which Node does not offer. */
import { errnoNumber, syscallError } from './errno.ts';
import { openLibc } from './libc.ts';

// Source: bits/socket.h; one value on x64 and arm64.
const afUnix = 1;
const sockDgram = 2;
const closeOnExec = 0o2000000;
const sunPathBytes = 108;

/**
 * Sends one datagram from a socket of its own, without waiting for the reader.
 * @param address a path, or a name of the abstract namespace behind `@`. Source: unix(7)
 * @throws SyscallError; Error where there is no C library
 */
export function sendDatagram(address: string, text: string): void {
	const { library, errno } = openLibc();
	const socket = library.func('socket', 'int', ['int', 'int', 'int']);
	const sendto = library.func('sendto', 'long', ['int', 'void *', 'size_t', 'int', 'void *', 'uint']);
	const close = library.func('close', 'int', ['int']);
	const target = datagramAddress(address);
	const message = Buffer.from(text);
	const descriptor = socket(afUnix, sockDgram | closeOnExec, 0);
	if (descriptor < 0) throw syscallError('socket', errno());
	try {
		const dontWait = 0x40;
		const sent = sendto(descriptor, message, message.length, dontWait, target, target.length);
		if (Number(sent) < 0) throw syscallError('sendto', errno(), address);
	} finally {
		close(descriptor);
	}
}

/** A path ends with a NUL; an abstract name begins with one, and its length tells where it ends. */
function datagramAddress(address: string): Buffer {
	const name = Buffer.from(address.startsWith('@') ? `\0${address.slice(1)}` : `${address}\0`);
	if (name.length > sunPathBytes) throw syscallError('use', errnoNumber('ENAMETOOLONG'), address);
	const family = Buffer.alloc(2);
	family.writeUInt16LE(afUnix, 0);
	return Buffer.concat([family, name]);
}
