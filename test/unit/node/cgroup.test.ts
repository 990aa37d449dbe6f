import { expect, test } from 'vitest';
import { readCgroup } from '../../../src/node/cgroup.ts';
import { detectCgroupLayout, parseCgroupLayout } from '../../../src/node/cgroup-layout.ts';
import { hostTree } from './host-tree.ts';

const v2 = '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';
const v1 =
	'31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct\n' +
	'32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n' +
	'33 30 0:29 / /sys/fs/cgroup/my\\040pids rw - cgroup cgroup rw,pids,release_agent=/x\n';

test('tells the layouts apart', () => {
	expect(parseCgroupLayout(v2)).toMatchObject({ mode: 'v2', unifiedMount: '/sys/fs/cgroup' });
	expect(parseCgroupLayout(v1).mode).toBe('v1');
	expect([...parseCgroupLayout(v1).controllerMounts.keys()]).toEqual(['cpu', 'cpuacct', 'memory', 'pids']);
	expect(parseCgroupLayout(v1).controllerMounts.get('pids')).toBe('/sys/fs/cgroup/my pids');
	expect(parseCgroupLayout(v1 + v2).mode).toBe('hybrid');
	expect(parseCgroupLayout('rubbish').mode).toBe('none');
});

test('reads a v2 group', async () => {
	const folder = '/sys/fs/cgroup/kubepods.slice/c1';
	await using host = await hostTree({
		'/proc/self/mountinfo': v2,
		[`${folder}/cpu.stat`]: 'usage_usec 5000\nnr_periods 200\nnr_throttled 50\nthrottled_usec 7\n',
		[`${folder}/cpu.max`]: '25000 100000\n',
		[`${folder}/memory.current`]: '1000\n',
		[`${folder}/memory.peak`]: '1500\n',
		[`${folder}/memory.max`]: 'max\n',
		[`${folder}/memory.stat`]: 'anon 5\ninactive_file 400\n',
		[`${folder}/memory.events`]: 'oom 1\noom_kill 3\n',
		[`${folder}/pids.current`]: '4\n',
		[`${folder}/pids.max`]: '100\n',
		[`${folder}/memory.pressure`]: 'some avg10=2.00 avg60=0.00 avg300=0.00 total=1\n',
	});
	const layout = await detectCgroupLayout(host);
	const reading = await readCgroup(layout, 'kubepods.slice/c1/', host);
	expect(reading).toMatchObject({
		cpuUsageNanos: 5_000_000n,
		cpuPeriods: 200,
		cpuThrottledPeriods: 50,
		cpuThrottledNanos: 7000n,
		throttledRatio: 0.25,
		cpuLimitMillicores: 250,
		memoryUsageBytes: 1000,
		memoryPeakBytes: 1500,
		memoryLimitBytes: undefined,
		memoryWorkingSetBytes: 600,
		pidsCurrent: 4,
		pidsLimit: 100,
		oomKillCount: 3,
	});
	expect(reading?.pressure.memory?.some?.avg10Percent).toBe(2);
	expect(await readCgroup(layout, '/gone', host)).toBeUndefined();
	expect(await readCgroup(layout, '/../../../kubepods.slice/c1', host)).toBeDefined();
});

test('reads a v1 group by the paths of its process', async () => {
	await using host = await hostTree({
		'/proc/self/mountinfo': v1,
		'/sys/fs/cgroup/cpu,cpuacct/a/cpuacct.usage': '123456789012345678\n',
		'/sys/fs/cgroup/cpu,cpuacct/a/cpu.stat': 'nr_periods 0\nnr_throttled 0\nthrottled_time 0\n',
		'/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us': '-1\n',
		'/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us': '100000\n',
		'/sys/fs/cgroup/memory/b/memory.usage_in_bytes': '100\n',
		'/sys/fs/cgroup/memory/b/memory.limit_in_bytes': '9223372036854771712\n',
		'/sys/fs/cgroup/memory/b/memory.stat': 'total_inactive_file 300\n',
		'/sys/fs/cgroup/memory/b/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
	});
	const layout = await detectCgroupLayout(host);
	const controllers = new Map([
		['cpu', '/a'],
		['cpuacct', '/a'],
		['memory', '/b'],
	]);
	expect(await readCgroup(layout, { unified: undefined, controllers }, host)).toMatchObject({
		cpuUsageNanos: 123_456_789_012_345_678n,
		throttledRatio: undefined,
		cpuLimitMillicores: undefined,
		memoryUsageBytes: 100,
		memoryLimitBytes: undefined,
		memoryWorkingSetBytes: 0,
		pidsCurrent: undefined,
		oomKillCount: 2,
	});
	expect(await readCgroup(layout, '/nowhere', host)).toBeUndefined();
});
