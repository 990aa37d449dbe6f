/** File descriptors beyond what Node does with them. */
import { syscallError } from './errno.ts';
import { openLibc } from './libc.ts';

/** Source: linux/fcntl.h; the same on x64 and arm64. */
const duplicateClosedOnExec = 1030;
/** Not one of the standard three. */
const lowest = 3;

/**
 * Another descriptor of the same open file, which no program that is started inherits.
 * @throws SyscallError, EMFILE say; Error where there is no C library
 */
export function duplicateDescriptor(descriptor: number): number {
	const { library, errno } = openLibc();
	const fcntl = library.func('fcntl', 'int', ['int', 'int', 'long']);
	const made = fcntl(descriptor, duplicateClosedOnExec, lowest);
	if (made < 0) throw syscallError('fcntl', errno());
	return made;
}
