/** Gives memory back that this process holds and does not use, where the C library and the kernel can. */
import { readFileSync } from 'node:fs';
import { openLibc } from './libc.ts';

/** Source: asm-generic/mman-common.h */
const dontNeed = 4;

/**
 * @returns a function that gives back, within some milliseconds:
 * - what malloc keeps between pieces in use, which it never returns by itself. Source: malloc_trim(3), glibc only;
 * - pages of the program's own code: those that are run again come back from the page cache, those of the start do not.
 *   Only mappings that are executable, not writable and unchanged, so that nothing can be lost. Source: madvise(2)
 */
export function createMemoryRelease(): () => void {
	const { library } = openLibc();
	const madvise = library.func('madvise', 'int', ['uint64', 'uint64', 'int']);
	const malloc = trimOf(library);
	return () => {
		malloc?.(0);
		for (const { start, length } of ownCode(readFileSync('/proc/self/smaps', 'latin1'), process.execPath)) {
			madvise(start, length, dontNeed);
		}
	};
}

function trimOf(
	library: ReturnType<typeof openLibc>['library'],
): ((keepBytes: number) => number) | undefined {
	try {
		return library.func('malloc_trim', 'int', ['size_t']);
	} catch {
		// musl has none, and returns memory by itself.
		return undefined;
	}
}

/** Mappings of the program's code in the text of /proc/PID/smaps. Pure. Source: proc_pid_smaps(5) */
export function ownCode(
	smaps: string,
	program: string,
): readonly { readonly start: bigint; readonly length: bigint }[] {
	return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((text) => {
		const [, from, to, permissions, file] =
			/^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ +(.*)$/m.exec(text) ?? [];
		if (from === undefined || to === undefined || permissions !== 'r-xp' || file !== program) return [];
		if (!/^Anonymous: +0 kB$/m.test(text)) return [];
		const start = BigInt(`0x${from}`);
		return [{ start, length: BigInt(`0x${to}`) - start }];
	});
}
