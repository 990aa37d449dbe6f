import { expect, test } from 'vitest';
import { readDetailsV1 } from '../../../../src/runtime/cgroup/cgroup-details.ts';
import type { ContainerSource } from '../../../../src/runtime/server/metric-row.ts';
import { containerMetrics, networkMetrics } from '../../../../src/runtime/server/metric-table.ts';
import { softLimit } from '../../../../src/runtime/server/process-figures.ts';
import type { ContainerRecord } from '../../../../src/runtime/store/model.ts';

const details = {
	...readDetailsV1(() => undefined),
	devices: [{ device: '8:0', readBytes: 1n, writeBytes: 2n, reads: 3n, writes: 4n }],
	hugePages: [{ pageSize: '2MB', usageBytes: 5n, peakBytes: 6n }],
};
const source: ContainerSource = {
	record: { request: { resources: undefined }, startedAtNanos: 9_700_000_000n } as ContainerRecord,
	reading: undefined,
	details,
	processes: { count: 2n, descriptors: 8n, sockets: 1n, maxOpenFiles: undefined },
	layerBytes: 7n,
	filesystem: { bytes: 100n, inodes: 50n, freeInodes: 40n },
	nowSeconds: 11n,
};

test('each has a name of its own, and values with as many labels as it has keys', () => {
	const names = [...containerMetrics, ...networkMetrics].map(({ name }) => name);
	expect(new Set(names).size).toBe(names.length);
	expect(names.length).toBe(56);
	for (const { name, labelKeys, values } of containerMetrics) {
		for (const { labels = [] } of values(source))
			expect([name, labels.length]).toEqual([name, labelKeys.length]);
	}
	const counts = { name: 'eth0' } as Parameters<(typeof networkMetrics)[number]['values']>[0];
	for (const { labelKeys, values } of networkMetrics) {
		expect(labelKeys).toEqual(['interface']);
		expect(values(counts)[0]?.labels).toEqual(['eth0']);
	}
});

test('what was measured is told, and nothing else', () => {
	const told = containerMetrics.flatMap(({ name, values }) =>
		values(source).flatMap(({ value, labels = [] }) =>
			value === undefined ? [] : [[name, value, ...labels]],
		),
	);
	expect(told).toEqual([
		['container_last_seen', 11n],
		['container_fs_usage_bytes', 7n],
		['container_fs_limit_bytes', 100n],
		['container_fs_inodes_total', 50n],
		['container_fs_inodes_free', 40n],
		['container_fs_reads_bytes_total', 1n, '8:0'],
		['container_fs_reads_total', 3n, '8:0'],
		['container_fs_writes_bytes_total', 2n, '8:0'],
		['container_fs_writes_total', 4n, '8:0'],
		['container_blkio_device_usage_total', 1n, '8:0', '8', '0', 'read'],
		['container_blkio_device_usage_total', 2n, '8:0', '8', '0', 'write'],
		['container_hugetlb_usage_bytes', 5n, '2MB'],
		['container_hugetlb_max_usage_bytes', 6n, '2MB'],
		['container_processes', 2n],
		['container_threads_max', 0n],
		['container_file_descriptors', 8n],
		['container_sockets', 1n],
		['container_start_time_seconds', 9n],
	]);
});

test('soft limits of a process', () => {
	const limits =
		'Limit                     Soft Limit           Hard Limit           Units     \n' +
		'Max cpu time              unlimited            unlimited            seconds   \n' +
		'Max open files            1024                 4096                 files     \n';
	expect(softLimit(limits, 'Max open files')).toBe(1024n);
	expect(softLimit(limits, 'Max cpu time')).toBeUndefined();
	expect(softLimit('', 'Max open files')).toBeUndefined();
});
