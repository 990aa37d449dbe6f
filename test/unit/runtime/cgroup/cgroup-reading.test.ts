import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCgroupV1, readCgroupV2 } from '../../../../src/runtime/cgroup/cgroup-reading.ts';

let dir = '';
beforeEach(() => {
	dir = mkdtempSync(path.join(tmpdir(), 'criscope-cgroup-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
		writeFileSync(path.join(dir, name), text);
	}
}

test('version 1', () => {
	write({
		'cpuacct/cpuacct.usage': '123456789\n',
		'memory/memory.usage_in_bytes': '5000\n',
		'memory/memory.stat':
			'hierarchical_memory_limit 8000\ntotal_inactive_file 1500\ntotal_rss 2000\ntotal_pgfault 7\ntotal_pgmajfault 1\ntotal_swap 4096\n',
		'memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
		'pids/pids.current': '4\n',
		'blkio/blkio.throttle.io_service_bytes_recursive': '8:0 Read 100\n8:0 Write 50\n8:16 Read 1\nTotal 151\n',
		'blkio/blkio.throttle.io_serviced_recursive': '8:0 Read 2\n8:0 Write 3\nTotal 5\n',
	});
	const reading = readCgroupV1((controller) => path.join(dir, controller));
	expect(reading).toMatchObject({
		cpu: { usageCoreNanos: 123_456_789n },
		memory: {
			usageBytes: 5000n,
			workingSetBytes: 3500n,
			availableBytes: 4500n,
			rssBytes: 2000n,
			pageFaults: 7n,
			majorPageFaults: 1n,
		},
		pids: 4n,
		swapBytes: 4096n,
		oomKills: 3n,
		io: { readBytes: 101n, writeBytes: 50n, reads: 2n, writes: 3n },
	});
});

test('version 1 without a limit has nothing available to tell', () => {
	write({
		'memory/memory.usage_in_bytes': '5000\n',
		'memory/memory.stat': 'hierarchical_memory_limit 9223372036854771712\ntotal_inactive_file 6000\n',
	});
	const reading = readCgroupV1((controller) => path.join(dir, controller));
	expect(reading?.memory).toMatchObject({ workingSetBytes: 0n, availableBytes: undefined });
	expect(reading?.cpu).toBeUndefined();
});

test('version 2', () => {
	write({
		'cgroup.procs': '',
		'cpu.stat': 'usage_usec 12\nuser_usec 10\n',
		'cpu.pressure':
			'some avg10=1.50 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
		'memory.pressure':
			'some avg10=0.10 avg60=0.20 avg300=0.30 total=11\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=4\n',
		'io.pressure':
			'some avg10=2.00 avg60=1.00 avg300=0.50 total=77\nfull avg10=1.00 avg60=0.50 avg300=0.25 total=70\n',
		'memory.current': '900\n',
		'memory.max': '1000\n',
		'memory.swap.current': '64\n',
		'memory.stat': 'anon 300\ninactive_file 100\npgfault 5\npgmajfault 2\n',
		'memory.events': 'oom 1\noom_kill 1\n',
		'pids.current': '2\n',
		'io.stat':
			'8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=0 rios=1 wios=0\n',
	});
	expect(readCgroupV2(dir)).toMatchObject({
		cpu: { usageCoreNanos: 12_000n, psi: { some: { avg10: 1.5, totalNanos: 9_000n } } },
		memory: {
			usageBytes: 900n,
			workingSetBytes: 800n,
			availableBytes: 200n,
			rssBytes: 300n,
			psi: { some: { totalNanos: 11_000n, avg60: 0.2 }, full: { totalNanos: 4_000n } },
		},
		ioPsi: {
			some: { totalNanos: 77_000n, avg10: 2, avg60: 1, avg300: 0.5 },
			full: { totalNanos: 70_000n, avg10: 1, avg60: 0.5, avg300: 0.25 },
		},
		pids: 2n,
		swapBytes: 64n,
		oomKills: 1n,
		io: { readBytes: 11n, writeBytes: 20n, reads: 2n, writes: 2n },
	});
});

test('version 1 with a hierarchy of version 2 beside it, which knows of pressure', () => {
	const line = (total: number) =>
		`some avg10=0.00 avg60=0.00 avg300=0.00 total=${total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n`;
	write({
		'cpuacct/cpuacct.usage': '1\n',
		'memory/memory.stat': 'total_rss 1\n',
		'unified/cpu.pressure': line(3),
		'unified/memory.pressure': line(4),
		'unified/io.pressure': line(5),
	});
	const folderOf = (controller: string) => path.join(dir, controller);
	expect(readCgroupV1(folderOf, path.join(dir, 'unified'))).toMatchObject({
		cpu: { psi: { some: { totalNanos: 3_000n } } },
		memory: { psi: { some: { totalNanos: 4_000n }, full: { totalNanos: 1_000n } } },
		ioPsi: { some: { totalNanos: 5_000n } },
	});
	// A runtime that makes none there, and a kernel that keeps none.
	for (const unified of [undefined, path.join(dir, 'gone')]) {
		const reading = readCgroupV1(folderOf, unified);
		expect([reading?.cpu?.psi, reading?.memory?.psi, reading?.ioPsi]).toEqual([
			undefined,
			undefined,
			undefined,
		]);
	}
});

test('a cgroup that is gone', () => {
	expect(readCgroupV2(path.join(dir, 'gone'))).toBeUndefined();
	expect(readCgroupV1((controller) => path.join(dir, 'gone', controller))).toBeUndefined();
});
