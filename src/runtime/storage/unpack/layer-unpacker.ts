import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { InternalError } from '../../../cri/errors.ts';
import type { UnpackedLayer } from '../model.ts';
import type { LayerUnpacker, UnpackRequest } from '../unpacker.ts';
import type { WorkerData, WorkerReply, WorkerRequest } from './layer-unpack-messages.ts';
import { errorOfFailure } from './unpack-error.ts';
import type { UnpackJob } from './unpack-layer.ts';

/** How many layers are unpacked at a time where nobody says. */
const maxDefaultWorkers = 4;
/** A worker without work ends after this, and its memory goes back. */
const idleMs = 5000;
/** Measured: compressed layers of so much in all are unpacked before another thread would have started. */
const littleBytes = 16 * 2 ** 20;
/** Unless a slow download holds the thread up: where none was done for so long, who waits gets another. */
const patienceMs = 1000;
/** A cancelled job that has not ended by then sits in a system call: its thread is ended. */
const cancelMs = 3000;
/** Measured: chunks are young, and are let go when that part of the heap is full. The smaller it is, the fewer lie about. */
const resourceLimits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 1 };

type Unpacking = {
	readonly worker: Worker;
	readonly cancelled: Int32Array;
	/** Resolved when it has loaded, or has ended. */
	readonly loaded: PromiseWithResolvers<void>;
	idleTimer?: NodeJS.Timeout;
};

/** A thread that is ended while it loads the C library takes the whole process with it: koffi aborts. */
async function end({ worker, loaded }: Unpacking): Promise<void> {
	worker.ref();
	await loaded.promise;
	await worker.terminate();
}

/** The worker's file: beside the bundle, or the source when run from sources. */
function workerUrl(): URL {
	const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
	return new URL(`./layer-unpack-worker.${extension}`, import.meta.url);
}

