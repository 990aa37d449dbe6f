import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { detectCgroupLayout } from '../../src/node/cgroup-layout.ts';
import type { Cgroups } from '../../src/runtime/cgroup/cgroups.ts';
import { openCgroups } from '../../src/runtime/cgroup/host-cgroups.ts';
import { enterOwnCgroup } from '../../src/runtime/cgroup/own-cgroup.ts';

const layout = await detectCgroupLayout();
const available = layout.mode !== 'none' && process.getuid?.() === 0;

describe.skipIf(!available)('cgroups of this host (root, a cgroup filesystem)', () => {
	const parent = `/criscope-test-${randomUUID().slice(0, 8)}`;
	const cgroups: Cgroups = openCgroups(layout, 'cgroupfs');
	const mounts =
		layout.mode === 'v2' ? [layout.unifiedMount] : [...new Set(layout.controllerMounts.values())];

	afterEach(async () => {
		await cgroups.remove(parent);
		for (const mount of [...mounts, layout.unifiedMount]) expect(existsSync(`${mount}${parent}`)).toBe(false);
	});

	test('hold a process, tell what it uses, and go when it is gone', async () => {
		const { path } = cgroups.pathsFor(parent, 'container', 'one');
		cgroups.create(path);
		cgroups.create(path);
		const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
		try {
			const pid = child.pid ?? 0;
			await cgroups.addMonitor(path, pid);
			expect(cgroups.processes(parent)).toEqual([pid]);
			expect(cgroups.list(parent)).toEqual([path]);
			const reading = cgroups.read(path);
			expect(reading?.pids).toBe(1n);
			expect(reading?.cpu?.usageCoreNanos).toBeGreaterThanOrEqual(0n);
			expect(reading?.memory?.usageBytes).toBeGreaterThanOrEqual(0n);
			expect(reading?.oomKills).toBe(0n);
			await expect(cgroups.remove(path)).rejects.toThrow(new RegExp(`processes ${pid} are in it`));
			child.kill('SIGKILL');
			// The removal waits for the kernel to forget it.
			await once(child, 'exit');
			await cgroups.remove(path);
			expect(cgroups.list(parent)).toEqual([]);
			expect(cgroups.read(path)).toBeUndefined();
		} finally {
			child.kill('SIGKILL');
		}
	});

	test.skipIf(layout.mode !== 'hybrid')(
		'what runc leaves in the tree beside goes too (hybrid host)',
		async () => {
			const left = `${parent}/criscope-two`;
			mkdirSync(`${layout.unifiedMount}${left}`, { recursive: true });
			expect(cgroups.list(parent)).toEqual([left]);
			await cgroups.remove(left);
			expect(existsSync(`${layout.unifiedMount}${left}`)).toBe(false);
		},
	);

	test('a process leaves those of its session for one of its own, which goes with it', async () => {
		const session = cgroups.pathsFor(parent, 'container', 'session').path;
		cgroups.create(session);
		const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
		try {
			const pid = child.pid ?? 0;
			await cgroups.addMonitor(session, pid);
			const told: string[] = [];
			const own = await enterOwnCgroup(layout, (_level, message) => void told.push(message), pid);
			expect(told).toEqual([]);
			const name = `/criscope/criscope-runtime-${pid}`;
			const where = () =>
				readFileSync(`/proc/${pid}/cgroup`, 'utf8')
					.trim()
					.split('\n')
					.map((line) => line.slice(line.lastIndexOf(':') + 1));
			// The hierarchy may be one of which this machine sees a part only.
			expect(where().filter((place) => !place.endsWith(name))).toEqual([]);
			own[Symbol.dispose]();
			expect(where().filter((place) => place.includes('criscope'))).toEqual([]);
			for (const mount of [...mounts, layout.unifiedMount]) {
				expect(existsSync(`${mount}${name}`)).toBe(false);
			}
		} finally {
			child.kill('SIGKILL');
			await once(child, 'exit');
		}
	});

	test('removing what is not there is no error, and nothing removes the hierarchy itself', async () => {
		await cgroups.remove(`${parent}/gone`);
		await cgroups.remove('/');
		await cgroups.remove('');
		for (const mount of mounts) expect(existsSync(`${mount}/cgroup.procs`)).toBe(true);
	});
});
