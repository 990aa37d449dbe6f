/** The verbs that list and inspect, in the real program on real runtimes, beside crictl where it is found. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, stopProcess } from '../helpers/child-process.ts';
import { findJudge } from '../helpers/judges.ts';
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
const judge = findJudge('crictl');
const withoutJudge = judge === undefined ? ' [skipped, missing: crictl]' : '';
const patient = { timeout: 60_000 };
const memoryLimitBytes = 64 * 1024 * 1024;

/** Ages change between two runs, and with them the widths of columns. */
function withoutAges(text: string): string {
	return text
		.replaceAll(/(?:Less than a second|About an? \w+|\d+ \w+) ago/gu, 'AGO')
		.replaceAll(/ {2,}/gu, '  ')
		.trimEnd();
}

describe.each(verbRuntimes)('listing verbs on $runtime', ({ runtime, missing, start }) => {
	describe.skipIf(missing !== undefined)(`with all parts${missing ?? ''}`, () => {
		let rig: VerbRig;
		let podName: string;
		let idle: RigContainer;
		let busy: RigContainer;
		let ended: RigContainer;
		/** All objects of this file, and nothing else that the runtime may have. */
		let label: string;
		const children: ChildProcess[] = [];
		const tuis: Tui[] = [];

		beforeAll(async () => {
			rig = await startVerbRig(start);
			const pod = await rig.pod();
			podName = pod.name;
			const labels = {
				file: podName,
				'io.kubernetes.pod.name': podName,
				'io.kubernetes.pod.namespace': 'verbs',
			};
			label = `file=${podName}`;
			const linux = {
				securityContext: { namespaceOptions: { pid: 'CONTAINER' } },
				resources: { memoryLimitInBytes: String(memoryLimitBytes) },
			};
			const run = (script: string) =>
				rig.run(script, {
					pod: pod.id,
					config: { labels, linux, annotations: { evil: '\x1b[2Jred\nID: fake', note: '日本' } },
				});
			idle = await run(untilTold);
			busy = await run(
				"trap 'exit 0' TERM; while :; do n=$((n+1)); [ $((n % 5000)) = 0 ] && usleep 20000; done",
			);
			ended = await run('exit 3');
			await eventually('the container to end', async () => {
				const { state } = await rig.client.runtime.containerStatus(ended.id, { verbose: false });
				return state === 'exited';
			});
		}, 120_000);
		afterEach(async () => {
			for (const child of children.splice(0)) await stopProcess(child);
			for (const tui of tuis.splice(0)) await tui.stop();
		});
		afterAll(async () => {
			await rig?.stop();
		}, 120_000);

		async function out(...args: readonly string[]): Promise<string> {
			const ran = await rig.criscope(...args);
			expect(ran, args.join(' ')).toMatchObject({ exitCode: 0, stderr: '' });
			return ran.stdout;
		}

		/** The program with pipes at its streams, and what it has said so far. */
		function piped(...args: readonly string[]) {
			const child = spawn(program[0], [program[1], '-r', rig.endpoint, ...args], {
				stdio: ['ignore', 'pipe', 'pipe'],
			});
			children.push(child);
			let text = '';
			child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
				text += chunk;
			});
			const end = once(child, 'close') as Promise<[number | null]>;
			return { child, said: () => text, end };
		}

		function onTerminal(...args: readonly string[]): Tui {
			const tui = startTui({ args: ['-r', rig.endpoint, ...args], columns: 120, rows: 24 });
			tuis.push(tui);
			return tui;
		}

		test('ps: states, filters, names, ids and their beginnings', async () => {
			const ids = async (...flags: readonly string[]) =>
				(await out('ps', '-q', '--label', label, ...flags)).split('\n').filter(Boolean);
			expect(await ids()).toEqual([busy.id, idle.id]);
			expect(await ids('-a')).toEqual([ended.id, busy.id, idle.id]);
			expect(await ids('--state', 'exited')).toEqual([ended.id]);
			expect(await ids('-n', '2')).toEqual([ended.id, busy.id]);
			expect(await ids('-a', '--name', `^${idle.name}$`)).toEqual([idle.id]);
			expect(await ids('-a', '--pod', podName)).toHaveLength(3);
			expect(await ids('-a', '--id', idle.id.slice(0, 20))).toEqual([idle.id]);
			const table = await out('ps', '-a', '--label', label);
			expect(table).toMatch(/^CONTAINER +IMAGE +CREATED +STATE +NAME +ATTEMPT +POD ID +POD +NAMESPACE\n/u);
			expect(table).toMatch(
				new RegExp(
					`^${ended.id.slice(0, 13)} .* ago +Exited +${ended.name} +0 +\\S{13} +${podName} +verbs$`,
					'mu',
				),
			);
		});

		test('-o wide and top show use, limits and commands', async () => {
			const wide = await out('ps', '-o', 'wide', '--label', label, '-a');
			expect(wide).toMatch(/NAMESPACE +CPU % +MEM +PORTS +COMMAND\n/u);
			expect(wide).toMatch(
				new RegExp(`^${busy.id.slice(0, 13)} .* \\d+\\.\\d\\d +[\\d.]+\\wB +- +/bin/sh -c trap`, 'mu'),
			);
			expect(wide).toMatch(new RegExp(`^${ended.id.slice(0, 13)} .* - +- +- +/bin/sh -c exit 3$`, 'mu'));
			const pods = await out('pods', '-o', 'wide', '--name', `^${podName}$`);
			expect(pods).toMatch(/RUNTIME +IP +PORTS +CONTAINERS +CPU % +MEM\n/u);
			expect(pods).toMatch(new RegExp(`${podName} +verbs +0 +\\S+ +[\\d.a-f:, ]+ +- +2/3 `, 'u'));
			const top = (await out('top', '--once', '--pod', podName)).split('\n');
			expect(top[0]).toMatch(
				/^CONTAINER +NAME +CPU % +CPU LIMIT +MEM +MEM LIMIT +MEM % +PIDS +POD +NAMESPACE$/u,
			);
			expect(top[1]).toMatch(
				new RegExp(
					`^${busy.id.slice(0, 13)} +${busy.name} +\\d+\\.\\d\\d +- +\\S+ +67\\.11MB +\\d+\\.\\d\\d +[1-9]\\d* +${podName} +verbs$`,
					'u',
				),
			);
			expect(top[2]).toContain(idle.name);
		});

		test('stats and statsp: what runs, by name too', async () => {
			const table = await out('stats', busy.name, idle.id.slice(0, 20));
			expect(table).toMatch(/^CONTAINER +NAME +CPU % +MEM +DISK +INODES +SWAP\n/u);
			expect(table).toMatch(
				new RegExp(`^${busy.id.slice(0, 13)} +${busy.name} +(?!0\\.00)\\d+\\.\\d\\d `, 'mu'),
			);
			expect(table.split('\n')).toHaveLength(4);
			const { stats } = JSON.parse(await out('stats', '-o', 'json', busy.name));
			expect(stats).toMatchObject([{ attributes: { id: busy.id, labels: { file: podName } } }]);
			expect(await out('statsp', podName)).toMatch(
				new RegExp(`^POD +POD ID +CPU % +MEM\n${podName} +\\S{13} +\\d+\\.\\d\\d +\\S+\n$`, 'u'),
			);
		});

		test('inspect: several by any name, one that is not there, a template', async () => {
			const ran = await rig.criscope('inspect', idle.name, 'no-such-container', `${podName}/${ended.name}`);
			expect(ran.exitCode).toBe(1);
			expect(ran.stderr).toBe(
				'criscope: cannot find container "no-such-container": no container has that id or name\n',
			);
			expect(JSON.parse(ran.stdout)).toMatchObject([
				{ status: { id: idle.id, state: 'CONTAINER_RUNNING', finishedAt: '0001-01-01T00:00:00Z' } },
				{ status: { id: ended.id, state: 'CONTAINER_EXITED', exitCode: 3 } },
			]);
			const template =
				'{{.status.id}} {{.status.exitCode}} {{index .status.labels "io.kubernetes.pod.name"}}';
			expect(await out('inspect', '--template', template, ended.name)).toBe(`${ended.id} 3 ${podName}\n`);
			expect(JSON.parse(await out('inspectp', `verbs/${podName}`)).status).toMatchObject({
				metadata: { name: podName, namespace: 'verbs', attempt: 0 },
				state: 'SANDBOX_READY',
			});
			expect(await out('inspect', '-o', 'table', '-q', idle.name)).toContain('\tevil -> ␛[2Jred↵ID: fake\n');
		});

		test.skipIf(judge === undefined)(
			`the same documents, text and tables as crictl${withoutJudge}`,
			async () => {
				const crictl = async (...args: readonly string[]) =>
					(await promisify(execFile)(judge ?? '', ['-r', rig.endpoint, ...args], { maxBuffer: 1 << 26 }))
						.stdout;
				const one = idle.id.slice(0, 20);
				const { id: podId } = await rig.client.runtime
					.listPodSandbox()
					.then((pods) => pods.find(({ metadata }) => metadata.name === podName) ?? { id: '' });
				for (const args of [
					['ps', '-a', '-o', 'json', '--label', label],
					['pods', '-o', 'json', '--name', podName],
					['inspect', one],
					['inspect', '-q', idle.id, ended.id],
					['inspectp', podId],
					['info'],
					['images', '-o', 'json'],
					[
						'inspect',
						'-o',
						'go-template',
						'--template',
						'{{.status.metadata}} {{json .status.labels}}',
						idle.id,
					],
				]) {
					expect(await out(...args), args.join(' ')).toBe(await crictl(...args));
				}
				for (const args of [
					['ps', '-a', '--label', label],
					['ps', '--no-trunc', '--label', label],
					['pods', '--name', podName],
					['pods', '-v', '--name', podName],
					['inspectp', '-o', 'table', '-q', podId],
					['version'],
					['ps', '-a', '-o', 'yaml', '--label', label, '--state', 'created'],
				]) {
					expect(withoutAges(await out(...args)), args.join(' ')).toBe(withoutAges(await crictl(...args)));
				}
			},
			120_000,
		);

		test.skipIf(judge === undefined)(
			`measurements are crictl’s documents but for the digits${withoutJudge}`,
			async () => {
				const crictl = promisify(execFile);
				const withoutDigits = (text: string) => text.replaceAll(/\d+/gu, 'N').trimEnd();
				const verbs = [
					['stats', '--id', idle.id],
					// An older containerd lists a pod's containers in any order, and has no metrics.
					...(runtime === 'criscope serve' ? [['statsp'], ['metricsp'], ['imagefsinfo']] : []),
				];
				for (const verb of verbs) {
					// What is worked out of two measurements is missing in the first.
					await out(...verb, '-o', 'json');
					for (const format of ['json', 'yaml']) {
						const args = [...verb, '-o', format];
						const theirs = await crictl(judge ?? '', ['-r', rig.endpoint, ...args], { maxBuffer: 1 << 26 });
						expect(withoutDigits(await out(...args)), args.join(' ')).toBe(withoutDigits(theirs.stdout));
					}
				}
			},
			120_000,
		);

		test('what the runtime lacks is said in one sentence', async () => {
			for (const verb of ['metricsp', 'metricdescs', 'runtime-config']) {
				const { exitCode, stdout, stderr } = await rig.criscope(verb);
				if (runtime === 'criscope serve') {
					expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
					if (verb === 'runtime-config')
						expect(stdout).toMatch(/^cgroup driver: {3}(?:CGROUPFS|SYSTEMD)\n$/u);
					else expect(() => JSON.parse(stdout)).not.toThrow();
				} else if (exitCode !== 0) {
					// Only newer ones have these.
					expect(stdout).toBe('');
					expect(stderr).toMatch(/^criscope: cannot [^\n]*: the runtime does not offer this [^\n]*\n$/u);
				}
			}
		});

		test('events come as they happen, until Ctrl-C, which is no failure', async () => {
			const events = piped('events', '-o', 'table');
			const made: string[] = [];
			// Nothing tells when the runtime has taken the subscription: something happens until an event is seen.
			await eventually('an event, or a refusal', async () => {
				if (events.child.exitCode !== null) return true;
				made.push((await rig.run('exit 0')).id.slice(0, 13));
				return made.some((id) => events.said().includes(id));
			});
			if (runtime === 'containerd' && events.child.exitCode !== null) {
				// Only newer ones have them.
				expect((await events.end)[0]).toBe(1);
				return;
			}
			expect(events.said()).toMatch(/^\d{4}-\d\d-\d\dT\S+ +(?:created|started|stopped|deleted) +\S{13} +/u);
			events.child.kill('SIGINT');
			expect((await events.end)[0]).toBe(0);
		});

		test('--watch: one table after the other in a pipe, in place on a terminal', async () => {
			const watching = piped('ps', '--watch', '--interval', '100ms', '--label', label);
			await expect
				.poll(() => watching.said().match(/^CONTAINER /gmu)?.length ?? 0, patient)
				.toBeGreaterThan(2);
			expect(watching.said()).not.toContain('\x1b');
			expect(watching.said()).toContain('\n\nCONTAINER ');
			watching.child.kill('SIGINT');
			expect((await watching.end)[0]).toBe(0);
			const tui = onTerminal('pods', '-w', '--interval', '200ms', '--name', podName);
			await tui.until(podName);
			tui.type('\x03');
			expect(await tui.exit).toMatchObject({ exitCode: 0 });
			expect(tui.screen().match(/POD ID/gu)).toHaveLength(1);
		});

		test('top: live on a terminal, sorted by a key, and the terminal is as it was', async () => {
			const tui = onTerminal('top', '--pod', podName, '--interval', '200ms');
			await tui.until(/2 containers, CPU \d+\.\d\d %, memory \S+; by cpu/u);
			await tui.until(busy.name);
			await tui.press('m');
			await tui.until('; by memory');
			await tui.press('q');
			expect(await tui.exit).toMatchObject({ exitCode: 0 });
			expect(tui.modes()).toMatchObject({ cursorHidden: false });
			expect(tui.screen()).not.toContain(busy.name);
		});
	});
});
