import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openCgroups } from '../../../../src/runtime/cgroup/host-cgroups.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

/** Folders that stand for hierarchies of version 1, by mount, and what lies in each group. */
function setUp(mounts: Readonly<Record<string, readonly string[]>>) {
	const dir = tempDir();
	const path = '/pod/criscope-conmon-one';
	const controllerMounts = new Map<string, string>();
	for (const [mount, controllers] of Object.entries(mounts)) {
		mkdirSync(`${dir}/${mount}`, { recursive: true });
		for (const controller of controllers) controllerMounts.set(controller, `${dir}/${mount}`);
	}
	const layout = { mode: 'v1', unifiedMount: undefined, controllerMounts } as const;
	const read = (mount: string, file: string) => {
		try {
			return readFileSync(`${dir}/${mount}${path}/${file}`, 'utf8');
		} catch {
			return undefined;
		}
	};
	return { dir, path, cgroups: openCgroups(layout, 'cgroupfs'), read };
}

test('a monitor goes where something is counted, and is known to be there only once it is everywhere', async () => {
	const { dir, path, cgroups, read } = setUp({
		cpu: ['cpu', 'cpuacct'],
		memory: ['memory'],
		cpuset: ['cpuset'],
	});
	expect(cgroups.hasMonitor(path, 42)).toBe(false);
	await cgroups.addMonitor(path, 42);
	expect([read('cpu', 'cgroup.procs'), read('memory', 'cgroup.procs')]).toEqual(['42', '42']);
	expect(read('cpuset', 'cgroup.procs')).toBeUndefined();
	expect(cgroups.hasMonitor(path, 42)).toBe(true);
	expect(cgroups.hasMonitor(path, 4)).toBe(false);
	writeFileSync(`${dir}/memory${path}/cgroup.procs`, '');
	expect(cgroups.hasMonitor(path, 42)).toBe(false);
});

test('where all controllers share a hierarchy, the group of a monitor gets cores and memory nodes, too', async () => {
	const { dir, path, cgroups, read } = setUp({ all: ['cpu', 'memory', 'cpuset'] });
	mkdirSync(`${dir}/all${path}`, { recursive: true });
	for (const folder of ['', '/pod', path]) {
		writeFileSync(`${dir}/all${folder}/cpuset.cpus`, folder === '' ? '0-1' : '');
		writeFileSync(`${dir}/all${folder}/cpuset.mems`, folder === '' ? '0' : '');
	}
	await cgroups.addMonitor(path, 42);
	expect([read('all', 'cpuset.cpus'), read('all', 'cpuset.mems'), read('all', 'cgroup.procs')]).toEqual([
		'0-1',
		'0',
		'42',
	]);
});
