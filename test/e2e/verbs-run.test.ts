import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../helpers/child-process.ts';
import {
	type CliRuntime,
	cliRuntimeMissing,
	cliRuntimes,
	podLeftovers,
	unique,
} from '../helpers/cli-runtimes.ts';
import { type Ran, runCriscope } from '../helpers/run-criscope.ts';
import { startTui } from '../helpers/tui.ts';
import { mixedBytes } from '../helpers/varied-images.ts';

for (const [kind, startRuntime] of Object.entries(cliRuntimes)) {
	describe.skipIf(cliRuntimeMissing !== undefined)(
		`criscope run on ${kind}${cliRuntimeMissing ?? ''}`,
		() => {
			let runtime: CliRuntime;
			let dir = '';

			beforeAll(async () => {
				runtime = await startRuntime();
				dir = mkdtempSync(path.join(tmpdir(), 'criscope-run-'));
				// For users of containers, too.
				chmodSync(dir, 0o755);
			});
			afterAll(async () => {
				await runtime?.stop();
				rmSync(dir, { recursive: true, force: true });
			});

			const criscope = (args: readonly string[], options?: Parameters<typeof runCriscope>[1]): Promise<Ran> =>
				runCriscope(['-r', runtime.endpoint, ...args], options);

			/** `criscope run` on a terminal. */
			const onTerminal = (
				args: readonly string[],
				size?: { readonly columns: number; readonly rows: number },
			) =>
				startTui({
					args: ['-r', runtime.endpoint, 'run', ...args],
					env: { CRISCOPE_EMBEDDED: 'off' },
					...size,
				});

			test('pulls what is missing, keeps the streams apart, gives the exit code, leaves nothing', async () => {
				const name = unique('short');
				const script = 'echo out; echo err >&2; printf tail; exit 7';
				const ran = await criscope(['run', '--rm', '--name', name, runtime.image, 'sh', '-c', script]);
				expect(ran).toMatchObject({ exitCode: 7, stdout: 'out\ntail' });
				expect(ran.stderr).toContain('err\n');
				expect(ran.stderr).toContain('Pulled');
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test('never loses a line of a command that is over at once, nor a byte of what is fed through', async () => {
				const lines = Array.from({ length: 20_000 }, (_, index) => index + 1).join('\n');
				const name = unique('lines');
				try {
					const counted = await criscope(['run', '--name', name, runtime.image, 'seq', '20000']);
					expect(counted.exitCode).toBe(0);
					// On a busy host containerd 1.6 itself loses the end of such output: nobody can show more than its log has.
					const logged = await criscope(['logs', name]);
					expect(counted.stdout === logged.stdout).toBe(true);
					expect(`${lines}\n`.startsWith(counted.stdout)).toBe(true);
					if (kind === 'embedded') expect(counted.stdout).toHaveLength(lines.length + 1);
				} finally {
					await criscope(['rmp', '-f', name]);
				}
				const bytes = mixedBytes(400_000, 11).toString('base64');
				const fed = await criscope(['run', '--rm', '-i', runtime.image, 'cat'], { stdin: bytes });
				expect(fed.exitCode).toBe(0);
				expect(fed.stdout === bytes).toBe(true);
			});

			test('flags act: user, folder, variables, mounts, limits, names', async () => {
				const name = unique('flags');
				const envFile = path.join(dir, 'env');
				writeFileSync(envFile, '# comment\nFILED=from file\nBOTH=file\n');
				writeFileSync(path.join(dir, 'shown'), 'of the host\n');
				const script = [
					'id -u; id -g; pwd; hostname; echo "$GIVEN|$FILED|$BOTH|$SHELLS"',
					'cat /host/shown; touch /host/x 2>&1; grep -c " /mem tmpfs " /proc/mounts; ls -d /empty',
					'grep friend /etc/hosts; cat /proc/1/oom_score_adj; grep CapEff /proc/1/status; touch /x 2>&1',
				].join('\n');
				const flags = [
					...['--rm', '--name', name, '-u', '1234:4321', '-w', '/tmp', '-e', 'GIVEN=a=b', '-e', 'SHELLS'],
					...['-e', 'BOTH=flag', '--env-file', envFile, '-v', `${dir}:/host:ro`, '-v', '/empty'],
					...['--tmpfs', '/mem:size=1m', '--add-host', 'friend:192.0.2.7', '--oom-score-adj', '321'],
					...['--cap-drop', 'ALL', '--read-only', '-m', '64m', '--cpus', '0.5'],
				];
				const ran = await criscope(['run', ...flags, runtime.image, 'sh', '-c', script], {
					env: { SHELLS: 'mine' },
				});
				expect(ran.stdout.split('\n')).toEqual([
					...['1234', '4321', '/tmp', name, 'a=b|from file|flag|mine', 'of the host'],
					...['touch: /host/x: Read-only file system', '1', '/empty', '192.0.2.7\tfriend', '321'],
					...['CapEff:\t0000000000000000', 'touch: /x: Read-only file system', ''],
				]);
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test('detached: prints the id, publishes a port, keeps its log; the pod is named and marked', async () => {
				const name = unique('web');
				try {
					const script = 'mkdir /www; echo served >/www/index.html; echo ready; exec httpd -f -p 80 -h /www';
					const flags = ['-d', '--name', name, '-p', '127.0.0.1::80', '-l', 'a=b'];
					const ran = await criscope(['run', ...flags, runtime.image, 'sh', '-c', script]);
					expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
					const listed = await runtime.client.runtime.listPodSandbox({
						labelSelector: { 'criscope.run': 'keep' },
					});
					const pod = listed.find(({ metadata }) => metadata.name === name);
					expect(pod?.labels).toMatchObject({ 'io.kubernetes.pod.name': name, a: 'b' });
					const shown = await eventually('the log', async () => {
						const { stdout } = await criscope(['logs', name]);
						return stdout.includes('ready') && stdout;
					});
					expect(shown).toBe('ready\n');
					const again = await criscope(['run', '--name', name, runtime.image]);
					expect(again).toMatchObject({ exitCode: 125, stdout: '' });
					expect(again.stderr).toContain(`cannot make pod "default/${name}": there is one of that name`);
					const { logPath } = await runtime.client.runtime.containerStatus(ran.stdout.trim() as never, {
						verbose: false,
					});
					expect(logPath).toMatch(new RegExp(`^/var/log/pods/default_${name}_[0-9a-f-]{36}/${name}/0.log$`));
				} finally {
					await criscope(['rmp', '-f', name]);
				}
			});

			test('says why a command cannot be run, by its exit code too, and leaves nothing', async () => {
				const name = unique('bad');
				const missing = await criscope(['run', '--name', name, runtime.image, 'no-such-command']);
				expect(missing).toMatchObject({ exitCode: 127, stdout: '' });
				expect(missing.stderr).toContain('no-such-command');
				const barred = await criscope(['run', '--name', name, runtime.image, '/etc/passwd']);
				expect(barred.exitCode).toBe(126);
				const unmounted = await criscope(['run', '--name', name, '-v', '/no/such:/x', runtime.image]);
				expect(unmounted).toMatchObject({
					exitCode: 125,
					stderr: 'criscope: cannot mount "/no/such": no such file or folder\n',
				});
				const never = await criscope([
					'run',
					'--name',
					name,
					'--pull',
					'never',
					'registry.example.com/no/such:1',
				]);
				expect(never).toMatchObject({
					exitCode: 125,
					stderr: expect.stringContaining('is not to be pulled'),
				});
				await using server = createServer().listen(0, '127.0.0.1');
				await once(server, 'listening');
				const { port } = server.address() as AddressInfo;
				const taken = await criscope(['run', '--name', name, '-p', `127.0.0.1:${port}:80`, runtime.image]);
				expect(taken).toMatchObject({
					exitCode: 125,
					stderr: `criscope: cannot publish 127.0.0.1 port ${port}/tcp: something on this host listens there\n`,
				});
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test('on a terminal: a shell from its first prompt on, its size, its exit code, nothing left', async () => {
				const name = unique('tty');
				const size = { columns: 97, rows: 21 };
				await using tui = onTerminal(['-it', '--rm', '--name', name, runtime.image, 'sh'], size);
				await tui.until('/ #');
				tui.type('stty size; echo typed$((1+1))\r');
				await tui.until(/21 97\s+typed2/);
				tui.type('exit 5\r');
				expect((await tui.exit).exitCode).toBe(5);
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test('an interrupt reaches the command; what it says then is heard', async () => {
				const name = unique('int');
				const script = 'trap "echo caught; exit 9" INT; echo up; while :; do sleep 0.1; done';
				await using tui = onTerminal(['--rm', '--name', name, runtime.image, 'sh', '-c', script]);
				await tui.until('up');
				tui.signal('SIGINT');
				await tui.until('caught');
				expect((await tui.exit).exitCode).toBe(9);
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test('an interrupt while the pod is being made undoes what there is of it', async () => {
				const name = unique('early');
				const script = 'trap "exit 130" INT; while :; do sleep 0.1; done';
				await using tui = onTerminal(['--rm', '--name', name, runtime.image, 'sh', '-c', script]);
				// Its folder is made before the runtime is asked for anything.
				await eventually('its folder', async () => (await podLeftovers(runtime, name)).length > 0, {
					intervalMs: 10,
				});
				tui.signal('SIGINT');
				expect((await tui.exit).exitCode).toBe(130);
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test('what a kill -9 leaves is found by the next run', async () => {
				const name = unique('killed');
				const script = 'echo up; exec sleep 1000';
				await using tui = onTerminal(['--rm', '--name', name, runtime.image, 'sh', '-c', script]);
				await tui.until('up');
				tui.signal('SIGKILL');
				await tui.exit;
				const told = await criscope(['run', '--rm', runtime.image, 'true']);
				expect(told.stderr).toContain(`pod default/${name} was left running by a run --rm that was killed`);
				const stopped = await criscope(['stop', '-t', '0', name]);
				expect(stopped.exitCode).toBe(0);
				const tidied = await criscope(['run', '--rm', runtime.image, 'true']);
				expect(tidied.stderr).toContain(`removed pod default/${name}, left by an earlier run --rm`);
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test("crictl's verbs: runp, create, start, update, and run of two files", async () => {
				const name = unique('crictl');
				const podFile = path.join(dir, `${name}-pod.json`);
				const containerFile = path.join(dir, `${name}.yaml`);
				const pod = { metadata: { name, namespace: 'default', uid: name }, log_directory: dir, linux: {} };
				writeFileSync(podFile, JSON.stringify(pod));
				writeFileSync(
					containerFile,
					`metadata: {name: ${name}}\nimage: {image: "${runtime.image}"}\ncommand: [sleep, "1000"]\nlog_path: ${name}.log\nlinux: {resources: {memory_limit_in_bytes: 67108864}}\n`,
				);
				try {
					const ran = await criscope(['runp', podFile]);
					expect(ran).toMatchObject({
						exitCode: 0,
						stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/),
						stderr: '',
					});
					const podId = ran.stdout.trim();
					const created = await criscope([
						'create',
						'--with-pull',
						'--progress',
						'none',
						podId.slice(0, 10),
						containerFile,
						podFile,
					]);
					expect(created).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
					const id = created.stdout.trim();
					expect(await criscope(['start', id.slice(0, 12)])).toMatchObject({
						exitCode: 0,
						stdout: `${id}\n`,
					});
					expect(await criscope(['update', '--memory', '33554432', '--cpu-share', '512', id])).toMatchObject({
						exitCode: 0,
						stdout: `${id}\n`,
					});
					const { resources } = await runtime.client.runtime.containerStatus(id as never, { verbose: false });
					expect(resources).toMatchObject({ memoryLimitBytes: 33_554_432n, cpuShares: 512n });
					expect((await criscope(['rmp', '-f', podId])).exitCode).toBe(0);

					const both = await criscope(['run', '--no-pull', containerFile, podFile]);
					expect(both).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
					expect(
						(await runtime.client.runtime.containerStatus(both.stdout.trim() as never, { verbose: false }))
							.state,
					).toBe('running');
				} finally {
					await criscope(['rmp', '-f', name]);
				}
				writeFileSync(containerFile, 'metadata: {name: x}\nimage: {image: x}\nlinux: {resorces: {}}\n');
				const wrong = await criscope(['run', containerFile, podFile]);
				expect(wrong).toMatchObject({ exitCode: 64, stdout: '' });
				expect(wrong.stderr).toBe(
					`criscope: cannot read container configuration "${containerFile}": unknown field "linux.resorces" (did you mean "resources"?)\n`,
				);
				expect(readFileSync(podFile, 'utf8')).toBe(JSON.stringify(pod));
			});
		},
	);
}

test('--env-file is a flag of ours, and none of the Node that runs the program', async () => {
	const bin = fileURLToPath(new URL('../../bin/criscope', import.meta.url));
	const { promise, resolve } = Promise.withResolvers<string>();
	execFile(bin, ['run', '--env-file', '/no/such', 'image'], (_error, _stdout, stderr) => resolve(stderr));
	expect(await promise).toContain('criscope: cannot read --env-file "/no/such"');
});
