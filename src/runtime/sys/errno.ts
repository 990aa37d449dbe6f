/** Names and texts of errno values, and errors made of them. Source: errno(3); the numbers are Node's own. */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { SyscallError } from './sys.ts';

const nameOfNumber = new Map<number, string>(
	Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** Number of an errno's name on this machine; 5 (EIO) where it is unknown. */
export function errnoNumber(code: string): number {
	return (constants.errno as Readonly<Record<string, number>>)[code] ?? constants.errno.EIO;
}

/** The error of a failed call, with the errno in words. */
export function syscallError(syscall: string, errno: number, path?: string): SyscallError {
	const code = nameOfNumber.get(errno) ?? `errno ${errno}`;
	const text = getSystemErrorMap().get(-errno)?.[1] ?? 'unknown error';
	return new SyscallError(syscall, { code, errno, text, path });
}

/** The errno's name of one of our errors or of Node's own (`ENOENT`); undefined for anything else. */
export function errnoCode(error: unknown): string | undefined {
	if (!(error instanceof Error) || !('code' in error)) return undefined;
	return typeof error.code === 'string' ? error.code : undefined;
}
