import type { UnpackedLayer } from '../model.ts';
import type { UnpackFailure } from './unpack-error.ts';
import type { UnpackJob } from './unpack-layer.ts';

/** What a worker is started with. */
export type WorkerData = {
	/** One element, in shared memory: not 0 while the running job is to end. */
	readonly cancelled: Int32Array;
	readonly umask: number;
};

/** To the worker. */
export type WorkerRequest =
	| { readonly kind: 'unpack'; readonly job: UnpackJob }
	| { readonly kind: 'cancel' };

/** From the worker; `done` or `failed` is the last of a job, and nothing of it touches the disk after that. */
export type WorkerReply =
	/** The first, once: from now on the thread may be ended. */
	| { readonly kind: 'loaded' }
	| { readonly kind: 'progress'; readonly unpackedBytes: number }
	| { readonly kind: 'done'; readonly layer: UnpackedLayer }
	| { readonly kind: 'failed'; readonly failure: UnpackFailure };
