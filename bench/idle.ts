/**
 * Bytes written and CPU used while nothing changes: 30 s (or the seconds given) in front of 110 pods with 3 containers each.
 * Beside a limit: no bytes, 2 % of a core.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
	cpuMsOf,
	measure,
	nodePath,
	programPath,
	report,
	scratchFolder,
	startFakeRuntime,
} from './harness/program.ts';

const seconds = Number(process.argv[2] ?? 30);
const home = scratchFolder();
using fake = await startFakeRuntime(home, 110, 3);
const program = measure([nodePath, programPath, '-r', fake.endpoint], { home });
await program.until(/(api|etcd|nginx|coredns|kube-proxy|worker|redis|postgres)-\d/);
await delay(6000);

const bytes = program.bytes();
const cpuMs = cpuMsOf(program.pid);
await delay(seconds * 1000);
report(`bytes written in ${seconds} s`, program.bytes() - bytes, 'bytes');
console.log('  (the goal is none)');
report('CPU', (cpuMsOf(program.pid) - cpuMs) / (seconds * 10), '% of a core', {
	name: 'the limit',
	value: 2,
});
await program.stop();
