/** The worker thread that makes namespaces, seen from outside: started when needed, ended when idle. */
import { Worker } from 'node:worker_threads';
import { InvalidArgumentError } from '../../cri/errors.ts';
import { syscallError } from './errno.ts';
import type { PinFailure, PinJob, PinReply } from './namespace-job.ts';

/** Runs jobs one after the other on one thread. */
export type NamespaceThread = AsyncDisposable & {
	/** @throws SyscallError, InvalidArgumentError for a sysctl that the kernel refuses */
	run(job: Omit<PinJob, 'number'>): Promise<void>;
};

/** A burst of pods needs the thread again and again; a quiet runtime has better use for its memory. */
const idleMs = 60_000;

type Running = {
	readonly worker: Worker;
	readonly waiting: Map<number, PromiseWithResolvers<void>>;
	/** Resolved when it has loaded, or has ended. */
	readonly loaded: PromiseWithResolvers<void>;
	idle: NodeJS.Timeout | undefined;
};

/** Starts the thread at once, since that takes longer than a hundred jobs. */
export function createNamespaceThread(): NamespaceThread {
	let nextNumber = 0;
	let running: Running | undefined = start();

	function start(): Running {
		const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
		const worker = new Worker(new URL(`./namespace-worker.${extension}`, import.meta.url), {
			name: 'namespaces',
			// It holds a few strings; what V8 sets aside by default would be most of it.
			resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
		});
		const started: Running = {
			worker,
			waiting: new Map(),
			loaded: Promise.withResolvers(),
			idle: undefined,
		};
		const fail = (cause: unknown) => {
			if (running === started) running = undefined;
			clearTimeout(started.idle);
			started.loaded.resolve();
			const reason = cause instanceof Error ? cause.message : String(cause);
			for (const { reject } of started.waiting.values()) {
				reject(new Error(`cannot make namespaces: ${reason}`, { cause }));
			}
			started.waiting.clear();
		};
		worker.on('message', (reply: PinReply | 'loaded') => {
			if (reply === 'loaded') return started.loaded.resolve();
			const waiter = started.waiting.get(reply.number);
			started.waiting.delete(reply.number);
			if (started.waiting.size === 0) rest(started);
			if (reply.failure === undefined) waiter?.resolve();
			else waiter?.reject(errorOf(reply.failure));
		});
		worker.on('error', fail);
		worker.on('exit', () => fail('the thread for it has ended'));
		rest(started);
		return started;
	}

	/** Lets the process end, and the thread too when nobody comes. */
	function rest(resting: Running): void {
		resting.worker.unref();
		clearTimeout(resting.idle);
		resting.idle = setTimeout(() => {
			if (running === resting) running = undefined;
			void end(resting);
		}, idleMs);
		resting.idle.unref();
	}

	/** A thread that is ended while it loads the C library takes the whole process with it: koffi aborts. */
	async function end({ worker, loaded }: Running): Promise<void> {
		worker.ref();
		await loaded.promise;
		await worker.terminate();
	}

	return {
		run(job) {
			running ??= start();
			const { worker, waiting, idle } = running;
			clearTimeout(idle);
			worker.ref();
			nextNumber += 1;
			const waiter = Promise.withResolvers<void>();
			waiting.set(nextNumber, waiter);
			const numbered: PinJob = { ...job, number: nextNumber };
			worker.postMessage(numbered);
			return waiter.promise;
		},
		async [Symbol.asyncDispose]() {
			const ending = running;
			running = undefined;
			clearTimeout(ending?.idle);
			if (ending !== undefined) await end(ending);
		},
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
