/** stop, stopp, rm and rmp in the real program on real runtimes; where crictl is found, beside it. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ran } from '../helpers/run-criscope.ts';
import { startVerbRig, untilTold, type VerbRig, verbRuntimes } from '../helpers/verb-rig.ts';

const crictl = [
	process.env['CRICTL'] ?? '',
	'/usr/local/bin/crictl',
	'/usr/bin/crictl',
	'/tmp/tools/crictl',
].find((file) => file !== '' && existsSync(file));

function runCrictl(...args: readonly string[]): Promise<Ran> {
	const { promise, resolve } = Promise.withResolvers<Ran>();
	execFile(crictl ?? '', args, { timeout: 50_000 }, (error, stdout, stderr) => {
		resolve({ exitCode: error ? 1 : 0, stdout, stderr });
	});
	return promise;
}

describe.each(verbRuntimes)('stopping and removing on $runtime', ({ missing, start }) => {
	describe.skipIf(missing !== undefined)(`with all parts${missing ?? ''}`, () => {
		let rig: VerbRig;
		beforeAll(async () => {
			rig = await startVerbRig(start);
		}, 60_000);
		afterAll(async () => {
			await rig?.stop();
		}, 60_000);

		const stateOf = async (id: string) =>
			(await rig.client.runtime.listContainers(undefined)).find((container) => container.id === id)?.state;
		const podStateOf = async (id: string) =>
			(await rig.client.runtime.listPodSandbox(undefined)).find((pod) => pod.id === id)?.state;

		test('stop: by name and by the beginning of an id; one that fails leaves the others theirs', async () => {
			const [one, two] = [await rig.run(untilTold), await rig.run(untilTold)];
			const prefix = two.id.slice(0, 20);
			expect(await rig.criscope('stop', '-t', '30', one.name, 'nobody', prefix)).toEqual({
				exitCode: 1,
				stdout: `${one.name}\n${prefix}\n`,
				stderr: 'criscope: cannot find container "nobody": no container has that id or name\n',
			});
			expect([await stateOf(one.id), await stateOf(two.id)]).toEqual(['exited', 'exited']);
			const { exitCode } = await rig.client.runtime.containerStatus(one.id, { verbose: false });
			expect(exitCode).toBe(0);
		});

		test('stop without a timeout kills at once, as crictl does', async () => {
			const { id, name } = await rig.run("trap '' TERM; while :; do sleep 1; done");
			expect(await rig.criscope('stop', name)).toEqual({ exitCode: 0, stdout: `${name}\n`, stderr: '' });
			const { exitCode } = await rig.client.runtime.containerStatus(id, { verbose: false });
			expect(exitCode).toBe(137);
		});

		test('rm: refuses what runs, takes it with -f, and its logs along', async () => {
			const { id, name, logPath } = await rig.run(`echo said; ${untilTold}`);
			writeFileSync(`${logPath}.20260101-000000.gz`, '');
			expect(await rig.criscope('rm', name)).toEqual({
				exitCode: 1,
				stdout: '',
				stderr: `criscope: cannot remove container "${name}": it is running; criscope stop stops it, --force does both\n`,
			});
			expect(await stateOf(id)).toBe('running');
			const removed = await rig.criscope('rm', '-f', name);
			expect(removed).toEqual({ exitCode: 0, stdout: `${name}\n${name}\n`, stderr: '' });
			expect(await stateOf(id)).toBeUndefined();
			const left = readdirSync(path.dirname(logPath)).filter((file) =>
				file.startsWith(path.basename(logPath)),
			);
			expect(left).toEqual([]);
		});

		test('rm --keep-logs keeps them, where the runtime does', async () => {
			const { id, logPath } = await rig.run('echo said');
			await rig.criscope('stop', id);
			const rotated = `${logPath}.20260101-000000`;
			writeFileSync(rotated, '');
			expect(await rig.criscope('rm', '-k', id)).toEqual({ exitCode: 0, stdout: `${id}\n`, stderr: '' });
			expect(existsSync(rotated)).toBe(true);
		});

		test('stopp and rmp: a pod with what is in it', async () => {
			const { id, name } = await rig.pod();
			const inside = await rig.run(untilTold, { pod: id });
			expect(await rig.criscope('rmp', name)).toMatchObject({
				exitCode: 1,
				stderr: `criscope: cannot remove pod "${name}": it is running; criscope stopp stops it, --force does both\n`,
			});
			const stopped = { exitCode: 0, stdout: `Stopped sandbox verbs/${name}\n`, stderr: '' };
			expect(await rig.criscope('stopp', `verbs/${name}`)).toEqual(stopped);
			expect([await podStateOf(id), await stateOf(inside.id)]).toEqual(['notReady', 'exited']);
			expect(await rig.criscope('rmp', name)).toEqual({
				exitCode: 0,
				stdout: `Removed sandbox ${name}\n`,
				stderr: '',
			});
			expect([await podStateOf(id), await stateOf(inside.id)]).toEqual([undefined, undefined]);
		});

		test('rmp -f: several, in any order', async () => {
			const pods = [await rig.pod(), await rig.pod()];
			const { exitCode, stdout } = await rig.criscope('rmp', '-f', ...pods.map(({ id }) => id));
			expect(exitCode).toBe(0);
			const lines = pods.flatMap(({ id }) => [`Stopped sandbox ${id}`, `Removed sandbox ${id}`]);
			expect(stdout.trim().split('\n').toSorted()).toEqual(lines.toSorted());
		});

		test('checkpoint says what the runtime makes of it', async () => {
			const { name, id } = await rig.run(untilTold);
			const file = path.join(rig.dir, 'checkpoint.tar');
			const ran = await rig.criscope('checkpoint', '-e', file, name);
			// With CRIU on the machine containerd can do it; without, it says why not.
			if (ran.exitCode === 0) expect(ran.stdout).toBe(`${name}\n`);
			else
				expect(ran.stderr).toMatch(new RegExp(`^criscope: cannot checkpoint container "${id.slice(0, 13)}`));
		});

		test.skipIf(crictl === undefined)(
			`crictl prints the same${crictl === undefined ? ' [skipped, missing: crictl]' : ''}`,
			async () => {
				const asCrictl = (...args: readonly string[]) => runCrictl('-r', rig.endpoint, ...args);
				const said: Ran[][] = [[], []];
				for (const [index, ask] of [asCrictl, rig.criscope].entries()) {
					const { id: pod } = await rig.pod();
					const { id } = await rig.run(`echo out; echo err >&2; ${untilTold}`, { pod });
					for (const words of [
						['exec', id, 'sh', '-c', 'echo out; echo err >&2'],
						['stop', id],
						['rm', '-k', id],
						['stopp', pod],
						['rmp', pod],
					]) {
						const ran = await ask(...words);
						const stdout = ran.stdout.replaceAll(id, 'ID').replaceAll(pod, 'POD');
						said[index]?.push({ exitCode: ran.exitCode, stdout, stderr: '' });
					}
				}
				expect(said[1]).toEqual(said[0]);
				expect(said[1]?.map(({ stdout }) => stdout)).toEqual([
					'out\n',
					'ID\n',
					'ID\n',
					'Stopped sandbox POD\n',
					'Removed sandbox POD\n',
				]);
			},
		);
	});
});
