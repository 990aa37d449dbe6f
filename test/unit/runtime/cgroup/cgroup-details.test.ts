import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readDetailsV1, readDetailsV2 } from '../../../../src/runtime/cgroup/cgroup-details.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

function hierarchy(files: Readonly<Record<string, string>>): string {
	const dir = tempDir();
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
		writeFileSync(path.join(dir, name), text);
	}
	return dir;
}

test('version 1', () => {
	const dir = hierarchy({
		'cpuacct/cpuacct.usage_user': '5000000000\n',
		'cpuacct/cpuacct.usage_sys': '7\n',
		'cpu/cpu.stat': 'nr_periods 10\nnr_throttled 3\nthrottled_time 2500000000\n',
		'memory/memory.stat': 'cache 1\ntotal_cache 4096\ntotal_mapped_file 8192\n',
		'memory/memory.failcnt': '2\n',
		'memory/memory.max_usage_in_bytes': '9000\n',
		'memory/memory.kmem.usage_in_bytes': '300\n',
		'blkio/blkio.throttle.io_service_bytes_recursive':
			'8:0 Read 100\n8:0 Write 50\n8:0 Sync 150\n8:16 Read 1\nTotal 151\n',
		'blkio/blkio.throttle.io_serviced_recursive': '8:0 Read 2\n8:0 Write 3\nTotal 5\n',
		'hugetlb/hugetlb.2MB.usage_in_bytes': '2097152\n',
		'hugetlb/hugetlb.2MB.max_usage_in_bytes': '4194304\n',
		'hugetlb/hugetlb.2MB.limit_in_bytes': '1\n',
		'hugetlb/hugetlb.2MB.rsvd.usage_in_bytes': '1\n',
		'pids/pids.max': '64\n',
	});
	expect(readDetailsV1((controller) => path.join(dir, controller))).toEqual({
		cpu: {
			userNanos: 5_000_000_000n,
			systemNanos: 7n,
			periods: 10n,
			throttledPeriods: 3n,
			throttledNanos: 2_500_000_000n,
			psi: undefined,
		},
		memory: {
			cacheBytes: 4096n,
			kernelBytes: 300n,
			mappedFileBytes: 8192n,
			peakBytes: 9000n,
			limitHits: 2n,
			psi: undefined,
		},
		devices: [
			{ device: '8:0', readBytes: 100n, writeBytes: 50n, reads: 2n, writes: 3n },
			{ device: '8:16', readBytes: 1n, writeBytes: 0n, reads: 0n, writes: 0n },
		],
		ioPsi: undefined,
		hugePages: [{ pageSize: '2MB', usageBytes: 2_097_152n, peakBytes: 4_194_304n }],
		pidsLimit: 64n,
	});
});

test('version 2', () => {
	const pressure =
		'some avg10=0.00 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=4\n';
	const dir = hierarchy({
		'cpu.stat':
			'usage_usec 12\nuser_usec 10\nsystem_usec 2\nnr_periods 1\nnr_throttled 1\nthrottled_usec 6\n',
		'cpu.pressure': pressure,
		'memory.pressure': pressure,
		'io.pressure': pressure,
		'memory.stat': 'anon 300\nfile 400\nkernel 50\nfile_mapped 60\n',
		'memory.peak': '999\n',
		'memory.events': 'low 0\nmax 5\noom 1\n',
		'io.stat': '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n',
		'hugetlb.1GB.current': '0\n',
		'hugetlb.1GB.max': 'max\n',
		'hugetlb.1GB.events': 'max 0\n',
		'pids.max': 'max\n',
	});
	const some = expect.objectContaining({ totalNanos: 9000n });
	const psi = { some, full: expect.objectContaining({ totalNanos: 4000n }) };
	expect(readDetailsV2(dir)).toEqual({
		cpu: {
			userNanos: 10_000n,
			systemNanos: 2000n,
			periods: 1n,
			throttledPeriods: 1n,
			throttledNanos: 6000n,
			psi,
		},
		memory: {
			cacheBytes: 400n,
			kernelBytes: 50n,
			mappedFileBytes: 60n,
			peakBytes: 999n,
			limitHits: 5n,
			psi,
		},
		devices: [{ device: '8:0', readBytes: 10n, writeBytes: 20n, reads: 1n, writes: 2n }],
		ioPsi: psi,
		hugePages: [{ pageSize: '1GB', usageBytes: 0n, peakBytes: undefined }],
		pidsLimit: undefined,
	});
});

test('of a group that is gone nothing is told', () => {
	for (const details of [readDetailsV1(() => undefined), readDetailsV2('/nowhere')]) {
		expect(details).toMatchObject({ devices: [], hugePages: [], pidsLimit: undefined });
		expect(
			Object.values({ ...details.cpu, ...details.memory }).filter((value) => value !== undefined),
		).toEqual([]);
	}
});
