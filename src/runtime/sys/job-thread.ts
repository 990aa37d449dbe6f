/** A thread for system calls that move whoever makes them: started when needed, ended when idle. */
import { Worker } from 'node:worker_threads';

/** What both sides tell a job by. */
export type Numbered = { readonly number: number };

/** Does jobs one after the other. The thread says `loaded` once, and answers each job with its number. */
export type JobThread<Job extends Numbered, Reply extends Numbered> = AsyncDisposable & {
	/** Starts it ahead of the first job: that takes longer than a hundred jobs. */
	start(): void;
	/** @throws an Error where the thread has died; the next job starts another */
	run(job: Omit<Job, 'number'>): Promise<Reply>;
};

/** How it is made. */
export type JobThreadOptions = {
	readonly file: URL;
	/** Of the thread, in what the kernel and a profiler show. */
	readonly name: string;
	/** Without a job for so long, it is ended. */
	readonly idleMs: number;
};

type Running<Reply> = {
	readonly worker: Worker;
	readonly waiting: Map<number, PromiseWithResolvers<Reply>>;
	/** Resolved when it has loaded, or has ended. */
	readonly loaded: PromiseWithResolvers<void>;
	idle: NodeJS.Timeout | undefined;
};

/** Starts nothing yet. */
export function createJobThread<Job extends Numbered, Reply extends Numbered>({
	file,
	name,
	idleMs,
}: JobThreadOptions): JobThread<Job, Reply> {
	let running: Running<Reply> | undefined;
	let nextNumber = 0;

	function open(): Running<Reply> {
		const started: Running<Reply> = {
			worker: new Worker(file, {
				name,
				// It holds a few strings; what V8 sets aside by default would be most of it.
				resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
			}),
			waiting: new Map(),
			loaded: Promise.withResolvers(),
			idle: undefined,
		};
		const fail = (cause: unknown) => {
			if (running === started) running = undefined;
			clearTimeout(started.idle);
			started.loaded.resolve();
			const reason = cause instanceof Error ? cause.message : String(cause);
			for (const { reject } of started.waiting.values()) reject(new Error(reason, { cause }));
			started.waiting.clear();
		};
		started.worker.on('message', (reply: Reply | 'loaded') => {
			if (reply === 'loaded') return started.loaded.resolve();
			const waiter = started.waiting.get(reply.number);
			started.waiting.delete(reply.number);
			if (started.waiting.size === 0) rest(started);
			waiter?.resolve(reply);
		});
		started.worker.on('error', fail);
		started.worker.on('exit', () => fail('the thread for it has ended'));
		rest(started);
		return started;
	}

	/** Lets the process end, and the thread too when nobody comes. */
	function rest(resting: Running<Reply>): void {
		resting.worker.unref();
		clearTimeout(resting.idle);
		resting.idle = setTimeout(() => {
			if (running === resting) running = undefined;
			void end(resting);
		}, idleMs);
		resting.idle.unref();
	}

	/** A thread that is ended while it loads the C library takes the whole process with it: koffi aborts. */
	async function end({ worker, loaded }: Running<Reply>): Promise<void> {
		worker.ref();
		await loaded.promise;
		await worker.terminate();
	}

	return {
		start() {
			running ??= open();
		},
		run(job) {
			running ??= open();
			const { worker, waiting, idle } = running;
			clearTimeout(idle);
			worker.ref();
			nextNumber += 1;
			const waiter = Promise.withResolvers<Reply>();
			waiting.set(nextNumber, waiter);
			worker.postMessage({ ...job, number: nextNumber });
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
