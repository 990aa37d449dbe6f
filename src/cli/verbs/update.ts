import type { ContainerResources } from '../../cri/model.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObject } from '../failures.ts';
import type { FlagSpecs, FlagValues } from '../flags.ts';
import { findContainer } from '../objects/find.ts';
import { print } from '../output/print.ts';
import { readByteSize } from '../requests/byte-size.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

const windowsOnly = 'of Windows containers only';

const flags = {
	'cpu-period': { kind: 'text', value: 'MICROSECONDS', help: "length of the scheduler's period" },
	'cpu-quota': {
		kind: 'text',
		value: 'MICROSECONDS',
		help: 'time of all processors in each period; -1 for no limit',
	},
	'cpu-share': {
		kind: 'text',
		aliases: ['cpu-shares'],
		value: 'WEIGHT',
		help: 'weight beside others; 1024 is usual',
	},
	memory: { kind: 'text', value: 'BYTES', help: 'limit of memory, also as 512m or 2g; -1 for no limit' },
	'memory-swap': { kind: 'text', value: 'BYTES', help: 'limit of memory and swap together; -1 for no limit' },
	'cpuset-cpus': { kind: 'text', value: 'LIST', help: 'processors to run on, such as 0-3,8' },
	'cpuset-mems': { kind: 'text', value: 'LIST', help: 'memory nodes to use' },
	'oom-score-adj': { kind: 'text', value: 'NUMBER', help: 'from -1000 to 1000, which is killed first' },
	'cpu-count': { kind: 'text', value: 'NUMBER', help: windowsOnly, hidden: true },
	'cpu-maximum': { kind: 'text', value: 'NUMBER', help: windowsOnly, hidden: true },
} as const satisfies FlagSpecs;

type UpdateFlags = FlagValues<typeof flags>;

/**
 * What a call asks for; nothing of what was not written.
 * @throws UsageError that names the flag.
 */
export function resourcesOf(given: UpdateFlags): ContainerResources {
	for (const name of ['cpu-count', 'cpu-maximum'] as const) {
		if (given[name] !== undefined) throw new UsageError(`flag --${name} is ${windowsOnly}`);
	}
	const number = (name: keyof UpdateFlags, lowest: bigint, highest = 2n ** 63n - 1n): bigint | undefined => {
		const text = given[name];
		if (text === undefined) return undefined;
		if (!/^-?\d{1,19}$/u.test(text)) throw new UsageError(`flag --${name} is a whole number, not "${text}"`);
		const value = BigInt(text);
		if (value < lowest || value > highest) {
			throw new UsageError(`flag --${name} is from ${lowest} to ${highest}, not ${text}`);
		}
		return value;
	};
	const size = (name: 'memory' | 'memory-swap') =>
		given[name] === '-1'
			? -1n
			: given[name] === undefined
				? undefined
				: readByteSize(given[name], `--${name}`);
	return {
		cpuPeriodMicros: number('cpu-period', 0n),
		cpuQuotaMicros: number('cpu-quota', -1n),
		cpuShares: number('cpu-share', 0n),
		memoryLimitBytes: size('memory'),
		memorySwapLimitBytes: size('memory-swap'),
		oomScoreAdj: number('oom-score-adj', -1000n, 1000n),
		cpusetCpus: given['cpuset-cpus'] ?? '',
		cpusetMems: given['cpuset-mems'] ?? '',
		unified: {},
	};
}

/** `criscope update` */
export const updateVerb = defineVerb({
	name: 'update',
	aliases: [],
	summary: 'Change the limits of running containers',
	operands: { least: 1, most: Number.POSITIVE_INFINITY, words: 'CONTAINER…' },
	flags,
	notes: 'CONTAINER is an id, the beginning of one, or a name. What is not written stays as it is.',
	async run(call, context) {
		const resources = resourcesOf(call.flags as UpdateFlags);
		if (call.given.size === 0)
			throw new UsageError('nothing to update: give at least one limit, such as --memory 512m');
		const client = await context.connect();
		return forEachObject(call.operands, context, async (word) => {
			const { id } = await findContainer(client, word, context);
			await client.runtime.updateContainerResources(id, resources, context);
			await print(context, `${sanitizeLine(id)}\n`);
		});
	},
});
