import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { followLogOutput } from '../../../../src/cli/run/log-output.ts';

const at = '2026-01-02T03:04:05.000000006Z';
const never = { signal: new AbortController().signal };
let dir = '';
let file = '';
beforeEach(() => {
	dir = mkdtempSync(path.join(tmpdir(), 'criscope-log-output-'));
	file = path.join(dir, '0.log');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function sinks() {
	const said = { stdout: '', stderr: '' };
	const sink = (name: 'stdout' | 'stderr') =>
		new Writable({
			write(bytes: Buffer, _encoding, done) {
				said[name] += bytes.toString('latin1');
				done();
			},
		});
	return { said, stdout: sink('stdout'), stderr: sink('stderr') };
}

test('keeps the streams apart, byte for byte, and adds no newline to a line that had none', async () => {
	const lines = [`${at} stdout F a \r`, `${at} stderr P x`, `${at} stdout P b`, `${at} stdout P \xff\xe4`];
	writeFileSync(file, `${lines.join('\n')}\n`, 'latin1');
	const targets = sinks();
	await followLogOutput(file, targets, () => true, never);
	expect(targets.said).toEqual({ stdout: 'a \r\nb\xff\xe4', stderr: 'x' });
});

test('writes a line with its newline at once, and what comes into the log after the end was told', async () => {
	writeFileSync(file, `${at} stdout F first\n${at} stdo`);
	const targets = sinks();
	let asked = 0;
	const hasEnded = (): boolean => {
		asked += 1;
		if (asked === 3) {
			expect(targets.said.stdout).toBe('first\n');
			appendFileSync(file, 'ut F last\n');
		}
		return asked > 1;
	};
	await followLogOutput(file, targets, hasEnded, never);
	expect(targets.said.stdout).toBe('first\nlast\n');
});

test('stops when it is told to', async () => {
	writeFileSync(file, '');
	const signal = AbortSignal.abort(new Error('enough'));
	await expect(followLogOutput(file, sinks(), () => false, { signal })).rejects.toThrow('enough');
});
