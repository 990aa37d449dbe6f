import type { ChildEnd, ContainerCalls } from './container-calls.ts';

/** How a child ended that was waited for. */
export type WaitedEnd = Exclude<ChildEnd, { readonly kind: 'running' }>;

/** Waits for single children, by pid. Main thread only, where SIGCHLD is heard. */
export type ChildWaits = Disposable & {
	/** Resolves once the child has ended; `unknown` where it is no child of ours, or this was disposed of. */
	ended(pid: number): Promise<WaitedEnd>;
	/** True while somebody waits for it. */
	has(pid: number): boolean;
};

const pollMs = 1000;

/** Listens to SIGCHLD only while somebody waits. */
export function createChildWaits(sys: Pick<ContainerCalls, 'waitChild'>): ChildWaits {
	const waiting = new Map<number, (end: WaitedEnd) => void>();
	let poll: NodeJS.Timeout | undefined;

	function check(pid: number): void {
		const end = sys.waitChild(pid);
		if (end.kind === 'running') return;
		waiting.get(pid)?.(end);
		waiting.delete(pid);
		if (waiting.size === 0) rest();
	}

	function checkAll(): void {
		for (const pid of [...waiting.keys()]) check(pid);
	}

	function rest(): void {
		clearInterval(poll);
		process.off('SIGCHLD', checkAll);
	}

	return {
		ended(pid) {
			return new Promise((resolve) => {
				if (waiting.size === 0) {
					// Signals may be merged, and a signal handler alone keeps no program alive.
					poll = setInterval(checkAll, pollMs);
					process.on('SIGCHLD', checkAll);
				}
				waiting.set(pid, resolve);
				// It may have ended before anybody asked.
				check(pid);
			});
		},
		has: (pid) => waiting.has(pid),
		[Symbol.dispose]() {
			rest();
			for (const resolve of waiting.values()) resolve({ kind: 'unknown' });
			waiting.clear();
		},
	};
}
