import { describe, expect, test } from 'vitest';
import type { ResourcesRequest } from '../../../../src/cri/pod-request.ts';
import { allowedAnnotation } from '../../../../src/runtime/oci/spec-annotations.ts';
import {
	ociResources,
	type ResourceSupport,
	unifiedOfAnnotation,
} from '../../../../src/runtime/oci/spec-resources.ts';
import { resourcesRequest } from '../../../helpers/spec-requests.ts';

const support: ResourceSupport = {
	cgroupVersion: 1,
	memorySwap: true,
	hugetlb: true,
	minimumMemoryBytes: 12 * 2 ** 20,
};
const mebi = (count: number) => BigInt(count) * 2n ** 20n;
const convert = (request: Partial<ResourcesRequest>, changes: Partial<ResourceSupport> = {}) =>
	ociResources(resourcesRequest(request), { ...support, ...changes });

describe('ociResources', () => {
	test('leaves out what is unset', () => {
		expect(convert({})).toEqual({});
	});

	test('processors', () => {
		expect(
			convert({
				cpuShares: 512n,
				cpuQuotaMicros: -1n,
				cpuPeriodMicros: 100_000n,
				cpusetCpus: '0-1',
				cpusetMems: '0',
			}),
		).toEqual({ cpu: { shares: 512, quota: -1, period: 100_000, cpus: '0-1', mems: '0' } });
	});

	test.each<[Partial<ResourcesRequest>, Partial<ResourceSupport>, unknown]>([
		[{ memoryLimitBytes: mebi(20) }, {}, { limit: 20 * 2 ** 20, swap: 20 * 2 ** 20 }],
		[{ memoryLimitBytes: mebi(20) }, { memorySwap: false }, { limit: 20 * 2 ** 20 }],
		[
			{ memoryLimitBytes: mebi(20), memorySwapLimitBytes: mebi(30) },
			{},
			{ limit: 20 * 2 ** 20, swap: 30 * 2 ** 20 },
		],
		[{ memoryLimitBytes: mebi(20), memorySwapLimitBytes: -1n }, {}, { limit: 20 * 2 ** 20, swap: -1 }],
		[{ memoryLimitBytes: -1n }, {}, { limit: -1, swap: -1 }],
		[{ memorySwapLimitBytes: mebi(30) }, {}, undefined],
	])('memory %o with %j', (request, changes, wanted) => {
		expect(convert(request, changes).memory).toEqual(wanted);
	});

	test('refuses too little memory, and less with swap than without', () => {
		expect(() => convert({ memoryLimitBytes: mebi(11) })).toThrow('below the 12582912 bytes');
		expect(() => convert({ memoryLimitBytes: mebi(20), memorySwapLimitBytes: mebi(19) })).toThrow(
			'memory_swap_limit_in_bytes',
		);
		expect(convert({ memoryLimitBytes: 1n }, { minimumMemoryBytes: 0 }).memory?.limit).toBe(1);
	});

	test('huge pages and files of version 2, where the kernel has them', () => {
		const request = {
			hugepageLimits: [{ pageSize: '2MB', limitBytes: mebi(4) }],
			unified: { 'memory.high': '1' },
		};
		expect(convert(request)).toEqual({ hugepageLimits: [{ pageSize: '2MB', limit: 4 * 2 ** 20 }] });
		expect(convert(request, { hugetlb: false, cgroupVersion: 2 })).toEqual({
			unified: { 'memory.high': '1' },
		});
	});
});

test('unifiedOfAnnotation reads base64 and plain values', () => {
	expect(unifiedOfAnnotation(`memory.high=${btoa('1048576')};;pids.max=max 1;io.weight=`)).toEqual({
		'memory.high': '1048576',
		'pids.max': 'max 1',
		'io.weight': '',
	});
	expect(() => unifiedOfAnnotation('memory.high')).toThrow('has no "="');
	expect(() => unifiedOfAnnotation('=1')).toThrow('has no "="');
});

describe('allowedAnnotation', () => {
	const older = 'io.kubernetes.cri-o.UnifiedCgroup';
	test.each([
		[{ 'umask.crio.io': '1' }, 'umask', ['umask.crio.io'], undefined, '1'],
		[{ 'umask.crio.io': '1' }, 'umask', [], undefined, undefined],
		[{ 'umask.crio.io': '1' }, 'umask', ['io.kubernetes.cri-o.umask'], undefined, '1'],
		[{ 'umask.crio.io': '1', 'io.kubernetes.cri-o.umask': '2' }, 'umask', ['umask.crio.io'], undefined, '1'],
		[{ [`${older}.main`]: 'x' }, 'unifiedCgroup', [older], 'main', 'x'],
		[{ [`${older}/main`]: 'x' }, 'unifiedCgroup', [older], 'main', 'x'],
		[{ [`${older}/other`]: 'x' }, 'unifiedCgroup', [older], 'main', undefined],
	] as const)('%j', (annotations, of, allowed, name, wanted) => {
		expect(allowedAnnotation(annotations, of, allowed, name)).toBe(wanted);
	});
});
