/**
 * Searches 1 GiB of CRI log lines, beside `grep -c` on the same file in the same run. Prints seconds, and the
 * ratio (limit: 3). Also opens the log at its end and seeks a time in it.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogMatcher, type LogMatcher } from '../src/node/logs/log-matcher.ts';
import { openLogHistory } from '../src/node/logs/open-log-history.ts';

/** The first argument is the size in MiB. */
const fileBytes = Number(process.argv[2] ?? 1024) * 1024 * 1024;
const runs = 3;

const folder = fs.mkdtempSync(path.join(tmpdir(), 'criscope-bench-'));
const logPath = path.join(folder, '0.log');
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

writeLog(logPath, fileBytes);
await using history = await measureOnce('open at the end, last 100 lines', async () => {
	const opened = await openLogHistory({ logPath });
	const lines = await opened.readBackward('end', 100);
	if (lines.length !== 100) throw new Error(`100 lines wanted, ${lines.length} read`);
	return opened;
});
await measureOnce('seek a time', () =>
	history.seekTime(BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n + 300_000_000_000n),
);

await compare(
	'rare text',
	['-c', '-F', 'needle-7f3a'],
	createLogMatcher({ pattern: 'needle-7f3a', kind: 'text' }),
);
await compare(
	'common text',
	['-c', '-F', 'status=500'],
	createLogMatcher({ pattern: 'status=500', kind: 'text' }),
);
await compare(
	'rare text, any case',
	['-c', '-i', '-F', 'NEEDLE-7F3A'],
	createLogMatcher({ pattern: 'NEEDLE-7F3A', kind: 'text', ignoreCase: true }),
);
await compare(
	'regular expression',
	['-c', '-E', 'latency=9[0-9]{2}ms'],
	createLogMatcher({ pattern: 'latency=9[0-9]{2}ms', kind: 'regex' }),
);

async function compare(title: string, grepArguments: readonly string[], matcher: LogMatcher): Promise<void> {
	let grepSeconds = Number.POSITIVE_INFINITY;
	let ownSeconds = Number.POSITIVE_INFINITY;
	let grepCount = 0;
	let ownCount = 0;
	// In turns, best of each: what else runs on the machine hits both.
	for (let run = 0; run < runs; run += 1) {
		let startedMs = performance.now();
		grepCount = Number(execFileSync('grep', [...grepArguments, logPath], { encoding: 'utf8' }));
		grepSeconds = Math.min(grepSeconds, (performance.now() - startedMs) / 1000);
		startedMs = performance.now();
		ownCount = (await history.count(matcher)).matches;
		ownSeconds = Math.min(ownSeconds, (performance.now() - startedMs) / 1000);
	}
	if (grepCount !== ownCount) throw new Error(`${title}: grep counts ${grepCount}, criscope ${ownCount}`);
	const ratio = (ownSeconds / grepSeconds).toFixed(2);
	console.log(
		`${title}: criscope ${ownSeconds.toFixed(2)} s, grep ${grepSeconds.toFixed(2)} s, ratio ${ratio}, ${ownCount} lines`,
	);
}

async function measureOnce<T>(title: string, action: () => Promise<T>): Promise<T> {
	const startedMs = performance.now();
	const result = await action();
	console.log(`${title}: ${(performance.now() - startedMs).toFixed(1)} ms`);
	return result;
}

/** Lines as a web server behind a runtime logs them; one in 100,000 has the needle. */
function writeLog(filePath: string, bytes: number): void {
	const file = fs.openSync(filePath, 'w');
	const startMs = Date.UTC(2026, 0, 1);
	let written = 0;
	let number = 0;
	while (written < bytes) {
		let chunk = '';
		for (let line = 0; line < 10_000; line += 1) {
			const stamp = new Date(startMs + number).toISOString().slice(0, -1);
			const status = number % 97 === 0 ? 500 : 200;
			const needle = number % 100_000 === 77 ? ' needle-7f3a' : '';
			chunk += `${stamp}000000Z std${number % 9 === 0 ? 'err' : 'out'} F level=info method=GET path=/api/v1/items/${number} status=${status} latency=${number % 1000}ms${needle}\n`;
			number += 1;
		}
		written += fs.writeSync(file, chunk);
	}
	fs.closeSync(file);
}
