/** The worker thread that makes namespaces, seen from outside. */
import { errorMessage, InvalidArgumentError } from '../../cri/errors.ts';
import { syscallError } from './errno.ts';
import { createJobThread } from './job-thread.ts';
import type { PinFailure, PinJob, PinReply } from './namespace-job.ts';

/** Runs jobs one after the other on one thread. */
export type NamespaceThread = AsyncDisposable & {
	/** @throws SyscallError, InvalidArgumentError for a sysctl that the kernel refuses */
	run(job: Omit<PinJob, 'number'>): Promise<void>;
};

/** A burst of pods needs the thread again and again; a quiet runtime has better use for its memory. */
const idleMs = 60_000;

/** Starts the thread at once, since that takes longer than a hundred jobs. */
export function createNamespaceThread(): NamespaceThread {
	const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
	const file = new URL(`./namespace-worker.${extension}`, import.meta.url);
	const thread = createJobThread<PinJob, PinReply>({ file, name: 'namespaces', idleMs });
	thread.start();
	return {
		async run(job) {
			const { failure } = await thread.run(job).catch((cause: unknown) => {
				throw new Error(`cannot make namespaces: ${errorMessage(cause)}`, { cause });
			});
			if (failure !== undefined) throw errorOf(failure);
		},
		[Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
	};
}

function errorOf(failure: PinFailure): Error {
	switch (failure.kind) {
		case 'syscall':
			return syscallError(failure.syscall, failure.errno, failure.path);
		case 'sysctl':
			return new InvalidArgumentError(
				`cannot set sysctl "${failure.name}" to "${failure.value}": ${failure.reason}`,
			);
		case 'other':
			return new Error(`cannot make namespaces: ${failure.message}`);
	}
}
