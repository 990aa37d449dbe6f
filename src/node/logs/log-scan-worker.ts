/**
 * The worker thread that scans logs: one job at a time, sent by scan-client.ts. It is an entry of its own in
 * the bundle (scripts/build.mjs), and stopped from outside when a job is cancelled.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { runScanJob, type ScanJob } from './scan-job.ts';

/** [0] is 1 while lines are matched; [1] counts lines tried. Read by the main thread, so it sees a stuck one. */
const state: Int32Array = (workerData as { readonly state: Int32Array }).state;
const progressMs = 50;

parentPort?.on('message', (job: ScanJob) => {
	let lastAt = Date.now();
	runScanJob(job, {
		onProgress: (scannedBytes, matches) => {
			const now = Date.now();
			if (now - lastAt < progressMs) return;
			lastAt = now;
			parentPort?.postMessage({ kind: 'progress', scannedBytes, matches });
		},
		onMatching: (matching) => {
			Atomics.store(state, 0, matching ? 1 : 0);
		},
		onTry: () => {
			state[1] = (state[1]! + 1) | 0;
		},
	}).then(
		(result) => parentPort?.postMessage({ kind: 'done', result }),
		(error: Error) => parentPort?.postMessage({ kind: 'failed', message: error.message }),
	);
});
