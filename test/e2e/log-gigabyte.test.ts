/** A log of 1 GiB in the real program: at its end at once, at its start, searched through, in bounded memory. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';

const missing = whatIsMissing(...fakeNodeRequirements);
const gibibyte = 1024 ** 3;

function cri(seconds: number, text: string): string {
	return `${new Date(Date.UTC(2026, 1, 3) + seconds * 1000).toISOString().slice(0, -1)}000000Z stdout F ${text}\n`;
}

/** Writes a first line, filling, a needle in the middle, filling, and a last line. */
function writeLog(file: string): void {
	const block = Buffer.from(
		Array.from({ length: 8_192 }, (_, index) => cri(60, `request ${index} served in 12 ms by worker 7`)).join(
			'',
		),
	);
	const out = openSync(file, 'w');
	writeSync(out, cri(0, 'the very first line'));
	for (let written = 0; written < gibibyte; written += block.length) {
		writeSync(out, block);
		if (written < gibibyte / 2 && written + block.length >= gibibyte / 2)
			writeSync(out, cri(61, 'a needle in the hay'));
	}
	writeSync(out, cri(62, 'the very last line'));
	closeSync(out);
}

function residentBytes(pid: number): number {
	return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

describe.skipIf(missing)(`a log of 1 GiB${missing ?? ''}`, () => {
	test('is read from both ends and searched through', { timeout: 180_000 }, async () => {
		await using node = await startFakeNode({ pods: 0, containers: 0 });
		const pod = node.state.addPod({ name: 'big-1' });
		const id = node.state.addContainer(pod, { name: 'big', state: 'CONTAINER_RUNNING' });
		const logPath = path.join(node.dir, 'big.log');
		writeLog(logPath);
		const container = node.state.containers.get(id);
		if (container) Object.assign(container, { logPath, metadata: { name: 'big', attempt: 0 } });
		await using tui = node.start({ columns: 100, rows: 30, env: { TZ: 'UTC' } });
		await tui.until('the very last line', 60_000);
		await tui.press('4 z');
		await tui.press('g');
		await tui.until('the very first line', 60_000);
		await tui.press('/');
		tui.type('needle');
		await tui.press('<enter>');
		await tui.until('a needle in the hay', 120_000);
		// The keys answer and the end is as near as before.
		await tui.press('G');
		await tui.until('the very last line', 60_000);
		expect(residentBytes(tui.pid)).toBeLessThan(gibibyte / 2);
	});
});
