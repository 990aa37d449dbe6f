import { Worker } from 'node:worker_threads';
import type { ScanJob, ScanResult } from './scan-job.ts';

/** Runs scan jobs in a worker thread, which is started at the first and kept for the next. */
export type ScanClient = AsyncDisposable & {
	/**
	 * Runs a job. Jobs that overlap get a worker each. Cancelling stops the worker at once, whatever it does.
	 * @throws Error when one line holds up the expression for seconds, or the scan fails; the signal's reason.
	 */
	run(job: ScanJob, options: ScanRunOptions): Promise<ScanResult>;
};

/** Options of {@link ScanClient.run}. */
export type ScanRunOptions = {
	readonly signal?: AbortSignal | undefined;
	readonly onProgress?: ((scannedBytes: number, matches: number) => void) | undefined;
};

type Idle = { readonly worker: Worker; readonly state: Int32Array };

type Reply =
	| { readonly kind: 'progress'; readonly scannedBytes: number; readonly matches: number }
	| { readonly kind: 'done'; readonly result: ScanResult }
	| { readonly kind: 'failed'; readonly message: string };

/** No sane expression needs this long for one line of at most a mebibyte. */
const stuckMs = 4000;
const watchMs = 1000;

/** The worker's file: beside the bundle, or the source when run from sources. */
function workerUrl(): URL {
	const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
	return new URL(`./log-scan-worker.${extension}`, import.meta.url);
}

/** Makes a client; nothing is started before the first job. */
export function createScanClient(): ScanClient {
	let idle: Idle | undefined;
	const busy = new Set<Worker>();
	let disposed = false;

	function start(): Idle {
		const state = new Int32Array(new SharedArrayBuffer(8));
		const worker = new Worker(workerUrl(), { workerData: { state }, name: 'log-scan' });
		return { worker, state };
	}

	async function run(job: ScanJob, options: ScanRunOptions): Promise<ScanResult> {
		options.signal?.throwIfAborted();
		if (disposed) throw new Error(`cannot search log file "${job.path}": the log is closed`);
		const taken = idle ?? start();
		idle = undefined;
		const { worker, state } = taken;
		busy.add(worker);
		worker.ref();
		let usable = false;
		await using cleanup = new AsyncDisposableStack();
		cleanup.defer(async () => {
			// By name: the worker listens to itself, too.
			for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
			busy.delete(worker);
			if (usable && idle === undefined && !disposed) {
				// An idle worker keeps no program alive; one that dies while idle is not used again.
				worker.unref();
				worker.on('error', () => undefined);
				worker.once('exit', () => {
					if (idle === taken) idle = undefined;
				});
				idle = taken;
			} else {
				await worker.terminate();
			}
		});
		const { promise, resolve, reject } = Promise.withResolvers<ScanResult>();
		const onAbort = () => reject(options.signal?.reason);
		options.signal?.addEventListener('abort', onAbort, { once: true });
		cleanup.defer(() => options.signal?.removeEventListener('abort', onAbort));
		const fail = (cause: unknown) => {
			const reason = cause instanceof Error ? cause.message : String(cause);
			reject(new Error(`cannot search log file "${job.path}": ${reason}`, { cause }));
		};
		worker.on('error', fail);
		worker.on('exit', () => fail('the search was stopped'));
		worker.on('message', (reply: Reply) => {
			if (reply.kind === 'progress') options.onProgress?.(reply.scannedBytes, reply.matches);
			else if (reply.kind === 'failed') fail(reply.message);
			else {
				usable = true;
				resolve(reply.result);
			}
		});
		if (job.matcher.kind === 'regex') {
			const timer = watchForStuckLine(state, () =>
				reject(
					new Error(
						`cannot search for "${job.matcher.pattern}": the expression needs more than ${stuckMs / 1000} s for one line; write it without nested repeats`,
					),
				),
			);
			cleanup.defer(() => clearInterval(timer));
		}
		worker.postMessage(job);
		return await promise;
	}

	return {
		run,
		async [Symbol.asyncDispose]() {
			disposed = true;
			const workers = [...busy, ...(idle ? [idle.worker] : [])];
			idle = undefined;
			await Promise.all(workers.map((worker) => worker.terminate()));
		},
	};
}

/** Calls back when the count of lines tried stands still while lines are matched; reading may take its time. */
function watchForStuckLine(state: Int32Array, onStuck: () => void): NodeJS.Timeout {
	let lastTried = Atomics.load(state, 1);
	let stillMs = 0;
	return setInterval(() => {
		const tried = Atomics.load(state, 1);
		stillMs = Atomics.load(state, 0) === 1 && tried === lastTried ? stillMs + watchMs : 0;
		lastTried = tried;
		if (stillMs >= stuckMs) onStuck();
	}, watchMs);
}
