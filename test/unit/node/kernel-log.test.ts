import { expect, test } from 'vitest';
import { readFilesystemUsage } from '../../../src/node/filesystem-usage.ts';
import { readOomKills } from '../../../src/node/kernel-log.ts';
import { createOomParser, oomKillsOf } from '../../../src/node/oom-kill.ts';
import { hostTree } from './host-tree.ts';

const id = 'ab'.repeat(32);
const slice = '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice';
const announced = `6,900,5000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=${slice},task_memcg=${slice}/cri-containerd-${id}.scope,task=ev,il,pid=77,uid=0`;
const killed =
	'3,901,5000100,-;Memory cgroup out of memory: Killed process 77 (ev,il) total-vm:2048kB, anon-rss:1024kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:92kB oom_score_adj:984';

function kills(...lines: readonly string[]) {
	const parser = createOomParser(1_000_000);
	for (const line of lines) parser.push(line);
	return parser.kills();
}

test('joins the line of the cgroups with the line of the sizes', async () => {
	const filler = ` SUBSYSTEM=memory\n6,1,2,-;${'x'.repeat(700)}\n`.repeat(40);
	await using host = await hostTree({
		'/proc/stat': 'btime 1000\n',
		'/dev/kmsg': `${filler}${announced}\n${filler}${killed}\n`,
	});
	expect(await readOomKills(host)).toEqual({
		kind: 'read',
		kills: [
			{
				occurredAtMs: 1_005_000,
				sinceBootMicros: 5_000_100,
				taskName: 'ev,il',
				pid: 77,
				taskCgroup: `${slice}/cri-containerd-${id}.scope`,
				limitCgroup: slice,
				anonRssBytes: 1_048_576,
				totalVmBytes: 2_097_152,
				constraint: 'memcg',
			},
		],
	});
});

test('says why there is nothing to read', async () => {
	await using host = await hostTree({});
	expect(await readOomKills(host)).toEqual({ kind: 'unreadable', reason: 'this host has no /dev/kmsg' });
});

test('matches a container by id under every driver, and by cgroup path', () => {
	const at = (taskCgroup: string) =>
		kills(announced.replace(/task_memcg=.*,task=/, `task_memcg=${taskCgroup},task=`), killed);
	for (const path of [
		`/k8s.io/${id}`,
		`/a/crio-${id}.scope`,
		`/a/crio-${id}.scope/container`,
		`/system.slice:cri-containerd:${id}`,
	]) {
		expect(oomKillsOf(at(path), { containerId: id })).toHaveLength(1);
	}
	expect(oomKillsOf(at('/a/b/c'), { containerId: id })).toHaveLength(0);
	expect(oomKillsOf(at('/a/b/c'), { containerId: id, cgroupPath: '/a/b' })).toHaveLength(1);
	expect(oomKillsOf(at('/a/bc'), { containerId: id, cgroupPath: '/a/b' })).toHaveLength(0);
	expect(oomKillsOf(at('/a/bc'), { containerId: '', cgroupPath: '/' })).toHaveLength(0);
});

test('a kill of another process does not inherit the cgroup', () => {
	const [kill] = kills(announced, killed.replace('77', '78').replace('Memory cgroup out', 'Out'));
	expect(kill).toMatchObject({ pid: 78, taskCgroup: undefined, constraint: 'host' });
});

test('old kernels and group kills', () => {
	expect(
		kills(
			'6,1,2,-;Task in /kubepods/x killed as a result of limit of /kubepods',
			'3,2,3,-;Killed process 9 (java) total-vm:8kB, anon-rss:4kB, file-rss:0kB',
		),
	).toMatchObject([
		{ pid: 9, taskName: 'java', taskCgroup: '/kubepods/x', limitCgroup: '/kubepods', constraint: 'memcg' },
	]);
	expect(
		kills(
			'6,1,2,-;Task in /kubepods/x killed as a result of limit of /kubepods',
			'3,2,3,-;Out of memory: Kill process 9 (java) score 9',
			'3,2,3,-;Killed process 9 (java) total-vm:8kB, anon-rss:4kB',
		),
	).toMatchObject([{ taskCgroup: undefined, constraint: 'host' }]);
	expect(
		kills(
			'6,1,2,-;Tasks in /pod are going to be killed due to memory.oom.group set',
			killed,
			killed.replace('77', '78'),
		),
	).toMatchObject([{ taskCgroup: '/pod' }, { pid: 78, taskCgroup: '/pod' }]);
});

test('file system usage adds up, and a missing path has none', async () => {
	await using host = await hostTree({ '/x': '' });
	const usage = await readFilesystemUsage('/', host);
	expect(usage?.totalBytes).toBeGreaterThan(0);
	expect(usage?.usedBytes).toBeLessThanOrEqual(usage?.totalBytes ?? 0);
	expect(await readFilesystemUsage('/absent', host)).toBeUndefined();
	await expect(readFilesystemUsage('/', { ...host, signal: AbortSignal.abort() })).rejects.toThrow();
});
