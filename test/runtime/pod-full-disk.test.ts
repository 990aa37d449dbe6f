/** Disks that fill up under pods: what is made is refused in clear words, what ends is known, and what is removed goes. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../helpers/child-process.ts';
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
const untilTold = 'trap "exit 7" TERM; trap "exit 42" USR1; sleep 1000 & wait';

describe.skipIf(missing)(`a full disk${missing ?? ''}`, () => {
	let disk: string;
	let rig: TortureRig;
	beforeEach(() => {
		disk = mkdtempSync('/var/tmp/criscope-full-');
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]);
	});
	afterEach(async () => {
		await rig?.close();
		execFileSync('umount', ['--lazy', disk]);
		rmSync(disk, { recursive: true, force: true });
	});
	const fill = () =>
		execFileSync('sh', ['-c', `cat /dev/zero > ${path.join(disk, 'filler')} 2>/dev/null || true`]);
	const makeRoom = () => rmSync(path.join(disk, 'filler'));

	test('below the graph root: ends are known, stops and removals work, and all is well once there is room', {
		timeout: 120_000,
	}, async () => {
		rig = await openTortureRig('full', { graphRoot: path.join(disk, 'root') });
		const pod = await rig.runPod('full');
		const [stopped, ends, later] = await Promise.all(
			['stopped', 'ends', 'later'].map((name) => rig.createContainer(pod, 'full', name, untilTold)),
		);
		if (stopped === undefined || ends === undefined || later === undefined) throw new Error('not made');
		for (const id of [stopped, ends]) await rig.start(id);
		await rig.monitorsPlaced();
		const before = rig.leftovers();
		fill();
		await expect(rig.runPod('more')).rejects.toThrow(/ENOSPC|no space/i);
		await expect(rig.createContainer(pod, 'full', 'more', untilTold)).rejects.toThrow(/ENOSPC|no space/i);
		// What was made before needs no more space to run.
		await rig.start(later);
		await rig.stop(stopped, 10);
		expect(await rig.status(stopped)).toMatchObject({ state: 'CONTAINER_EXITED', exit_code: 7 });
		process.kill(await rig.initOf(ends), 'SIGUSR1');
		expect(await rig.ended(ends, 30_000)).toMatchObject({ exit_code: 42, reason: 'Error' });
		// A killed runtime finds the codes again, though no record could be written.
		await rig.crash();
		await rig.serve.start();
		expect(await rig.status(stopped)).toMatchObject({ state: 'CONTAINER_EXITED', exit_code: 7 });
		expect((await rig.ended(ends, 30_000)).exit_code).toBe(42);
		expect((await rig.status(later)).state).toBe('CONTAINER_RUNNING');
		await rig.remove(stopped);
		await expect(rig.status(stopped)).rejects.toThrow(/5 NOT_FOUND/);
		await rig.serve.cri.runtime('StopPodSandbox', { pod_sandbox_id: pod });
		expect((await rig.status(later)).exit_code).toBe(137);
		makeRoom();
		await eventually('nothing half-made', () => rig.leftovers().every((line) => before.includes(line)));
		const again = await rig.runPod('more');
		const more = await rig.createContainer(again, 'more', 'more', untilTold);
		await rig.start(more);
		await rig.removePod(pod);
		await rig.removePod(again);
		await rig.nothingLeft();
	});

	test('below the logs: containers go on and end with their code', { timeout: 120_000 }, async () => {
		rig = await openTortureRig('logs');
		const logs = path.join(disk, 'logs');
		mkdirSync(logs);
		const more = { log_directory: logs };
		const pod = await rig.runPod('logs', more);
		const chatty = 'trap "exit 7" TERM; while :; do echo told 0123456789; done';
		const id = await rig.createContainer(pod, 'logs', 'main', chatty, { log_path: 'main.log' });
		fill();
		await rig.start(id);
		await eventually('the log to stand still', async () => {
			const size = () => readFileSync(path.join(logs, 'main.log')).length;
			const first = size();
			await new Promise((resolve) => setTimeout(resolve, 300));
			return size() === first;
		});
		expect((await rig.status(id)).state).toBe('CONTAINER_RUNNING');
		const { stdout } = await rig.serve.cri.runtime<{ stdout: Buffer }>('ExecSync', {
			container_id: id,
			cmd: ['echo', 'in'],
			timeout: 30,
		});
		expect(String(stdout)).toBe('in\n');
		await rig.stop(id, 20);
		expect((await rig.status(id)).exit_code).toBe(7);
		makeRoom();
		expect(existsSync(path.join(logs, 'main.log'))).toBe(true);
		await rig.removePod(pod);
		await rig.nothingLeft();
	});
});
