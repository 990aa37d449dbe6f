import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { endStrayMonitor } from '../../../../src/runtime/oci/conmon-undo.ts';
import { childPids, isRunning, readProcStat } from '../../../../src/runtime/sys/proc-stat.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const id = 'c'.repeat(64);

/** A process with a child that is called as a conmon would be. */
async function monitor(calledId: string) {
	const bundleDir = tempDir();
	const child = spawn('/bin/sh', ['-c', 'sleep 600 & echo; wait', 'conmon', calledId], {
		stdio: ['ignore', 'pipe', 'ignore'],
	});
	onTestFinished(() => void child.kill('SIGKILL'));
	await once(child.stdout, 'data');
	const pid = child.pid ?? 0;
	const pids = [pid, ...childPids(pid)];
	onTestFinished(() => {
		for (const one of pids.slice(1)) if (isRunning(readProcStat(one))) process.kill(one, 'SIGKILL');
	});
	writeFileSync(`${bundleDir}/conmon-pidfile`, `${pid}\n`);
	return { bundleDir, runs: () => pids.map((one) => isRunning(readProcStat(one))) };
}

test('a conmon whose creation nobody saw the end of is ended with all that it started', async () => {
	const { bundleDir, runs } = await monitor(id);
	expect(runs()).toEqual([true, true]);
	await endStrayMonitor({ bundleDir }, id);
	expect(runs()).toEqual([false, false]);
	await endStrayMonitor({ bundleDir }, id);
});

test('a number that means somebody else by now is left alone, and so is one that was never written', async () => {
	const { bundleDir, runs } = await monitor('d'.repeat(64));
	await endStrayMonitor({ bundleDir }, id);
	await endStrayMonitor({ bundleDir: tempDir() }, id);
	expect(runs()).toEqual([true, true]);
});
