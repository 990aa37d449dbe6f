/**
 * The program behind `npm run sandbox` (scripts/sandbox.mjs): containerd, sample pods, and the inspector on them until
 * it ends. Whatever ends it, nothing is left.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startContainerd } from './containerd.ts';
import { createSamplePods } from './sample-pods.ts';

const args = process.argv.slice(2).filter((arg) => arg !== '--keep');
const keep = process.argv.includes('--keep');

// The first signal asks for an orderly end; while the inspector runs, Ctrl-C belongs to it.
const told = new AbortController();
let inspectorRuns = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.on(signal, () => {
		if (signal !== 'SIGINT' || !inspectorRuns) told.abort();
	});
}

console.error('sandbox: starting containerd …');
const containerd = await startContainerd({ signal: told.signal });
try {
	console.error('sandbox: making sample pods …');
	const pods = await createSamplePods(containerd, { signal: told.signal });
	if (keep) {
		console.error(
			`sandbox: ${pods.size} pods; look at them with another terminal, Ctrl-C removes everything:`,
		);
		console.log(`bin/criscope --runtime-endpoint ${containerd.endpoint}`);
		await new Promise((resolve) => {
			// An open timer keeps the process; an aborted signal alone would not.
			const timer = setInterval(() => {}, 1 << 30);
			const finish = () => resolve(clearInterval(timer));
			if (told.signal.aborted) finish();
			told.signal.addEventListener('abort', finish);
		});
	} else {
		process.exitCode = await inspect(containerd.endpoint);
	}
} catch (error) {
	if (!told.signal.aborted) throw error;
	process.exitCode = 130;
} finally {
	console.error('sandbox: removing everything …');
	await containerd.stop();
}

function inspect(endpoint: string): Promise<number> {
	inspectorRuns = true;
	const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
	const child = spawn(process.execPath, [path.normalize(main), '--runtime-endpoint', endpoint, ...args], {
		stdio: 'inherit',
	});
	told.signal.addEventListener('abort', () => child.kill('SIGTERM'));
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (code) => {
			inspectorRuns = false;
			resolve(code ?? 1);
		});
	});
}
