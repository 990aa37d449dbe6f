import { describe, expect, test } from 'vitest';
import { cpuPercent, percentText, tellsCpuPercent } from '../../../../src/cli/stats/cpu-percent.ts';
import { rememberLimits } from '../../../../src/cli/stats/limits.ts';
import { sortUsage, type UsageRow } from '../../../../src/cli/stats/usage-rows.ts';
import { NotFoundError } from '../../../../src/cri/errors.ts';
import { containerId } from '../../../../src/cri/ids.ts';
import type { CriClient } from '../../../../src/cri/ports.ts';
import { protocolJson } from '../../../../src/cri/protocol-json.ts';
import { run } from '../verb-host.ts';

const usage = (timestampNanos: bigint, usageCoreNanos: bigint | undefined) => ({
	timestampNanos,
	usageCoreNanos,
	usageNanoCores: undefined,
	psi: undefined,
});

test('the use of CPU between two looks', () => {
	expect(cpuPercent(usage(0n, 0n), usage(1_000_000_000n, 250_000_000n))).toBe(25);
	expect(cpuPercent(usage(5n, 0n), usage(5n, 9n))).toBeUndefined();
	expect(cpuPercent(usage(0n, 100n), usage(9n, 1n))).toBeUndefined();
	expect(cpuPercent(undefined, usage(1n, 1n))).toBeUndefined();
	expect(tellsCpuPercent({ ...usage(1n, 1n), usageNanoCores: 500_000_000n })).toBe(50);
	expect([percentText(12.345), percentText(undefined)]).toEqual(['12.35', '-']);
});

/** A runtime whose measurements go on by 0.1 s of CPU in each second. */
function measuring() {
	let look = 0;
	const asked: unknown[] = [];
	const stats = (letter: string, name: string, usageCore: number, memory: number, seen = true) =>
		seen
			? [
					protocolJson('ContainerStats', {
						attributes: {
							id: letter.repeat(64),
							metadata: { name, attempt: 0 },
							labels: {},
							annotations: {},
						},
						cpu: {
							timestamp: String(look * 1e9),
							usageCoreNanoSeconds: { value: String(usageCore * look) },
						},
						memory: { timestamp: '0', workingSetBytes: { value: String(memory) } },
					}),
				]
			: [];
	return {
		asked,
		answers: {
			listContainerStats: async (filter?: unknown) => {
				asked.push(filter);
				look++;
				return [
					...stats('b', 'busy', 1e8, 1000),
					...stats('a', 'idle', 0, 0),
					...stats('c', 'new', 1e8, 1000, look % 2 === 0),
				];
			},
		},
		runtime: {
			listContainers: async () => [
				{
					id: 'b'.repeat(64),
					metadata: { name: 'busy', attempt: 0 },
					podSandboxId: 'p',
					labels: {},
				} as never,
			],
			listPodSandbox: async () => [],
		},
	};
}

describe('stats', () => {
	const header =
		'CONTAINER           NAME                CPU %               MEM                 DISK                INODES              SWAP';
	const busy =
		'bbbbbbbbbbbbb       busy                10.00               1kB                 0B                  0                   0B';

	test('what runs, by id; what came in between is left out', async () => {
		expect((await run(['stats'], { services: measuring() })).stdout).toBe(`${header}\n${busy}\n`);
	});

	test('-a shows what does not run too', async () => {
		const { stdout } = await run(['stats', '-a'], { services: measuring() });
		expect(stdout.split('\n').map((line) => line.slice(0, 13).trim())).toEqual([
			'CONTAINER',
			'a'.repeat(13),
			'b'.repeat(13),
			'',
		]);
	});

	test('one container is all that the runtime is asked for', async () => {
		const services = measuring();
		const { stdout } = await run(['stats', 'busy', '-o', 'json'], { services });
		expect(services.asked).toMatchObject([{ id: 'b'.repeat(64) }]);
		expect(JSON.parse(stdout).stats).toMatchObject([
			{ attributes: { id: 'b'.repeat(64) }, cpu: { usageCoreNanoSeconds: { value: '100000000' } } },
		]);
		await expect(run(['stats', 'nobody'], { services: measuring() })).rejects.toThrow(
			'cannot find container "nobody"',
		);
		await expect(run(['stats', '-s', '0'])).rejects.toThrow('flag -s is 1 or more, not 0');
	});
});

test('limits are asked for once in a while, and what is gone has none', async () => {
	let [atMs, count] = [0, 0];
	const containerStatus = async (id: string) => {
		count++;
		if (id === 'gone') throw new NotFoundError('gone');
		return {
			resources: { cpuQuotaMicros: 50_000n, cpuPeriodMicros: 100_000n, memoryLimitBytes: 64n },
			info: {},
		};
	};
	const client = { runtime: { containerStatus } } as unknown as CriClient;
	const memory = rememberLimits(client, { signal: new AbortController().signal, now: () => atMs });
	const ids = [containerId('x'), containerId('gone')];
	const limits = await memory.of(ids);
	expect(limits.get('x')).toMatchObject({ cpuCores: 0.5, memoryBytes: 64 });
	expect(limits.get('gone')).toMatchObject({ cpuCores: undefined, memoryBytes: undefined });
	await memory.of(ids);
	expect(count).toBe(2);
	atMs = 31_000;
	await memory.of(ids);
	expect(count).toBe(4);
});

test('the most first, what is not known last, equals by name', () => {
	const row = (name: string, cpu: number | undefined, memory: bigint) =>
		({ id: name, name, pod: '', namespace: '', cpuPercent: cpu, memoryBytes: memory }) as UsageRow;
	const rows = [row('b', 0, 1n), row('a', 0, 5n), row('d', undefined, 9n), row('c', 7, 2n)];
	const names = (order: Parameters<typeof sortUsage>[1]) =>
		sortUsage(rows, order)
			.map(({ name }) => name)
			.join('');
	expect(names('cpu')).toBe('cabd');
	expect(names('memory')).toBe('dacb');
	expect(names('name')).toBe('abcd');
});
