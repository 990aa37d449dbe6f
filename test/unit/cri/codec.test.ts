import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mapContainer, mapContainerStatus } from '../../../src/cri/codec-container.ts';
import { readBigint, readNanos, type WireMessage } from '../../../src/cri/codec-fields.ts';
import { mapImage, mapImageFsInfo, mapImageStatus } from '../../../src/cri/codec-image.ts';
import { mapPodSandbox, mapPodSandboxStatus } from '../../../src/cri/codec-pod-sandbox.ts';
import {
	mapContainerEvent,
	mapMetricDescriptor,
	mapPodSandboxMetrics,
	mapRuntimeConfig,
	mapStatus,
	mapVersion,
} from '../../../src/cri/codec-runtime.ts';
import { mapContainerStats, mapPodSandboxStats } from '../../../src/cri/codec-stats.ts';
import { loadWireMethods } from '../../../src/cri/transport/wire.ts';

const maps: readonly ((wire: WireMessage) => unknown)[] = [
	mapVersion,
	mapStatus,
	mapRuntimeConfig,
	mapContainerEvent,
	mapMetricDescriptor,
	mapPodSandboxMetrics,
	mapPodSandbox,
	mapPodSandboxStatus,
	mapContainer,
	mapContainerStatus,
	mapImage,
	mapImageStatus,
	mapImageFsInfo,
	mapContainerStats,
	mapPodSandboxStats,
];

/** Names of fields that messages nest by, so that random values reach the depth. */
const fields = fc.constantFrom(
	...[
		'id',
		'status',
		'metadata',
		'state',
		'info',
		'linux',
		'cpu',
		'memory',
		'psi',
		'network',
		'mounts',
		'image',
	],
	...['attributes', 'stats', 'containers', 'metrics', 'value', 'timestamp', 'user', 'resources', 'labels'],
);

test('no value of any field makes a mapping throw', () => {
	const { message } = fc.letrec((tie) => ({
		value: fc.oneof(
			fc.string(),
			fc.integer(),
			fc.constantFrom(null, undefined, true, Number.NaN, '99999999999999999999', '-1', '', '{"sandboxID":1}'),
			tie('message'),
			fc.array(tie('message'), { maxLength: 2 }),
		),
		message: fc.dictionary(fields, tie('value'), { maxKeys: 5 }),
	}));
	fc.assert(
		fc.property(message, (wire) => {
			for (const map of maps) map(wire as WireMessage);
		}),
	);
});

describe('numbers', () => {
	test.each([
		['1750000000000000001', 1_750_000_000_000_000_001n],
		['-5', -5n],
		['x', 0n],
		['', 0n],
		[null, 0n],
		[1.5, 0n],
	])('%j is %s', (value, number) => {
		expect(readBigint(value)).toBe(number);
	});

	test('a time before the epoch is no time', () => {
		expect(readNanos('-6795364578871345152')).toBeUndefined();
		expect(readNanos('0')).toBeUndefined();
		expect(readNanos('1')).toBe(1n);
	});
});

describe('through the wire', () => {
	const methods = loadWireMethods(['RuntimeService', 'ImageService']);
	const roundTrip = (rpc: string, message: WireMessage): WireMessage => {
		const method = methods.get(rpc);
		if (method === undefined) return expect.unreachable(rpc);
		return method.responseDeserialize(method.responseSerialize(message));
	};

	test('all numbers of 64 bits survive', () => {
		const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
		fc.assert(
			fc.property(int64, (createdAt) => {
				const wire = roundTrip('PodSandboxStatus', { timestamp: String(createdAt) });
				expect(wire['timestamp']).toBe(String(createdAt));
			}),
		);
	});

	test('an empty answer is an empty model', () => {
		expect(mapPodSandboxStatus(roundTrip('PodSandboxStatus', {}))).toMatchObject({
			id: '',
			ip: '',
			labels: {},
		});
		expect(mapContainerStats(roundTrip('ContainerStats', { stats: {} })).cpu).toBeUndefined();
		expect(mapRuntimeConfig(roundTrip('RuntimeConfig', {})).cgroupDriver).toBeUndefined();
	});

	test('pressure and measurements keep what was not measured apart from 0', () => {
		const cpu = {
			timestamp: '5',
			usageCoreNanoSeconds: { value: '0' },
			psi: { Some: { Total: '7', Avg10: 1.5 } },
		};
		const answer = roundTrip('ContainerStats', { stats: { attributes: { id: 'c' }, cpu } });
		expect(mapContainerStats(answer['stats'] as WireMessage).cpu).toEqual({
			timestampNanos: 5n,
			usageCoreNanos: 0n,
			usageNanoCores: undefined,
			psi: { full: undefined, some: { totalNanos: 7n, avg10: 1.5, avg60: 0, avg300: 0 } },
		});
	});

	test('labels named like parts of JavaScript are only labels', () => {
		const labels = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}');
		const [pod] = roundTrip('ListPodSandbox', { items: [{ id: 'x', labels }] })['items'] as WireMessage[];
		const model = mapPodSandbox(pod ?? {});
		expect(Object.entries(model.labels).sort()).toEqual([
			['__proto__', 'a'],
			['constructor', 'b'],
			['toString', 'c'],
		]);
	});
});
