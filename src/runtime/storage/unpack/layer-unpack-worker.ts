/**
 * The thread that unpacks layers, one after the other. Messages in: {@link WorkerRequest}; out: {@link WorkerReply}, `loaded` first.
 * `workerData.cancelled` is an int32 in shared memory, which the pool sets while this thread is busy.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { criErrorCode, errorMessage, isAbort } from '../../../cri/errors.ts';
import { loadLibc } from '../../sys/libc.ts';
import type { WorkerData, WorkerReply, WorkerRequest } from './layer-unpack-messages.ts';
import { unpackLayer } from './unpack-layer.ts';

/** Progress is told at most this often. */
const progressMs = 50;

const port = parentPort;
if (port === null) throw new Error('cannot unpack layers: this is no worker thread');
const { cancelled, umask } = workerData as WorkerData;
/** At once, and not when the first job asks for it: whoever ends this thread waits until it has. */
const sys = loadLibc();
let job: AbortController | undefined;

const reply = (message: WorkerReply) => port.postMessage(message);

async function run(request: Extract<WorkerRequest, { kind: 'unpack' }>): Promise<void> {
	const abort = new AbortController();
	job = abort;
	let toldAtMs = 0;
	try {
		const layer = await unpackLayer(request.job, {
			sys,
			umask,
			signal: abort.signal,
			cancelled: () => Atomics.load(cancelled, 0) !== 0,
			onProgress(unpackedBytes) {
				const nowMs = performance.now();
				if (nowMs - toldAtMs < progressMs) return;
				toldAtMs = nowMs;
				reply({ kind: 'progress', unpackedBytes });
			},
		});
		reply({ kind: 'done', layer });
	} catch (error) {
		const code = isAbort(error) ? 'cancelled' : (criErrorCode(error) ?? 'internal');
		reply({ kind: 'failed', failure: { code, message: errorMessage(error) } });
	} finally {
		job = undefined;
	}
}

port.on('message', (request: WorkerRequest) => {
	if (request.kind === 'cancel') job?.abort();
	else void run(request);
});

reply({ kind: 'loaded' });
