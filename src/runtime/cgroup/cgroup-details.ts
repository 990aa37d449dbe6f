/**
 * What the kernel counts of a cgroup beyond what everybody asks for: for metrics, which are read seldom.
 * Source: Linux Documentation/admin-guide/cgroup-v1 (cpuacct, memory, blkio-controller, hugetlb, pids), cgroup-v2.rst, sched-bwc.rst
 */
import { readdirSync } from 'node:fs';
import type { PsiStats } from '../../cri/model.ts';
import { readCgroupNumber, readCgroupTable, readCgroupText } from './cgroup-files.ts';
import { readPsi } from './cgroup-reading.ts';

/** Reads and writes of one device. */
export type DeviceUse = {
	/** `8:0` */
	readonly device: string;
	readonly readBytes: bigint;
	readonly writeBytes: bigint;
	readonly reads: bigint;
	readonly writes: bigint;
};

/** What is not offered is undefined, or not among the items of a list. */
export type CgroupDetails = {
	readonly cpu: {
		readonly userNanos: bigint | undefined;
		readonly systemNanos: bigint | undefined;
		readonly periods: bigint | undefined;
		readonly throttledPeriods: bigint | undefined;
		readonly throttledNanos: bigint | undefined;
		readonly psi: PsiStats | undefined;
	};
	readonly memory: {
		readonly cacheBytes: bigint | undefined;
		readonly kernelBytes: bigint | undefined;
		readonly mappedFileBytes: bigint | undefined;
		readonly peakBytes: bigint | undefined;
		/** How often the limit was hit. */
		readonly limitHits: bigint | undefined;
		readonly psi: PsiStats | undefined;
	};
	readonly devices: readonly DeviceUse[];
	readonly ioPsi: PsiStats | undefined;
	readonly hugePages: readonly {
		/** `2MB` */
		readonly pageSize: string;
		readonly usageBytes: bigint;
		readonly peakBytes: bigint | undefined;
	}[];
	/** Undefined: no limit. */
	readonly pidsLimit: bigint | undefined;
};

/**
 * @param folderOf the cgroup's folder in a controller's hierarchy; undefined where there is none
 * @param unified its folder in the hierarchy of version 2 beside them, for pressure
 */
export function readDetailsV1(
	folderOf: (controller: string) => string | undefined,
	unified?: string | undefined,
): CgroupDetails {
	const at = (controller: string, name: string) => `${folderOf(controller) ?? '/nowhere'}/${name}`;
	const throttled = readCgroupTable(at('cpu', 'cpu.stat'));
	const memory = readCgroupTable(at('memory', 'memory.stat'));
	return {
		cpu: {
			userNanos: readCgroupNumber(at('cpuacct', 'cpuacct.usage_user')),
			systemNanos: readCgroupNumber(at('cpuacct', 'cpuacct.usage_sys')),
			periods: throttled.get('nr_periods'),
			throttledPeriods: throttled.get('nr_throttled'),
			throttledNanos: throttled.get('throttled_time'),
			psi: readPsi(unified, 'cpu'),
		},
		memory: {
			cacheBytes: memory.get('total_cache'),
			kernelBytes: readCgroupNumber(at('memory', 'memory.kmem.usage_in_bytes')),
			mappedFileBytes: memory.get('total_mapped_file'),
			peakBytes: readCgroupNumber(at('memory', 'memory.max_usage_in_bytes')),
			limitHits: readCgroupNumber(at('memory', 'memory.failcnt')),
			psi: readPsi(unified, 'memory'),
		},
		devices: blkioDevices(
			readCgroupText(at('blkio', 'blkio.throttle.io_service_bytes_recursive')),
			readCgroupText(at('blkio', 'blkio.throttle.io_serviced_recursive')),
		),
		ioPsi: readPsi(unified, 'io'),
		hugePages: hugePages(folderOf('hugetlb'), 'usage_in_bytes', 'max_usage_in_bytes'),
		pidsLimit: readCgroupNumber(at('pids', 'pids.max')),
	};
}

