/** SIGKILL to the runtime while it makes and unmakes pods: each object is whole or not at all, and nothing leaks. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../helpers/child-process.ts';
import { seededRandom } from '../helpers/random.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { openTortureRig, type TortureRig } from '../helpers/torture-rig.ts';

const missing = whatIsMissing(
	'root',
	'runc',
	'conmon',
	'ip',
	'iptables',
	'/usr/lib/cni/bridge',
	'/bin/busybox',
);
const rounds = Number(process.env['CRISCOPE_TORTURE_KILLS'] ?? 8);
const seed = Number(process.env['CRISCOPE_TORTURE_SEED'] ?? Date.now() % 1_000_000);
const untilTold = 'trap "exit 0" TERM; sleep 1000 & wait';
const operations = ['run', 'create', 'start', 'stop', 'remove', 'removePod'] as const;

describe.skipIf(missing)(`kill -9 of the runtime${missing ?? ''}`, () => {
	let rig: TortureRig;
	beforeAll(async () => {
		rig = await openTortureRig('kill');
	});
	afterAll(() => rig?.close());

	test('an end that came while it was down has its true code and time', async () => {
		const pod = await rig.runPod('down');
		const id = await rig.createContainer(
			pod,
			'down',
			'main',
			'while [ ! -e /end ]; do sleep 0.1; done; exit 42',
		);
		const other = await rig.createContainer(pod, 'down', 'other', untilTold);
		await rig.start(id);
		await rig.start(other);
		const init = await rig.initOf(id);
		const killedAtMs = Date.now();
		await rig.crash();
		writeFileSync(`/proc/${init}/root/end`, '');
		const exit = path.join(rig.serve.graphRoot, 'criscope/exits', id);
		await eventually('the end to be noted', () => existsSync(exit));
		const startedAtMs = Date.now();
		await rig.serve.start();
		const told = await rig.ended(id);
		expect(told).toMatchObject({ exit_code: 42, reason: 'Error' });
		expect(Number(BigInt(told.finished_at) / 1_000_000n)).toBeLessThan(startedAtMs + 1);
		expect(Number(BigInt(told.finished_at) / 1_000_000n)).toBeGreaterThan(killedAtMs - 1000);
		expect((await rig.status(other)).state).toBe('CONTAINER_RUNNING');
		await rig.stop(other, 5);
		expect((await rig.status(other)).exit_code).toBe(0);
		await rig.removePod(pod);
		await rig.nothingLeft();
	});

	test('a start that was cut off between its two steps has happened', { timeout: 120_000 }, async () => {
		const pod = await rig.runPod('half');
		const make = (name: string) => rig.createContainer(pod, 'half', name, untilTold);
		const [here, after] = [await make('here'), await make('after')];
		// What a start does first; then it takes the fifo away.
		const letGo = (id: string) => {
			const fifo = path.join(rig.host.runRoot, 'criscope/runc', id, 'exec.fifo');
			expect(readFileSync(fifo, 'utf8')).toBe('0');
		};
		letGo(here);
		await rig.start(here);
		expect((await rig.status(here)).state).toBe('CONTAINER_RUNNING');
		letGo(after);
		await rig.crash();
		await rig.serve.start();
		expect((await rig.status(after)).state).toBe('CONTAINER_RUNNING');
		await rig.removePod(pod);
		await rig.nothingLeft();
	});

	test(`${rounds} times at any moment (seed ${seed})`, { timeout: 1_200_000 }, async () => {
		const random = seededRandom(seed);
		for (let round = 0; round < rounds; round += 1) {
			const operation = operations[Math.floor(random() * operations.length)] ?? 'run';
			const delayMs = Math.floor(random() ** 2 * 400);
			try {
				await killDuring(operation, delayMs, `r${round}`);
			} catch (error) {
				throw new Error(`seed ${seed}, round ${round}: ${operation} killed after ${delayMs} ms: ${error}`, {
					cause: error,
				});
			}
		}
	});

	async function killDuring(operation: (typeof operations)[number], delayMs: number, name: string) {
		const at = operations.indexOf(operation);
		let pod = at > 0 ? await rig.runPod(name) : '';
		let id = at > 1 ? await rig.createContainer(pod, name, 'main', untilTold) : '';
		if (at > 2) await rig.start(id);
		const ask = (): Promise<unknown> => {
			if (operation === 'run') return rig.runPod(name);
			if (operation === 'create') return rig.createContainer(pod, name, 'main', untilTold);
			if (operation === 'start') return rig.start(id);
			if (operation === 'stop') return rig.stop(id, 5);
			if (operation === 'remove') return rig.remove(id);
			return rig.removePod(pod);
		};
		const asked = ask().then(
			() => true,
			() => false,
		);
		await new Promise((resolve) => setTimeout(resolve, delayMs));
		await rig.crash();
		const answered = await asked;
		await rig.serve.start();
		const state =
			id === ''
				? ''
				: await rig.status(id).then(
						(told) => told.state,
						() => 'gone',
					);
		if (operation === 'run') pod = await rig.runPod(name);
		else if (operation === 'create') id = await rig.createContainer(pod, name, 'main', untilTold);
		else if (operation === 'start') {
			if (answered) expect(state).toBe('CONTAINER_RUNNING');
			if (state === 'CONTAINER_CREATED') await rig.start(id);
			expect((await rig.status(id)).state).toBe('CONTAINER_RUNNING');
		} else if (operation === 'stop') {
			if (answered) expect(state).toBe('CONTAINER_EXITED');
			await rig.stop(id, 5);
			expect(await rig.status(id)).toMatchObject({ state: 'CONTAINER_EXITED', exit_code: 0 });
		} else if (operation === 'remove') {
			if (answered) expect(state).toBe('gone');
			await rig.remove(id);
			await expect(rig.status(id)).rejects.toThrow(/5 NOT_FOUND/);
		}
		// What is there works, and asking again gives the same.
		if (operation === 'run' || operation === 'create') {
			if (operation === 'run') {
				expect(await rig.runPod(name)).toBe(pod);
				id = await rig.createContainer(pod, name, 'main', untilTold);
			}
			expect(await rig.createContainer(pod, name, 'main', untilTold)).toBe(id);
			await rig.start(id);
			const { stdout } = await rig.serve.cri.runtime<{ stdout: Buffer }>('ExecSync', {
				container_id: id,
				cmd: ['echo', 'in'],
				timeout: 30,
			});
			expect(String(stdout)).toBe('in\n');
		}
		await rig.removePod(pod);
		const { items } = await rig.serve.cri.runtime<{ items: object[] }>('ListPodSandbox');
		expect(items).toEqual([]);
		const { containers } = await rig.serve.cri.runtime<{ containers: object[] }>('ListContainers');
		expect(containers).toEqual([]);
		await rig.nothingLeft();
	}
});
