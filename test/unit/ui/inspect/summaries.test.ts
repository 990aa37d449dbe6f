import { describe, expect, test } from 'vitest';
import type { ContainerStatus, PodSandboxStatus } from '../../../../src/cri/model.ts';
import type { OomKill } from '../../../../src/node/oom-kill.ts';
import { containerSummary } from '../../../../src/ui/inspect/container-summary.ts';
import { type Document, documentText } from '../../../../src/ui/inspect/document.ts';
import { endingText } from '../../../../src/ui/inspect/exit-reason.ts';
import { imageSummary } from '../../../../src/ui/inspect/image-summary.ts';
import { podSummary } from '../../../../src/ui/inspect/pod-summary.ts';
import { containerRows } from '../../../../src/ui/resources/container-rows.ts';
import { imageRows } from '../../../../src/ui/resources/image-rows.ts';
import { podRows } from '../../../../src/ui/resources/pod-rows.ts';
import type { InspectEvidence } from '../../../../src/ui/store/slices/inspect.ts';
import {
	applied,
	container,
	emptyState,
	event,
	factsOf,
	image,
	nowMs,
	pod,
	refreshed,
	secondsAgo,
} from '../fixtures.ts';

const unfit = /[\p{Cc}\u202a-\u202e]/u;

function statusOf(of: ReturnType<typeof container>, over: Partial<ContainerStatus> = {}): ContainerStatus {
	return {
		...of,
		startedAtNanos: secondsAgo(120),
		finishedAtNanos: of.state === 'exited' ? secondsAgo(60) : undefined,
		exitCode: 0,
		reason: '',
		message: '',
		mounts: [],
		logPath: '/var/log/pods/x/0.log',
		resources: undefined,
		user: undefined,
		stopSignal: '',
		info: {},
		...over,
	};
}

const kill: OomKill = {
	occurredAtMs: nowMs - 60_000,
	sinceBootMicros: 1,
	taskName: 'java',
	pid: 4321,
	taskCgroup: '/kubepods/x',
	limitCgroup: '/kubepods/x',
	anonRssBytes: 16 << 20,
	totalVmBytes: undefined,
	constraint: 'memcg',
};
const evidence: InspectEvidence = {
	oomKills: [],
	oomProblem: undefined,
	cgroup: undefined,
	lastLines: undefined,
};

/** Lines of one section. */
function section(lines: Document, title: string): string {
	const from = lines.findIndex((line) => line.text.startsWith(title));
	const to = lines.findIndex((line, index) => index > from && line.text === '');
	return from < 0 ? '' : documentText(lines.slice(from, to < 0 ? undefined : to));
}

