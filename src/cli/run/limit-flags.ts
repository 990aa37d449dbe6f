/** Limits of a container: `--memory`, `--cpus` and their like. */
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';
import { readByteSize } from '../requests/byte-size.ts';
import { UsageError } from '../usage-error.ts';
import type { RunFlags } from './run-flags.ts';

const usualPeriodMicros = 100_000n;

type Limits = Pick<
	RunFlags,
	| 'memory'
	| 'memory-swap'
	| 'cpus'
	| 'cpu-shares'
	| 'cpu-period'
	| 'cpu-quota'
	| 'cpuset-cpus'
	| 'cpuset-mems'
	| 'oom-score-adj'
>;

function whole(flags: Limits, name: keyof Limits, lowest: bigint, highest: bigint): bigint | undefined {
	const text = flags[name];
	if (text === undefined) return undefined;
	if (!/^-?\d{1,18}$/u.test(text) || BigInt(text) < lowest || BigInt(text) > highest) {
		throw new UsageError(`flag --${name} is a whole number from ${lowest} to ${highest}, not "${text}"`);
	}
	return BigInt(text);
}

/**
 * Message LinuxContainerResources; undefined where nothing was asked for.
 * @throws UsageError that names the flag.
 */
export function limitsOf(flags: Limits): ProtocolMessage | undefined {
	const { cpus, memory, 'memory-swap': swap } = flags;
	const most = 10n ** 12n;
	if (cpus !== undefined && (flags['cpu-quota'] ?? flags['cpu-period']) !== undefined) {
		throw new UsageError('--cpus is --cpu-quota and --cpu-period in one: give it, or them');
	}
	if (cpus !== undefined && !(/^\d{1,6}(?:\.\d{1,6})?$/u.test(cpus) && Number(cpus) >= 0.01)) {
		throw new UsageError(`flag --cpus is a number such as 1.5, at least 0.01, not "${cpus}"`);
	}
	const asked = {
		cpuPeriod: cpus === undefined ? whole(flags, 'cpu-period', 1000n, 1_000_000n) : usualPeriodMicros,
		cpuQuota:
			cpus === undefined
				? whole(flags, 'cpu-quota', -1n, most)
				: BigInt(Math.round(Number(cpus) * Number(usualPeriodMicros))),
		cpuShares: whole(flags, 'cpu-shares', 2n, 262_144n),
		cpusetCpus: flags['cpuset-cpus'],
		cpusetMems: flags['cpuset-mems'],
		memoryLimitInBytes: memory === undefined ? undefined : readByteSize(memory, '--memory'),
		memorySwapLimitInBytes:
			swap === undefined ? undefined : swap === '-1' ? -1n : readByteSize(swap, '--memory-swap'),
		oomScoreAdj: whole(flags, 'oom-score-adj', -1000n, 1000n),
	};
	return Object.values(asked).some((value) => value !== undefined) ? asked : undefined;
}
