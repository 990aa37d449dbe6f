import { BugError } from '../../src/cri/errors.ts';
import type { LockMode, Sys } from '../../src/runtime/sys/sys.ts';

/** One call as it was made. */
export type SysCall = { readonly name: keyof Sys; readonly args: readonly unknown[] };

/** A fake that records, and does what a test tells it to. */
export type RecordingSys = Sys & { readonly calls: readonly SysCall[] };

/**
 * Locks are always free, attributes are never there, and everything else succeeds and does nothing, unless `answers` has
 * its own way. test/runtime/libc.test.ts holds the real thing to the same answers.
 */
export function recordingSys(answers: Partial<Sys> = {}): RecordingSys {
	const calls: SysCall[] = [];
	const quiet: Partial<Sys> = {
		lockFile: () => true,
		lgetxattr: () => undefined,
		llistxattr: () => [],
		syncfs: async () => undefined,
	};
	const sys = new Proxy({} as RecordingSys, {
		get(_, name) {
			if (name === 'calls') return calls;
			if (typeof name === 'symbol') return undefined;
			const call = name as keyof Sys;
			return (...args: readonly unknown[]) => {
				calls.push({ name: call, args });
				const answer = (answers[call] ?? quiet[call]) as
					| ((...all: readonly unknown[]) => unknown)
					| undefined;
				return answer?.(...args);
			};
		},
		set() {
			throw new BugError('a fake is not to be changed');
		},
	});
	return sys;
}

/** `lockFile` of a machine where another program holds every lock until `release` is called. */
export function foreignLock(): { readonly lockFile: Sys['lockFile']; release(): void } {
	let held = true;
	return {
		lockFile: (_: number, mode: LockMode) => mode === 'unlocked' || !held,
		release() {
			held = false;
		},
	};
}
