import { readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { RunningExec } from '../../src/runtime/oci/container-process.ts';
import { type OciRig, openOciRig, type RigContainer } from '../helpers/oci-rig.ts';

const patient = { timeout: 15_000, interval: 20 };

async function running(): Promise<{ readonly rig: OciRig; readonly container: RigContainer }> {
	const rig = await openOciRig();
	onTestFinished(() => rig[Symbol.asyncDispose]());
	return { rig, container: await rig.run(['sleep', '1000']) };
}

function execSync(rig: OciRig, container: RigContainer, args: readonly string[], timeoutMs?: number) {
	const { id, handler, paths } = container;
	const process = container.execProcess(args);
	return rig.processes.execSync({ id, handler, paths, process, systemdCgroup: false, timeoutMs });
}

function exec(
	rig: OciRig,
	container: RigContainer,
	args: readonly string[],
	{ stdin = true, terminal = false } = {},
): Promise<RunningExec> {
	const { id, handler, paths } = container;
	const process = container.execProcess(args, { terminal });
	return rig.processes.exec({ id, handler, paths, process, systemdCgroup: false, stdin });
}

/** Command lines of all that runs in the container but its init. */
async function othersIn(rig: OciRig, container: RigContainer): Promise<string> {
	const outcome = await execSync(rig, container, ['ps', '-o', 'args']);
	if (outcome.kind !== 'exited') throw new Error('ps took too long');
	const lines = outcome.stdout.toString().split('\n');
	return lines.filter((line) => !/^(COMMAND|sleep 1000|ps |\[|$)/.test(line)).join('\n');
}

test('a command is run to its end: code, both streams, bytes as they are', async () => {
	const { rig, container } = await running();
	const script =
		'echo out; echo err >&2; head -c 3 /dev/urandom >/dev/null; printf "\\000\\377\\001"; exit 3';
	expect(await execSync(rig, container, ['sh', '-c', script])).toEqual({
		kind: 'exited',
		exitCode: 3,
		stdout: Buffer.concat([Buffer.from('out\n'), Buffer.from([0, 255, 1])]),
		stderr: Buffer.from('err\n'),
	});
	const killed = await execSync(rig, container, ['sh', '-c', 'kill -9 $$']);
	expect(killed).toMatchObject({ exitCode: 137 });
	// Sockets would refuse to be opened again.
	const reopened = await execSync(rig, container, [
		'sh',
		'-c',
		'echo again > /dev/stdout; echo no > /dev/stderr',
	]);
	expect(reopened).toMatchObject({ stdout: Buffer.from('again\n'), stderr: Buffer.from('no\n') });
	const { id, handler, paths, execProcess } = container;
	await using ordinary = await rig.processes.exec({
		...{ id, handler, paths, systemdCgroup: false, stdin: true },
		process: execProcess(['sh', '-c', 'id -u; cat /dev/stdin > /dev/stdout'], {
			user: { uid: 1000, gid: 1000 },
		}),
	});
	ordinary.stdin?.end('through');
	expect(await text(ordinary.stdout)).toBe('1000\nthrough');
	await expect(execSync(rig, container, ['no-such-program'])).rejects.toThrow(
		/^cannot run a command in container "rig\w+": .*exec: "no-such-program": executable file not found in \$PATH$/,
	);
	await expect(execSync(rig, { ...container, id: 'nobody' }, ['true'])).rejects.toThrow(/does not exist/);
	expect(readdirSync(container.paths.bundleDir).filter((name) => name.startsWith('exec-'))).toEqual([]);
});

test('a timeout kills the command with all that it has started', async () => {
	const { rig, container } = await running();
	const script =
		'sleep 201 & (sleep 202 &) ; (trap "" TERM; sleep 203) & sh -c "sleep 204 | cat" & sleep 205';
	expect(await execSync(rig, container, ['sh', '-c', script], 400)).toEqual({ kind: 'timedOut' });
	expect(await othersIn(rig, container)).toBe('');
	const abort = new AbortController();
	const { id, handler, paths, execProcess } = container;
	const process = execProcess(['sh', '-c', 'echo started; sleep 206']);
	const waiting = rig.processes.execSync(
		{ id, handler, paths, process, systemdCgroup: false, timeoutMs: undefined },
		{ signal: abort.signal },
	);
	waiting.catch(() => undefined);
	await vi.waitFor(async () => expect(await othersIn(rig, container)).toContain('sleep 206'), patient);
	abort.abort(new Error('client has gone'));
	await expect(waiting).rejects.toThrow('client has gone');
	expect(await othersIn(rig, container)).toBe('');
});

test('a fork bomb within its limit is killed as a whole', async () => {
	const { rig } = await running();
	const container = await rig.run(['sleep', '1000'], { pidsLimit: 100 });
	const bomb = 'bomb() { bomb | bomb & }; trap "" CHLD; bomb; sleep 211; sleep 212';
	expect(await execSync(rig, container, ['sh', '-c', bomb], 500)).toEqual({ kind: 'timedOut' });
	expect(await othersIn(rig, container)).toBe('');
});

test('what a command leaves in the background holds up nothing, and goes on', async () => {
	const { rig, container } = await running();
	const outcome = await execSync(rig, container, ['sh', '-c', 'sleep 207 & echo done'], 10_000);
	expect(outcome).toMatchObject({ kind: 'exited', exitCode: 0, stdout: Buffer.from('done\n') });
	expect(await othersIn(rig, container)).toContain('sleep 207');
	const streamed = await exec(rig, container, ['sh', '-c', 'sleep 208 & echo done'], { terminal: true });
	expect(await text(streamed.stdout)).toBe('done\r\n');
	expect(await streamed.exited).toEqual({ exitCode: 0 });
});

test('output over 16 MiB is cut off, and the command still ends', async () => {
	const { rig, container } = await running();
	const outcome = await execSync(rig, container, ['sh', '-c', 'head -c 17000000 /dev/zero; echo end >&2']);
	expect(outcome).toMatchObject({ kind: 'exited', exitCode: 0, stderr: Buffer.from('end\n') });
	expect(outcome.kind === 'exited' && outcome.stdout.length).toBe(16 * 2 ** 20);
});

test('a command with streams: half close, large amounts both ways, its code', async () => {
	const { rig, container } = await running();
	await using upper = await exec(rig, container, ['sh', '-c', 'tr a-z A-Z; echo bye >&2; exit 4']);
	upper.stdin?.write('abc\n');
	upper.stdin?.end('def\n');
	expect(await Promise.all([text(upper.stdout), text(upper.stderr!), upper.exited])).toEqual([
		'ABC\nDEF\n',
		'bye\n',
		{ exitCode: 4 },
	]);
	await using echo = await exec(rig, container, ['cat']);
	const sent = Buffer.alloc(5_000_000, 'x0123456789\n');
	echo.stdin?.end(sent);
	const got: Buffer[] = [];
	for await (const chunk of echo.stdout) {
		got.push(chunk as Buffer);
		// A slow reader: the pipe is full meanwhile.
		if (got.length % 20 === 0) await delay(1);
	}
	expect(Buffer.concat(got).equals(sent)).toBe(true);
	expect(await echo.exited).toEqual({ exitCode: 0 });
	await using silent = await exec(rig, container, ['sh', '-c', 'cat; echo no stdin'], { stdin: false });
	expect(silent.stdin).toBeUndefined();
	expect(await text(silent.stdout)).toBe('no stdin\n');
	// A reader that goes away is nobody's error.
	await using deaf = await exec(rig, container, ['true']);
	await deaf.exited;
	await new Promise<void>((resolve) => deaf.stdin?.end('for nobody', () => resolve()));
});

test('a command with a terminal: size, resize, typing, its code', async () => {
	const { rig, container } = await running();
	await using shell = await exec(rig, container, ['sh'], { terminal: true });
	expect(shell.stderr).toBeUndefined();
	let shown = '';
	shell.stdout.on('data', (chunk: Buffer) => {
		shown += chunk.toString();
	});
	shell.resize(97, 33);
	shell.stdin?.write('stty size; readlink /proc/self/fd/0\n');
	await vi.waitFor(() => expect(shown).toMatch(/33 97\r\n\/dev\/pts\/\d+\r\n/), patient);
	shell.resize(120, 40);
	shell.stdin?.write('stty size; cat\n');
	await vi.waitFor(() => expect(shown).toContain('40 120\r\n'), patient);
	shell.stdin?.write('\x03');
	await vi.waitFor(() => expect(shown).toMatch(/\^C[\s\S]*\/ # /), patient);
	shell.stdin?.write('exit 5\n');
	expect(await shell.exited).toEqual({ exitCode: 5 });
	// Late, and of no effect.
	shell.resize(10, 10);
});

test('a command that is killed or dropped goes with all that it has started', async () => {
	const { rig, container } = await running();
	const killed = await exec(rig, container, ['sh', '-c', 'sleep 209 & sleep 210']);
	killed.kill();
	killed.stdout.resume();
	killed.stderr?.resume();
	expect(await killed.exited).toEqual({ exitCode: 137 });
	// Nobody reads: it is blocked, and dropped all the same.
	const dropped = await exec(rig, container, ['sh', '-c', 'yes'], { terminal: true });
	await dropped[Symbol.asyncDispose]();
	expect(await othersIn(rig, container)).toBe('');
});

test('hundreds of commands leave no descriptor and no zombie behind', async () => {
	const { rig, container } = await running();
	const cycle = async (): Promise<void> => {
		await execSync(rig, container, ['true']);
		await using streamed = await exec(rig, container, ['cat']);
		streamed.stdin?.end('x');
		expect(await text(streamed.stdout)).toBe('x');
		await using shell = await exec(rig, container, ['true'], { terminal: true });
		await text(shell.stdout);
		await expect(execSync(rig, container, ['no-such-program'])).rejects.toThrow(/not found/);
	};
	await cycle();
	await settled();
	const before = descriptors();
	for (let round = 0; round < 10; round++) await Promise.all([cycle(), cycle(), cycle()]);
	await vi.waitFor(() => expect(descriptors()).toBeLessThanOrEqual(before), patient);
	await vi.waitFor(() => expect(zombies()).toEqual([]), patient);

	function descriptors(): number {
		return readdirSync('/proc/self/fd').length;
	}
	async function settled(): Promise<void> {
		let last = -1;
		await vi.waitFor(() => {
			const now = descriptors();
			const same = now === last;
			last = now;
			if (!same) throw new Error('not settled');
		}, patient);
	}
	function zombies(): readonly string[] {
		return readdirSync('/proc').filter((pid) => {
			try {
				const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
				return stat.slice(stat.lastIndexOf(')')).startsWith(`) Z ${process.pid} `);
			} catch {
				return false;
			}
		});
	}
});
