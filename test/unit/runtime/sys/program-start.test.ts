import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { createChildWaits } from '../../../../src/runtime/sys/child-waits.ts';
import { loadContainerCalls } from '../../../../src/runtime/sys/libc-containers.ts';
import { loadSpawnCalls } from '../../../../src/runtime/sys/libc-spawn.ts';
import {
	type ProgramOptions,
	type StartedProgram,
	type StartProgram,
	startByFork,
	startBySpawn,
} from '../../../../src/runtime/sys/program-start.ts';

const env = { PATH: '/usr/bin:/bin', GREETING: 'good day' };

function bySpawn(): StartProgram {
	const waits = createChildWaits(loadContainerCalls());
	onTestFinished(() => waits[Symbol.dispose]());
	return startBySpawn(loadSpawnCalls(), waits);
}

function shell(start: StartProgram, script: string, options: Partial<ProgramOptions> = {}): StartedProgram {
	return start('/bin/sh', ['-c', script], { env, stdio: ['pipe', 'pipe', 'pipe'], ...options });
}

function emptyDir(): string {
	const dir = mkdtempSync(path.join(tmpdir(), 'criscope-start-'));
	onTestFinished(() => rmSync(dir, { recursive: true }));
	return dir;
}

/** Descriptors of ours that every child gets, whoever opened them so. */
function inheritable(from: number): number {
	return readdirSync('/proc/self/fdinfo').filter((number) => {
		if (Number(number) < from) return false;
		try {
			const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${number}`, 'latin1'))?.[1];
			return flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0;
		} catch {
			return false;
		}
	}).length;
}

function end(child: StartedProgram): Promise<readonly [number | null, string | null]> {
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (exitCode, signalName) => resolve([exitCode, signalName]));
	});
}

async function everything(child: StartedProgram) {
	const [stdout, stderr, ended] = await Promise.all([
		child.stdout === null ? '' : text(child.stdout),
		child.stderr === null ? '' : text(child.stderr),
		end(child),
	]);
	return { stdout, stderr, ended };
}

// Both must be the same to whoever uses them.
const ways: readonly (readonly [string, () => StartProgram])[] = [
	['posix_spawn', bySpawn],
	['fork', () => startByFork],
];

for (const [name, make] of ways) {
	test(`${name}: speaks with a program, and hears how it ends`, async () => {
		const child = shell(make(), 'read line; echo "$line, $GREETING"; echo oh >&2; exit 7');
		child.stdin?.end('hello\n');
		expect(await everything(child)).toEqual({
			stdout: 'hello, good day\n',
			stderr: 'oh\n',
			ended: [7, null],
		});
		expect([child.exitCode, child.signalCode]).toEqual([7, null]);
	});

	test(`${name}: a program that a signal ends`, async () => {
		const child = shell(make(), 'kill -KILL $$');
		expect((await everything(child)).ended).toEqual([null, 'SIGKILL']);
	});

	test(`${name}: a program or a folder that is not there`, async () => {
		const start = make();
		const options = { env, stdio: ['pipe', 'ignore', 'pipe'] } as const;
		const missing = start('/nowhere/at-all', [], options);
		expect(missing.pid).toBeUndefined();
		await expect(end(missing)).rejects.toMatchObject({ code: 'ENOENT' });
		const homeless = start('/bin/true', [], { ...options, cwd: '/nowhere/at-all' });
		await expect(end(homeless)).rejects.toMatchObject({ code: 'ENOENT' });
		const dir = emptyDir();
		writeFileSync(path.join(dir, 'text'), 'no program');
		const noProgram = start(path.join(dir, 'text'), [], options);
		await expect(end(noProgram)).rejects.toMatchObject({ code: 'EACCES' });
	});

	test(`${name}: a session, a folder and descriptors of its own, and nothing of ours`, async () => {
		const dir = emptyDir();
		const file = openSync(path.join(dir, 'out'), 'w');
		// A number that is not close-on-exec in the child alone: it is given by its place.
		const child = shell(
			make(),
			'pwd; echo to the file >&3; cut -d" " -f6 /proc/$$/stat; echo $$; ls /proc/$$/fd',
			{
				cwd: dir,
				stdio: ['ignore', 'pipe', 'pipe', file],
			},
		);
		const { stdout, stderr, ended } = await everything(child);
		closeSync(file);
		const [cwd, session, pid, ...descriptors] = stdout.trim().split('\n');
		expect({ stderr, ended, cwd }).toEqual({ stderr: '', ended: [0, null], cwd: dir });
		expect(session).toBe(pid);
		expect(pid).toBe(String(child.pid));
		expect(readFileSync(path.join(dir, 'out'), 'utf8')).toBe('to the file\n');
		// Of what others here have opened to be inherited, both ways know as much.
		expect(descriptors.filter((each) => Number(each) < 20)).toEqual(['0', '1', '2', '3']);
		expect(descriptors).toHaveLength(4 + inheritable(4));
	});

	test(`${name}: every signal is at its default, though Node ignores one, and none is blocked`, async () => {
		const child = make()('/bin/cat', ['/proc/self/status'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
		const { stdout } = await everything(child);
		// The C library keeps 32 and 33 to itself.
		expect(stdout).toMatch(/^SigIgn:\s+0{7}[018]80{7}$|^SigIgn:\s+0+$/m);
		expect(stdout).toMatch(/^SigBlk:\s+0+$/m);
	});

	test(`${name}: its end is told though nobody reads what it said`, async () => {
		const child = shell(make(), 'echo unread; echo unread >&2');
		expect(await end(child)).toEqual([0, null]);
	});

	test(`${name}: speaks both ways on a descriptor above the usual three`, async () => {
		const child = shell(make(), 'read word <&3; echo "heard $word" >&3', {
			stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
		});
		const both = child.stdio[3] as unknown as NodeJS.ReadWriteStream;
		both.write('you\n');
		expect(await text(both)).toBe('heard you\n');
		expect(await end(child)).toEqual([0, null]);
	});
}

test('a text with a NUL starts nothing', async () => {
	const child = bySpawn()('/bin/echo', ['a\0b'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
	await expect(end(child)).rejects.toThrow('NUL');
});

test('a program without a path is looked for', async () => {
	const child = bySpawn()('true', [], { env, stdio: ['ignore', 'ignore', 'ignore'] });
	expect(await end(child)).toEqual([0, null]);
});

test('many at once leave no descriptor behind', async () => {
	const start = bySpawn();
	const count = () => readdirSync('/proc/self/fd').length;
	const before = count();
	const ends = await Promise.all(
		Array.from({ length: 40 }, (_, index) => everything(shell(start, `echo ${index}; exit ${index}`))),
	);
	expect(ends.map(({ stdout, ended }) => [Number(stdout), ended[0]])).toEqual(
		Array.from({ length: 40 }, (_, index) => [index, index]),
	);
	await expect.poll(count).toBeLessThanOrEqual(before);
});
