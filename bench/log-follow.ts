/**
 * Follows a log that another process writes as fast as asked (default 50,000 lines a second, 10 s), rotating it
 * on the way. Prints lines a second, lines lost (must be 0) and how late the event loop got.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { LogLine, LogPosition } from '../src/node/logs/log-line.ts';
import { openLogHistory } from '../src/node/logs/open-log-history.ts';

const linesPerSecond = Number(process.argv[2] ?? 50_000);
const seconds = Number(process.argv[3] ?? 10);
const total = linesPerSecond * seconds;

/** Writes numbered CRI lines in 10 ms portions, catching up when late; renames the file every 2 s. */
const writer = `
const fs = require('node:fs');
const [, logPath, rate, total] = process.argv;
let file = fs.openSync(logPath, 'a');
let number = 0, rotations = 0;
const startedMs = Date.now();
const timer = setInterval(() => {
	const due = Math.min(+total, Math.floor((Date.now() - startedMs) / 1000 * rate));
	let chunk = '';
	const stamp = new Date().toISOString().slice(0, -1) + '000000Z';
	for (; number < due; number += 1) chunk += stamp + ' stdout F a line of a chatty container, number ' + number + '\\n';
	if (chunk !== '') fs.writeSync(file, chunk);
	if (Date.now() - startedMs > (rotations + 1) * 2000) {
		rotations += 1;
		fs.renameSync(logPath, logPath + '.20260101-' + String(rotations).padStart(6, '0'));
		fs.closeSync(file);
		file = fs.openSync(logPath, 'a');
	}
	if (number >= +total) clearInterval(timer);
}, 10);
`;

const folder = fs.mkdtempSync(path.join(tmpdir(), 'criscope-bench-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const logPath = path.join(folder, '0.log');
fs.writeFileSync(logPath, '');

await using history = await openLogHistory({ logPath });
let seen = 0;
let wrong = 0;
let from: LogPosition | 'start' = 'start';
let reading = false;
let again = false;
const { promise: finished, resolve: finish } = Promise.withResolvers<void>();

async function readOn(): Promise<void> {
	again = true;
	if (reading) return;
	reading = true;
	while (again) {
		again = false;
		const page: readonly LogLine[] = await history.readForward(from, 500);
		const closed = page.filter((line) => !line.open);
		for (const line of closed) {
			if (Number(line.text.slice(line.text.lastIndexOf(' ') + 1)) !== seen) wrong += 1;
			seen += 1;
		}
		from = page.at(-1)?.end ?? from;
		again ||= closed.length === 500;
	}
	reading = false;
	if (seen >= total) finish();
}

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
using _following = history.follow(() => void readOn());
const cpuBefore = process.cpuUsage();
const startedMs = performance.now();
const child = spawn(process.execPath, ['-e', writer, logPath, String(linesPerSecond), String(total)], {
	stdio: 'inherit',
});
const giveUp = setTimeout(finish, seconds * 2000 + 10_000);
await finished;
clearTimeout(giveUp);
const tookSeconds = (performance.now() - startedMs) / 1000;
const cpu = process.cpuUsage(cpuBefore);
child.kill();
console.log(
	`followed ${seen} of ${total} lines in ${tookSeconds.toFixed(1)} s: ${Math.round(seen / tookSeconds)} lines/s`,
);
console.log(`lost ${total - seen}, out of place ${wrong}`);
console.log(
	`event loop late: p99 ${(delay.percentile(99) / 1e6 - 5).toFixed(1)} ms, most ${(delay.max / 1e6 - 5).toFixed(1)} ms`,
);
console.log(`cpu ${((cpu.user + cpu.system) / 1e4 / tookSeconds).toFixed(0)} %`);
if (seen !== total || wrong > 0) process.exitCode = 1;