/** Makes an unpacker; no thread is started before the first layer. */
export function createLayerUnpacker(options: { readonly workers?: number | undefined } = {}): LayerUnpacker {
	const limit = Math.max(1, options.workers ?? Math.min(availableParallelism(), maxDefaultWorkers));
	const idle: Unpacking[] = [];
	const all = new Set<Unpacking>();
	/** Jobs that wait for a worker; called where one is free. */
	const waiting: (() => void)[] = [];
	let busy = 0;
	/** Of all jobs that run or wait. */
	let wantedBytes = 0;
	let lastDoneMs = 0;
	let disposed = false;

	function start(): Unpacking {
		const cancelled = new Int32Array(new SharedArrayBuffer(4));
		const workerData: WorkerData = { cancelled, umask: process.umask() };
		const worker = new Worker(workerUrl(), { workerData, resourceLimits, name: 'layer-unpack' });
		const loaded = Promise.withResolvers<void>();
		// Its first message, whatever it says.
		worker.once('message', () => loaded.resolve());
		const started = { worker, cancelled, loaded };
		all.add(started);
		return started;
	}

	function drop(unpacking: Unpacking): void {
		clearTimeout(unpacking.idleTimer);
		all.delete(unpacking);
		const at = idle.indexOf(unpacking);
		if (at >= 0) idle.splice(at, 1);
	}

	function rest(unpacking: Unpacking): void {
		// An idle worker keeps no program alive; one that dies while idle is not used again.
		unpacking.worker.unref();
		const died = () => {
			drop(unpacking);
			unpacking.loaded.resolve();
		};
		unpacking.worker.on('error', died);
		unpacking.worker.once('exit', died);
		unpacking.idleTimer = setTimeout(() => {
			drop(unpacking);
			void end(unpacking);
		}, idleMs);
		unpacking.idleTimer.unref();
		idle.push(unpacking);
	}

	function wake(): Unpacking {
		// The one that worked last has its code compiled and its memory at hand.
		const unpacking = idle.pop() ?? start();
		clearTimeout(unpacking.idleTimer);
		for (const event of ['error', 'exit']) unpacking.worker.removeAllListeners(event);
		unpacking.worker.ref();
		return unpacking;
	}

	/** How many jobs may run now: all that threads are there for, and more only for what is worth a thread's start. */
	function allowed(): number {
		return wantedBytes > littleBytes ? limit : Math.min(limit, Math.max(1, all.size));
	}

	function admit(): void {
		while (waiting.length > 0 && busy < allowed()) {
			busy++;
			waiting.shift()?.();
		}
	}

	/** Waits for a turn, which its owner ends. @throws the signal's reason */
	async function takeTurn(signal: AbortSignal | undefined): Promise<void> {
		signal?.throwIfAborted();
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		waiting.push(resolve);
		admit();
		const leave = (): boolean => {
			const at = waiting.indexOf(resolve);
			if (at >= 0) waiting.splice(at, 1);
			return at >= 0;
		};
		const onAbort = () => {
			// Its turn may have come at this very moment: then it runs, and ends at once.
			if (leave()) reject(signal?.reason);
		};
		const timer = setInterval(() => {
			if (busy >= limit || performance.now() - lastDoneMs < patienceMs || !leave()) return;
			busy++;
			resolve();
		}, patienceMs);
		signal?.addEventListener('abort', onAbort, { once: true });
		try {
			await promise;
		} finally {
			clearInterval(timer);
			signal?.removeEventListener('abort', onAbort);
		}
	}

	async function runIn(
		unpacking: Unpacking,
		job: UnpackJob,
		options: Parameters<LayerUnpacker['unpack']>[1],
	): Promise<UnpackedLayer> {
		const { worker, cancelled } = unpacking;
		const { promise, resolve, reject } = Promise.withResolvers<WorkerReply & { kind: 'done' | 'failed' }>();
		let alive = true;
		let timer: NodeJS.Timeout | undefined;
		const died = (cause: unknown) => {
			alive = false;
			unpacking.loaded.resolve();
			const reason = cause instanceof Error ? cause.message : String(cause);
			reject(new InternalError(`cannot unpack layer "${job.name}": ${reason}`, { cause }));
		};
		const onAbort = () => {
			Atomics.store(cancelled, 0, 1);
			worker.postMessage({ kind: 'cancel' } satisfies WorkerRequest);
			timer = setTimeout(() => void end(unpacking), cancelMs);
		};
		worker.on('error', died);
		worker.on('exit', (code) => died(`its thread ended (${code})`));
		const onMessage = (reply: WorkerReply) => {
			if (reply.kind === 'progress') options?.onProgress?.(reply.unpackedBytes);
			else if (reply.kind !== 'loaded') resolve(reply);
		};
		worker.on('message', onMessage);
		options?.signal?.addEventListener('abort', onAbort, { once: true });
		try {
			Atomics.store(cancelled, 0, 0);
			worker.postMessage({ kind: 'unpack', job } satisfies WorkerRequest, memoryOf(job));
			if (options?.signal?.aborted) onAbort();
			const reply = await promise;
			options?.signal?.throwIfAborted();
			if (reply.kind === 'done') return reply.layer;
			throw errorOfFailure(reply.failure);
		} catch (error) {
			// Whatever it died of, it was to end.
			options?.signal?.throwIfAborted();
			throw error;
		} finally {
			clearTimeout(timer);
			options?.signal?.removeEventListener('abort', onAbort);
			// A job that could not even be handed over may leave a thread that has not said that it has loaded.
			worker.off('message', onMessage);
			for (const event of ['error', 'exit']) worker.removeAllListeners(event);
			if (alive && !disposed) rest(unpacking);
			else {
				drop(unpacking);
				await end(unpacking);
			}
		}
	}

	return {
		prepare() {
			if (!disposed && all.size === 0) rest(start());
		},
		async unpack(request, options) {
			if (disposed) throw new InternalError(`cannot unpack layer "${request.name}": the unpacker is closed`);
			// One of unknown size may be large.
			const sizeBytes = request.sizeBytes ?? littleBytes + 1;
			wantedBytes += sizeBytes;
			try {
				await takeTurn(options?.signal);
				try {
					return await runIn(wake(), jobOf(request), options);
				} finally {
					busy--;
					lastDoneMs = performance.now();
				}
			} finally {
				wantedBytes -= sizeBytes;
				admit();
			}
		},
		async [Symbol.asyncDispose]() {
			disposed = true;
			await Promise.all([...all].map(end));
		},
	};
}

/** Handed over instead of copied. */
function memoryOf({ blob }: UnpackJob): ArrayBuffer[] {
	return 'bytes' in blob ? [blob.bytes.buffer] : [];
}

function jobOf(request: UnpackRequest): UnpackJob {
	return {
		blob: request.blob,
		diffDir: request.staged.diffDir,
		tarSplitPath: request.staged.tarSplitPath,
		driver: request.driver,
		devicesAllowed: request.devicesAllowed ?? true,
		diffId: request.diffId,
		name: request.name,
		limits: request.limits,
	};
}
