import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { DeadlineError } from '../../src/cri/errors.ts';
import { childPids, isRunning, killTree, readProcStat } from '../../src/runtime/sys/proc-stat.ts';
import { ExecError, runCommand } from '../../src/runtime/sys/process.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const timeoutMs = 20_000;

function sh(script: string, options: Partial<Parameters<typeof runCommand>[2]> = {}) {
	return runCommand('/bin/sh', ['-c', script], { timeoutMs, ...options });
}

test('a program that ends well tells what it said, and is told what it shall know', async () => {
	expect(await sh('cat; echo $FOO >&2; pwd', { input: 'given ', env: { FOO: 'bar' }, cwd: '/proc' })).toEqual(
		{
			stdout: 'given /proc\n',
			stderr: 'bar\n',
		},
	);
	expect(await sh('cat')).toEqual({ stdout: '', stderr: '' });
	// One that does not read what it is given.
	expect(await sh('exit 0', { input: Buffer.alloc(1_000_000) })).toEqual({ stdout: '', stderr: '' });
	vi.stubEnv('SECRET', 'x');
	expect((await sh('env')).stdout).not.toContain('SECRET');
	vi.unstubAllEnvs();
});

test('one that fails is told with its last words', async () => {
	const failed = await sh('echo first >&2; echo last words >&2; exit 3').catch((error: unknown) => error);
	expect(failed).toBeInstanceOf(ExecError);
	expect(failed).toMatchObject({
		message: 'cannot run "/bin/sh": last words (exit code 3)',
		exitCode: 3,
		stderr: 'first\nlast words\n',
	});
	await expect(sh('kill -9 $$')).rejects.toThrow('cannot run "/bin/sh": ended by SIGKILL');
	await expect(runCommand('/no/such', [], { timeoutMs })).rejects.toThrow(
		'cannot run "/no/such": there is no such program',
	);
	const chatty = await sh('yes x | head -c 100000 >&2; echo end >&2; exit 1').catch(
		(error: unknown) => error,
	);
	expect(chatty instanceof ExecError && [chatty.stderr.length, chatty.stderr.slice(-4)]).toEqual([
		16_384,
		'end\n',
	]);
});

test('a deadline and an abort kill the program with its group, even one that ignores SIGTERM', async () => {
	const pidFile = path.join(tempDir(), 'pids');
	const stubborn = `trap "" TERM; sh -c 'trap "" TERM; echo $$ > ${pidFile}; while true; do sleep 1; done' & wait; sleep 600`;
	await expect(sh(stubborn, { timeoutMs: 300 })).rejects.toBeInstanceOf(DeadlineError);
	expect(isRunning(readProcStat(Number(readFileSync(pidFile, 'utf8'))))).toBe(false);
	const abort = new AbortController();
	const file = path.join(tempDir(), 'started');
	const waiting = sh(`touch ${file}; sleep 601`, { signal: abort.signal });
	waiting.catch(() => undefined);
	await vi.waitFor(() => expect(existsSync(file)).toBe(true), 10_000);
	abort.abort(new Error('enough'));
	await expect(waiting).rejects.toThrow('enough');
	await expect(sh('true', { signal: abort.signal })).rejects.toThrow('enough');
});

test('whoever is left in the background with the pipes holds up nothing', async () => {
	expect(await sh('sleep 30 & echo said')).toEqual({ stdout: 'said\n', stderr: '' });
});

test('a tree is killed with what has left it but not its session', async () => {
	const script = 'sleep 602 & (sleep 603 &) ; sh -c "sleep 604 & sleep 605" & sleep 606';
	const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore' });
	const exited = once(child, 'exit');
	const pid = child.pid!;
	await vi.waitFor(() => expect(childPids(pid).length).toBe(3), 10_000);
	expect(readProcStat(pid)).toMatchObject({ pid, parentPid: process.pid, sessionId: pid });
	expect(await killTree(pid, pid)).toBe(true);
	// A shell that sees its command killed before its own turn comes ends with that command's code.
	expect([
		[null, 'SIGKILL'],
		[137, null],
	]).toContainEqual(await exited);
	expect(readProcStat(pid)).toBeUndefined();
	expect(await killTree(pid, pid)).toBe(true);
});

test('a zombie is there, but does not run', async () => {
	// The shell's child ends while the shell, now a sleep, does not wait for it.
	const child = spawn('/bin/sh', ['-c', 'sleep 0.01 & exec sleep 607'], { stdio: 'ignore' });
	await vi.waitFor(() => {
		const [orphan] = childPids(child.pid!);
		const stat = orphan === undefined ? undefined : readProcStat(orphan);
		expect(stat?.state).toBe('Z');
		expect(isRunning(stat)).toBe(false);
	}, 10_000);
	child.kill('SIGKILL');
	await once(child, 'exit');
});
