/** What containers may use, and what they are: from the answers about each. */
import { isNotFound } from '../../cri/errors.ts';
import type { ContainerId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import { parseVerboseInfo } from '../../cri/verbose-info.ts';
import { inParallel } from '../objects/in-parallel.ts';

/** Undefined where there is no limit, or where it is not known. */
export type ContainerLimits = {
	readonly cpuCores: number | undefined;
	readonly memoryBytes: number | undefined;
	/** The first process, as the host counts. */
	readonly pid: number | undefined;
};

/** Limits are asked for again after this long: they can be changed while a container runs. */
const freshMs = 30_000;

/** Remembers the limits of containers for as long as it is asked for them. */
export type LimitsMemory = {
	/** Asks for those that are not known, or not any more. */
	of(ids: readonly ContainerId[]): Promise<ReadonlyMap<string, ContainerLimits>>;
};

const none: ContainerLimits = { cpuCores: undefined, memoryBytes: undefined, pid: undefined };

/** @param now milliseconds since the epoch */
export function rememberLimits(
	client: CriClient,
	{ signal, now }: { readonly signal: AbortSignal; readonly now: () => number },
): LimitsMemory {
	let known: ReadonlyMap<string, { readonly limits: ContainerLimits; readonly atMs: number }> = new Map();

	async function ask(id: ContainerId): Promise<ContainerLimits> {
		try {
			const { resources, info } = await client.runtime.containerStatus(id, { verbose: true }, { signal });
			const verbose = parseVerboseInfo(info);
			const quota = resources?.cpuQuotaMicros;
			const cores =
				quota !== undefined && quota > 0n
					? Number(quota) / Number(resources?.cpuPeriodMicros ?? 100_000n)
					: undefined;
			const memory = resources?.memoryLimitBytes;
			return {
				cpuCores:
					cores ?? (verbose.cpuLimitMillicores === undefined ? undefined : verbose.cpuLimitMillicores / 1000),
				memoryBytes: memory === undefined ? verbose.memoryLimitBytes : Number(memory),
				pid: verbose.pid,
			};
		} catch (error) {
			if (isNotFound(error)) return none;
			throw error;
		}
	}

	return {
		async of(ids) {
			const atMs = now();
			const entries = await inParallel(ids, async (id) => {
				const before = known.get(id);
				if (before && atMs - before.atMs < freshMs) return before;
				return { limits: await ask(id), atMs };
			});
			known = new Map(ids.map((id, index) => [id, entries[index] ?? { limits: none, atMs }]));
			return new Map([...known].map(([id, { limits }]) => [id, limits]));
		},
	};
}