/** Of the unified hierarchy. */
export function readDetailsV2(folder: string): CgroupDetails {
	const cpu = readCgroupTable(`${folder}/cpu.stat`);
	const memory = readCgroupTable(`${folder}/memory.stat`);
	const nanos = (micros: bigint | undefined) => (micros === undefined ? undefined : micros * 1000n);
	return {
		cpu: {
			userNanos: nanos(cpu.get('user_usec')),
			systemNanos: nanos(cpu.get('system_usec')),
			periods: cpu.get('nr_periods'),
			throttledPeriods: cpu.get('nr_throttled'),
			throttledNanos: nanos(cpu.get('throttled_usec')),
			psi: readPsi(folder, 'cpu'),
		},
		memory: {
			cacheBytes: memory.get('file'),
			kernelBytes: memory.get('kernel'),
			mappedFileBytes: memory.get('file_mapped'),
			peakBytes: readCgroupNumber(`${folder}/memory.peak`),
			limitHits: readCgroupTable(`${folder}/memory.events`).get('max'),
			psi: readPsi(folder, 'memory'),
		},
		devices: ioStatDevices(readCgroupText(`${folder}/io.stat`) ?? ''),
		ioPsi: readPsi(folder, 'io'),
		// What was the most is not kept here.
		hugePages: hugePages(folder, 'current', undefined),
		pidsLimit: readCgroupNumber(`${folder}/pids.max`),
	};
}

const none = { readBytes: 0n, writeBytes: 0n, reads: 0n, writes: 0n };

/** `8:0 Read 4096` lines, once of bytes, once of operations. */
function blkioDevices(bytes: string | undefined, operations: string | undefined): readonly DeviceUse[] {
	const devices = new Map<string, DeviceUse>();
	const add = (text: string | undefined, read: keyof typeof none, write: keyof typeof none) => {
		for (const [, device = '', direction, count = '0'] of (text ?? '').matchAll(
			/^(\d+:\d+) (Read|Write) (\d+)$/gm,
		)) {
			const known = devices.get(device) ?? { device, ...none };
			devices.set(device, { ...known, [direction === 'Read' ? read : write]: BigInt(count) });
		}
	};
	add(bytes, 'readBytes', 'writeBytes');
	add(operations, 'reads', 'writes');
	return [...devices.values()];
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 …` lines. */
function ioStatDevices(text: string): readonly DeviceUse[] {
	return text.split('\n').flatMap((line) => {
		const device = /^\d+:\d+/.exec(line)?.[0];
		if (device === undefined) return [];
		const of = (key: string) => BigInt(new RegExp(`\\b${key}=(\\d+)`).exec(line)?.[1] ?? 0);
		return [
			{ device, readBytes: of('rbytes'), writeBytes: of('wbytes'), reads: of('rios'), writes: of('wios') },
		];
	});
}

function hugePages(
	folder: string | undefined,
	usage: string,
	peak: string | undefined,
): CgroupDetails['hugePages'] {
	if (folder === undefined) return [];
	let names: readonly string[];
	try {
		names = readdirSync(folder);
	} catch {
		return [];
	}
	return names.flatMap((name) => {
		const [, pageSize] = /^hugetlb\.([^.]+)\.(.+)$/.exec(name.endsWith(`.${usage}`) ? name : '') ?? [];
		if (pageSize === undefined || name !== `hugetlb.${pageSize}.${usage}`) return [];
		const usageBytes = readCgroupNumber(`${folder}/${name}`);
		if (usageBytes === undefined) return [];
		const peakBytes =
			peak === undefined ? undefined : readCgroupNumber(`${folder}/hugetlb.${pageSize}.${peak}`);
		return [{ pageSize, usageBytes, peakBytes }];
	});
}
