/** The verbs that stream, in the real program on real runtimes: pipes, terminals, interrupts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, stopProcess } from '../helpers/child-process.ts';
import { startTui, type Tui } from '../helpers/tui.ts';
import {
	type RigContainer,
	startVerbRig,
	untilTold,
	type VerbRig,
	verbRuntimes,
} from '../helpers/verb-rig.ts';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const program = [path.join(rootDir, 'node_modules/.bin/node'), path.join(rootDir, 'dist/main.js')] as const;
const patient = { timeout: 60_000 };

describe.each(verbRuntimes)('streaming verbs on $runtime', ({ missing, start }) => {
	describe.skipIf(missing !== undefined)(`with all parts${missing ?? ''}`, () => {
		let rig: VerbRig;
		let box: RigContainer;
		const children: ChildProcess[] = [];
		const tuis: Tui[] = [];

		beforeAll(async () => {
			rig = await startVerbRig(start);
			box = await rig.run(`httpd -p 7000 -h /var/www & ${untilTold}`);
		}, 60_000);
		afterEach(async () => {
			for (const child of children.splice(0)) await stopProcess(child);
			for (const tui of tuis.splice(0)) await tui.stop();
		});
		afterAll(async () => {
			await rig?.stop();
		}, 60_000);

		/** The program with pipes at its streams. */
		function piped(...args: readonly string[]) {
			const child = spawn(program[0], [program[1], '-r', rig.endpoint, ...args], {
				stdio: ['pipe', 'pipe', 'pipe'],
			});
			child.stdin.on('error', () => undefined);
			children.push(child);
			return child;
		}

		/** A shell script on a terminal; `$c` runs the program. Its last word is `done`. */
		function onTerminal(script: string): Tui {
			const c = `c() { ${program.join(' ')} -r ${rig.endpoint} "$@"; }`;
			const tui = startTui({
				command: ['/bin/sh', '-c', `${c}\n${script}\necho done; read end`],
				columns: 100,
				rows: 30,
			});
			tuis.push(tui);
			return tui;
		}
		const settings = () => path.join(rig.dir, 'stty');
		const around = (command: string) =>
			`stty -a | sed 1d > ${settings()}.before; ${command}; code=$?; stty -a | sed 1d > ${settings()}.after; echo "code=$code"`;
		const expectSameSettings = () =>
			expect(readFileSync(`${settings()}.after`, 'utf8')).toBe(readFileSync(`${settings()}.before`, 'utf8'));

		test.each([
			['streamed', []],
			['at once', ['-s']],
		] as const)('exec %s: output by stream, and the exit code of the command', async (_how, flags) => {
			for (const exitCode of [0, 7, 255]) {
				const script = `echo out; echo err >&2; exit ${exitCode}`;
				expect(await rig.criscope('exec', ...flags, box.name, 'sh', '-c', script)).toEqual({
					exitCode,
					stdout: 'out\n',
					stderr: 'err\n',
				});
			}
			const killed = await rig.criscope('exec', ...flags, box.id, 'sh', '-c', 'kill -9 $$');
			expect(killed).toEqual({ exitCode: 137, stdout: '', stderr: '' });
			const absent = await rig.criscope('exec', ...flags, box.id.slice(0, 16), 'no-such-program');
			expect(absent).toMatchObject({ exitCode: 1, stdout: '' });
			expect(absent.stderr).toMatch(/^criscope: cannot .*no-such-program.*\n$/);
		});

		test('exec ends at its timeout, with or without a stream', async () => {
			for (const flags of [['-s'], []]) {
				const ran = await rig.criscope('exec', ...flags, '--timeout', '1', box.name, 'sleep', '300');
				expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
				expect(ran.stderr).toMatch(/^criscope: cannot .*\n$/);
			}
		});

		test('exec in several containers: in turn with ids, or at once line by line', async () => {
			const { id: pod } = await rig.pod();
			const [one, two] = [await rig.run(untilTold, { pod }), await rig.run(untilTold, { pod })];
			const inTurn = await rig.criscope('exec', '--pod', pod, 'echo', 'hello');
			expect(inTurn).toEqual({ exitCode: 0, stdout: `${two.id}:\nhello\n${one.id}:\nhello\n`, stderr: '' });
			const script = 'echo out; echo err >&2; exit 3';
			const atOnce = await rig.criscope('exec', '-x', '--pod', pod, 'sh', '-c', script);
			expect(atOnce).toEqual({ exitCode: 3, stdout: 'out\nout\n', stderr: 'err\nerr\n' });
			const ignored = await rig.criscope('exec', '-e', '-q', '--name', `^${one.name}$`, 'false');
			expect(ignored).toEqual({ exitCode: 0, stdout: '', stderr: '' });
			expect(await rig.criscope('exec', '--name', 'nobody-is-called-so', 'true')).toMatchObject({
				exitCode: 1,
				stderr: 'criscope: cannot run the command: no container matches the filters\n',
			});
		});

		test.each([
			['websocket where the runtime takes it', [], 10_000_000],
			['spdy', ['--transport', 'spdy'], 5_000_000],
		] as const)('exec -i by %s: megabytes in and out, then the end', patient, async (_by, flags, size) => {
			const bytes = randomBytes(size);
			const child = piped('exec', '-i', ...flags, box.name, 'cat');
			const digest = createHash('sha256');
			let count = 0;
			child.stdout.on('data', (chunk: Buffer) => {
				count += chunk.length;
				digest.update(chunk);
			});
			child.stdin.end(bytes);
			const [exitCode] = await once(child, 'close');
			expect([exitCode, count]).toEqual([0, size]);
			expect(digest.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
		});

		test('exec -i with nothing to read ends; without -i nothing is read', async () => {
			const empty = piped('exec', '-i', box.name, 'cat');
			empty.stdin.end();
			expect((await once(empty, 'close'))[0]).toBe(0);
			const none = spawn('/bin/sh', [
				'-c',
				'exec "$0" "$@" </dev/null',
				...program,
				'-r',
				rig.endpoint,
				'exec',
				'-i',
				box.name,
				'wc',
				'-c',
			]);
			children.push(none);
			expect((await text(none.stdout)).trim()).toBe('0');
			const deaf = piped('exec', box.name, 'sh', '-c', 'wc -c');
			deaf.stdin.end('unread');
			expect((await text(deaf.stdout)).trim()).toBe('0');
		});

		test('a reader that leaves ends the program quietly', async () => {
			const child = piped('exec', box.name, 'yes');
			await once(child.stdout, 'data');
			child.stdout.destroy();
			const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
			expect([exitCode, stderr]).toEqual([0, '']);
		});

		test('a slow reader holds the command back, not our memory', patient, async () => {
			const child = piped('exec', box.name, 'sh', '-c', 'head -c 60000000 /dev/zero');
			await once(child.stdout, 'readable');
			const residentKilobytes = () =>
				Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
			// The pipe is full now, and nobody reads: what came since is what the program holds.
			let before = 0;
			await eventually(
				'the program to stop taking',
				() => {
					const now = residentKilobytes();
					const still = now === before;
					before = now;
					return still;
				},
				{ intervalMs: 300 },
			);
			expect(before).toBeLessThan(160_000);
			let count = 0;
			child.stdout.on('data', (chunk: Buffer) => {
				count += chunk.length;
			});
			const [exitCode] = await once(child, 'close');
			expect([exitCode, count]).toEqual([0, 60_000_000]);
		});

		test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
			'%s ends exec with its own exit code',
			async (signal) => {
				const child = piped('exec', box.name, 'sh', '-c', 'echo ready; sleep 300');
				await once(child.stdout, 'data');
				child.kill(signal);
				const [exitCode] = await once(child, 'exit');
				expect(exitCode).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
			},
		);

		test('an interrupt ends exec also where nobody takes its output', async () => {
			const child = piped('exec', box.name, 'yes');
			await once(child.stdout, 'readable');
			child.kill('SIGTERM');
			// What lies in the pipe is not read before the program has gone.
			expect(await once(child, 'exit')).toEqual([143, null]);
		});

		test('exec -it: size, keys, interrupts, a full screen, and the terminal as before', patient, async () => {
			const tui = onTerminal(around(`c exec -it ${box.name} sh`));
			await tui.until('#');
			tui.type('stty size; tty | head -c 8; echo; echo mark-$((40+2))\r');
			await tui.until('30 100');
			await tui.until('/dev/pts');
			await tui.until('mark-42');
			tui.resize(90, 25);
			tui.type('clear; until [ "$(stty size)" = \'25 90\' ]; do usleep 50000; done; echo resized-$((1+1))\r');
			await tui.until('resized-2');
			// Ctrl-C is the command's, not ours.
			tui.type('sh -c "echo asleep-$((1+1)); sleep 300"\r');
			await tui.until('asleep-2');
			tui.type('\x03');
			await tui.until('^C');
			tui.type('echo awake-$((1+1))\r');
			await tui.until('awake-2');
			tui.type('vi /tmp/written\r');
			await tui.until('~');
			await tui.press('i');
			tui.type('typed in vi');
			await tui.until('typed in vi');
			await tui.press('<escape>');
			tui.type(':wq\r');
			tui.type('clear; cat /tmp/written; exit 5\r');
			await tui.until('code=5');
			expect(tui.screen()).toContain('typed in vi');
			await tui.until('done');
			expectSameSettings();
		});

		test('a session that is killed leaves the terminal as it was', patient, async () => {
			const script = "printf '\\033[?1049h\\033[?25l\\033[?2004h\\033[?1000h'; echo inside; sleep 300";
			const tui = onTerminal(around(`c exec -it ${box.name} sh -c "${script}"`));
			await tui.until('inside');
			expect(tui.modes()).toMatchObject({
				alternateScreen: true,
				cursorHidden: true,
				mouse: true,
				raw: true,
			});
			const pid = await eventually('the program to be found', () => childOf(tui.pid));
			process.kill(pid, 'SIGTERM');
			await tui.until('code=143');
			await tui.until('done');
			expectSameSettings();
			expect(tui.modes()).toMatchObject({
				alternateScreen: false,
				cursorHidden: false,
				bracketedPaste: false,
				mouse: false,
			});
		});

		test('-t without a terminal, and without -i, is refused', async () => {
			for (const flags of [['-it'], ['-t']]) {
				expect(await rig.criscope('exec', ...flags, box.name, 'true')).toMatchObject({
					exitCode: 64,
					stdout: '',
					stderr: expect.stringMatching(/^criscope: -t needs .*\n$/),
				});
			}
		});

		test('attach: types, detaches, comes back, and ends with the container', patient, async () => {
			const shell = await rig.run('echo started; exec sh', { config: { tty: true, stdin: true } });
			const tui = onTerminal(
				`${around(`c attach -it ${shell.name}`)}\nc attach -it ${shell.name}; echo "last=$?"`,
			);
			await tui.until('ctrl-p ctrl-q');
			tui.type('echo first-$((20+1))\r');
			await tui.until('first-21');
			tui.type('\x10\x11');
			await tui.until('code=0');
			expectSameSettings();
			const { state } = await rig.client.runtime.containerStatus(shell.id, { verbose: false });
			expect(state).toBe('running');
			tui.type('echo second-$((20+2))\r');
			await tui.until('second-22');
			tui.type('exit 9\r');
			await tui.until('last=9');
		});

		test('attach without a terminal passes output, and stdin to its end', async () => {
			const reader = await rig.run('while read line; do echo "got $line"; done; echo over; exit 4', {
				config: { stdin: true, stdinOnce: true },
			});
			const child = piped('attach', '-i', reader.name);
			child.stdin.write('one\n');
			await once(child.stdout, 'data');
			child.stdin.end('two\n');
			const [exitCode] = await once(child, 'close');
			expect(exitCode).toBe(4);
		});

		test('logs: by stream, tail, stamps, limits; byte for byte', async () => {
			const script =
				"printf 'a\\033[31mb\\r.\\n'; echo two >&2; printf '\\377\\n'; head -c 40000 /dev/zero | tr '\\0' x; echo; printf end";
			const { name, id, logPath } = await rig.run(script);
			await eventually('the container to end', async () => {
				const status = await rig.client.runtime.containerStatus(id, { verbose: false });
				return status.state === 'exited';
			});
			// containerd may tell of an end before all that was said is in the log.
			await eventually('the log to be whole', () => {
				const log = readFileSync(logPath, 'latin1');
				return / [FP] end\n/.test(log) && log.includes('stderr F two\n');
			});
			const child = piped('logs', name);
			const [stdout, stderr] = await Promise.all([
				child.stdout.toArray().then((chunks) => Buffer.concat(chunks as Buffer[])),
				text(child.stderr),
			]);
			const first = Buffer.from('a\x1b[31mb\r.\n\xff\n', 'latin1');
			const whole = Buffer.concat([first, Buffer.from(`${'x'.repeat(40_000)}\nend`)]);
			// containerd and conmon differ in what they make of a last line without an end, and of a CR before one.
			expect(stdout.subarray(0, whole.length).toString('latin1')).toBe(whole.toString('latin1'));
			expect(stderr).toBe('two\n');
			const tail = await rig.criscope('logs', '--tail', '3', '-t', name);
			expect(tail.stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z x{40000}\n\d{4}-\S+Z end\n?$/m);
			expect((await rig.criscope('logs', '--limit-bytes', '3', name)).stdout).toBe('a\x1b[');
			expect(await rig.criscope('logs', '-s', 'stderr', name)).toMatchObject({ stdout: '', stderr: 'two\n' });
			expect((await rig.criscope('logs', '--since', '1h', '--tail', '0', name)).stdout).toBe('');
			expect(await rig.criscope('logs', '-p', name)).toMatchObject({
				exitCode: 1,
				stderr: expect.stringContaining('first attempt'),
			});
			const tui = onTerminal(`c logs ${name} | head -c 4 | od -c | head -1; c logs --tail 1 ${name}`);
			await tui.until('done');
			expect(tui.screen()).toContain('033');
		});

		test('logs -f: over a rotation to the end of the container', patient, async () => {
			const go = path.join(rig.dir, `go-${Date.now()}`);
			writeFileSync(go, '');
			const { id, name, logPath } = await rig.run(
				'i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); usleep 5000; done',
			);
			const child = piped('logs', '-f', name);
			let output = '';
			child.stdout.on('data', (chunk: Buffer) => {
				output += chunk.toString();
			});
			for (const [rotation, seen] of [
				['20260101-000001', 'line 50\n'],
				['20260101-000002', 'line 150\n'],
			]) {
				await eventually(seen ?? '', () => output.includes(seen ?? ''));
				renameSync(logPath, `${logPath}.${rotation}`);
				await rig.client.runtime.reopenContainerLog(id);
			}
			const [exitCode] = await once(child, 'close');
			const lines = Array.from({ length: 400 }, (_, line) => `line ${line}\n`).join('');
			expect([exitCode, output]).toEqual([0, lines]);
			// Afterwards the rotated files are still part of it.
			expect((await rig.criscope('logs', name)).stdout).toBe(lines);
			expect((await rig.criscope('logs', '--tail', '300', name)).stdout).toBe(
				lines.slice(lines.indexOf('line 100\n')),
			);
		});

		test('logs -f ends by an interrupt, and when nobody reads', async () => {
			const { name } = await rig.run('while :; do echo tick; usleep 100000; done');
			const told = piped('logs', '-f', name);
			await once(told.stdout, 'data');
			told.kill('SIGINT');
			expect((await once(told, 'exit'))[0]).toBe(130);
			const left = piped('logs', '-f', name);
			await once(left.stdout, 'data');
			left.stdout.destroy();
			expect((await once(left, 'exit'))[0]).toBe(0);
		});

		test('port-forward: many at once, on both loopbacks, until Ctrl+C', async () => {
			const { id: pod, name } = await rig.pod();
			await rig.run(`httpd -p 7000 -h /var/www & ${untilTold}`, { pod });
			const child = piped('port-forward', name, ':7000');
			let output = '';
			child.stdout.on('data', (chunk: Buffer) => {
				output += chunk.toString();
			});
			const errors = text(child.stderr);
			const port = await eventually(
				'the ports to be open',
				() => /127\.0\.0\.1:(\d+) -> 7000\n.*\[::1\]:\1 -> 7000\n/u.exec(output)?.[1],
			);
			const answers = await Promise.all(
				Array.from({ length: 20 }, (_, index) =>
					fetchPage(index % 2 === 0 ? '127.0.0.1' : '::1', Number(port)),
				),
			);
			expect(new Set(answers)).toEqual(new Set(['<h1>It works</h1>\n']));
			await eventually(
				'every connection to be told',
				() => output.split(`Handling connection for ${port}\n`).length === 21,
			);
			child.kill('SIGINT');
			expect((await once(child, 'exit'))[0]).toBe(0);
			expect(await errors).toBe('');
		});

		test('port-forward tells of a closed port, and ends with the pod', async () => {
			const { id: pod, name } = await rig.pod();
			const child = piped('port-forward', name, ':1');
			const ended = once(child, 'exit');
			let errors = '';
			child.stderr.on('data', (chunk: Buffer) => {
				errors += chunk.toString();
			});
			const [first] = (await once(child.stdout, 'data')) as [Buffer];
			const port = Number(/:(\d+) ->/u.exec(first.toString())?.[1]);
			await expect(fetchPage('127.0.0.1', port)).rejects.toThrow();
			await eventually('the failure to be told', () => errors.includes('cannot forward port "1"'));
			await rig.client.runtime.stopPodSandbox(pod);
			void fetchPage('127.0.0.1', port).catch(() => undefined);
			expect((await ended)[0]).toBe(1);
			expect(errors).toContain(`cannot forward to pod "${name}" any longer: it has stopped`);
		});
	});
});

/** One request by hand: the whole answer's body. */
async function fetchPage(host: string, port: number): Promise<string> {
	const socket = connect(port, host);
	socket.write('GET / HTTP/1.0\r\n\r\n');
	const answer = await text(socket);
	if (!answer.startsWith('HTTP/1')) throw new Error(`no answer: ${JSON.stringify(answer)}`);
	return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

/** The one child of a shell, once there is one. */
function childOf(pid: number): number | undefined {
	return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || undefined;
}