describe('why a container died', () => {
	const dead = container('web', 'app', { state: 'exited', attempt: 2 });
	const before = container('web', 'app', { state: 'exited', attempt: 1 });
	const state = applied(
		emptyState(),
		...refreshed([pod('web')], [dead, before]),
		event('inventory', {
			kind: 'factsReceived',
			pods: [],
			containers: [
				factsOf(dead, { exitCode: 137, reason: 'OOMKilled', memoryLimitBytes: 16 << 20 }),
				factsOf(before, { exitCode: 1, reason: 'Error', startedAtNanos: secondsAgo(105) }),
			],
		}),
	);
	const rows = containerRows(state);
	const row = rows.find(({ id }) => id === dead.id);
	const earlier = rows.filter(({ id }) => id === before.id);
	const status = statusOf(dead, { exitCode: 137, reason: 'OOMKilled' });

	test('lack of memory: in words, with the limit and what the kernel says', () => {
		const lines = containerSummary({
			row,
			status,
			evidence: {
				...evidence,
				oomKills: [kill],
				lastLines: {
					attempt: 2,
					logPath: '/x',
					problem: undefined,
					lines: [{ timestampNanos: secondsAgo(61), stream: 'stderr', text: 'heap is \u001B[31mfull\u0007' }],
				},
			},
			earlier,
			nowMs,
		});
		const why = section(lines, 'Why');
		expect(lines[0]?.text).toBe('Why it is in this state');
		expect(lines[1]?.text).toBe('  The kernel killed it for want of memory: exit code 137 (SIGKILL).');
		expect(why).toMatch(/Memory limit +16 MiB/);
		expect(why).toMatch(/Kernel says +2026-11-22 11:59:00 UTC: killed java \(pid 4321\), which held 16 MiB/);
		expect(why).toMatch(/Ran for +60s/);
		expect(why).toMatch(
			/Earlier +#1 Error, exit code 1, ended 2026-11-22 11:58:20 UTC \(100s ago\) after 5\.0s/,
		);
		expect(why).toMatch(/1 earlier attempt is no longer listed/);
		expect(section(lines, 'Last lines of attempt 2')).toContain('11:58:59 heap is ␛[31mfull␇');
	});

	test('before the verbose answer is there, from what the list knows', () => {
		const lines = containerSummary({ row, status: undefined, evidence: undefined, earlier, nowMs });
		expect(lines[1]?.text).toContain('for want of memory');
		expect(documentText(lines)).toMatch(/Pod +web in default/);
	});

	test('from a runtime that tells next to nothing', () => {
		const bare = { ...container('web', 'app', { state: 'unknown' }), createdAtNanos: undefined, labels: {} };
		const lines = containerSummary({
			row: undefined,
			status: statusOf(bare, {
				startedAtNanos: undefined,
				info: { info: '{"runtimeSpec":[1,"x"],"config":null}' },
			}),
			evidence: undefined,
			earlier: [],
			nowMs,
		});
		expect(lines[1]?.text).toContain('does not know its state');
		expect(documentText(lines)).not.toMatch(/undefined|NaN|\[object/);
	});

	test('running after a death of before: says so first', () => {
		const now = statusOf(container('web', 'app', { attempt: 2 }));
		const lines = containerSummary({ row: undefined, status: now, evidence, earlier, nowMs });
		expect(lines[1]?.text).toBe(
			'  It has been running for 2m. It is attempt 2: the one before ended with exit code 1, Error.',
		);
	});
});

test.each([
	[0, '', /success/],
	[1, 'Error', /ended by itself with exit code 1/],
	[126, '', /could not be executed/],
	[127, '', /not found/],
	[128, 'StartError', /could not be started: StartError/],
	[137, 'Error', /killed by force: exit code 137 \(SIGKILL\)/],
	[139, '', /crashed: exit code 139 \(SIGSEGV\)/],
	[143, '', /asked to stop/],
	[130, '', /signal ended it: exit code 130 \(SIGINT\)/],
	[255, 'Unknown', /lost sight/],
])('exit code %i %s is said in words', (exitCode, reason, words) => {
	expect(endingText({ exitCode, reason, oomKillSeen: false, kernelLogRead: true })).toMatch(words);
});

test('a container in full: process, environment, mounts, resources', () => {
	const info = {
		pid: 77,
		runtimeType: 'io.containerd.runc.v2',
		runtimeSpec: {
			process: {
				args: ['sh', '-c', "echo 'x'"],
				env: ['A=1', 'B=two=2'],
				cwd: '/srv',
				user: { uid: 0, gid: 0 },
				oomScoreAdj: 985,
			},
			mounts: [
				{ destination: '/proc' },
				{ destination: '/etc/hosts', source: '/run/hosts', options: ['rbind', 'ro'] },
			],
			linux: {
				cgroupsPath: '/kubepods/x',
				namespaces: [
					{ type: 'pid' },
					{ type: 'ipc', path: '/proc/1/ns/ipc' },
					{ type: 'mount' },
					{ type: 'uts' },
				],
			},
		},
	};
	const lines = containerSummary({
		row: undefined,
		status: statusOf(container('web', 'app'), {
			info: { info: JSON.stringify(info) },
			mounts: [
				{
					containerPath: '/data',
					hostPath: '/var/lib/data',
					readonly: true,
					recursiveReadOnly: true,
					selinuxRelabel: false,
					propagation: 'hostToContainer',
					image: undefined,
					imageSubPath: '',
				},
			],
			resources: {
				cpuPeriodMicros: 100_000n,
				cpuQuotaMicros: 50_000n,
				cpuShares: 102n,
				memoryLimitBytes: 64n << 20n,
				memorySwapLimitBytes: 64n << 20n,
				oomScoreAdj: undefined,
				cpusetCpus: '0-1',
				cpusetMems: '',
				unified: {},
			},
			annotations: { note: `long \u202E${'x'.repeat(5000)}` },
		}),
		evidence: {
			...evidence,
			cgroup: {
				cpuUsageNanos: 1n,
				cpuPeriods: 100,
				cpuThrottledPeriods: 40,
				cpuThrottledNanos: 2_500_000_000n,
				throttledRatio: 0.4,
				cpuLimitMillicores: 500,
				memoryUsageBytes: 60 << 20,
				memoryPeakBytes: 64 << 20,
				memoryLimitBytes: 64 << 20,
				memoryWorkingSetBytes: 32 << 20,
				pidsCurrent: 5,
				pidsLimit: 100,
				oomKillCount: 0,
				pressure: { cpu: undefined, memory: undefined, io: undefined },
			},
		},
		earlier: [],
		nowMs,
	});
	const text = documentText(lines);
	expect(text).toMatch(/Command +sh -c 'echo '\\''x'\\'''/);
	expect(text).toContain('  B = two=2');
	expect(text).toContain('/data ← /var/lib/data  read-only, recursively, host mounts appear in it');
	expect(text).toContain('/etc/hosts ← /run/hosts  ro');
	expect(text).not.toContain('/proc ←');
	expect(text).toMatch(/CPU limit +500m/);
	expect(text).toMatch(/CPU request +about 100m \(102 shares\)/);
	expect(text).toMatch(/Throttled +in 40% of its periods \(40 of 100\), 2\.5 s in all/);
	expect(text).toMatch(/Memory now +32 MiB \(50% of the limit\)/);
	expect(text).toMatch(/Processes +5 of 100/);
	expect(text).toMatch(/OOM score adj +985/);
	expect(text).toMatch(/Joined +ipc at \/proc\/1\/ns\/ipc/);
	expect(text).toMatch(/Host's +network/);
	expect(text).toMatch(/note = long x+… \(5006 characters; the YAML tab has all\)/);
	for (const { text: line } of lines) expect(line).not.toMatch(unfit);
	expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
});

test('a pod: its worst container first, its network, earlier sandboxes', () => {
	const bad = container('web', 'side', { state: 'exited', attempt: 3 });
	const state = applied(
		emptyState(),
		...refreshed(
			[pod('web', { attempt: 1 }), pod('web', { id: 'old', attempt: 0, state: 'notReady' })],
			[bad],
		),
		event('inventory', {
			kind: 'factsReceived',
			pods: [],
			containers: [factsOf(bad, { exitCode: 127, reason: 'Error' })],
		}),
	);
	const rows = podRows(state);
	const info = {
		config: {
			hostname: 'web-1',
			dns_config: { servers: ['10.96.0.10'] },
			linux: { cgroup_parent: '/kubepods/p' },
		},
		cniResult: {
			Interfaces: { eth0: { IPConfigs: [{ IP: '10.0.0.9', Gateway: '10.0.0.1' }] }, lo: { IPConfigs: null } },
		},
	};
	const status: PodSandboxStatus = {
		...pod('web', { attempt: 1 }),
		ip: '10.0.0.9',
		additionalIps: ['fd00::9'],
		namespaces: { network: 'pod', pid: 'node', ipc: 'pod', targetId: '', userns: undefined },
		info: { info: JSON.stringify(info) },
		containerStatuses: [],
	};
	const lines = podSummary({
		row: rows.find(({ id }) => id === 'pod-web'),
		status,
		otherSandboxes: rows.filter(({ id }) => id === 'old'),
		nowMs,
	});
	const text = documentText(lines);
	expect(section(lines, 'Why')).toContain(
		'Container side: Its command, or one that its script called, was not found',
	);
	expect(text).toMatch(/Other attempts +#0 Replaced/);
	expect(text).toMatch(/IP +10\.0\.0\.9\n +fd00::9/);
	expect(text).toMatch(/CNI interface +eth0 {2}10\.0\.0\.9 via 10\.0\.0\.1/);
	expect(text).toMatch(/Hostname +web-1/);
	expect(text).toMatch(/Cgroup parent +\/kubepods\/p/);
	expect(text).toMatch(/Processes +the host's/);
	const early = podSummary({ row: rows[0], status: undefined, otherSandboxes: [], nowMs });
	expect(documentText(early)).toMatch(/Name +web/);
});

test('an image: who uses it, what it runs, its layers', () => {
	const state = applied(
		emptyState(),
		...refreshed([pod('web')], [container('web', 'app', { image: 'img-1' })]),
		event('inventory', {
			kind: 'imagesRefreshed',
			images: [image('shop/web:1', { id: 'img-1' })],
			atMs: nowMs,
		}),
	);
	const spec = {
		created: '2026-11-21T12:00:00Z',
		os: 'linux',
		architecture: 'amd64',
		config: { Entrypoint: ['/app'], Cmd: ['--fast'], Env: ['A=b'], ExposedPorts: { '80/tcp': {} } },
		rootfs: { diff_ids: ['sha256:aa'] },
		history: [{ created_by: '/bin/sh -c #(nop)  CMD ["x"]', empty_layer: true }],
	};
	const lines = imageSummary({
		row: imageRows(state)[0],
		status: {
			image: image('shop/web:1', { id: 'img-1' }),
			info: { info: JSON.stringify({ imageSpec: spec }) },
		},
		nowMs,
	});
	const text = documentText(lines);
	expect(section(lines, 'Used by')).toContain('app Running, pod web in default');
	expect(text).toMatch(/Created +2026-11-21 12:00:00 UTC \(24h ago\)/);
	expect(text).toMatch(/Entrypoint +\/app/);
	expect(text).toContain('  sha256:aa');
	expect(text).toContain('· CMD ["x"]');
	const gone = imageSummary({ row: undefined, status: { image: undefined, info: {} }, nowMs });
	expect(documentText(gone)).toContain('no such image any more');
});
