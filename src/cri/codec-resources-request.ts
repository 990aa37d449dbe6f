/** Resources that are asked for. Source: message LinuxContainerResources. */
import { readOptional, readSet, type WireMessage } from './codec-fields.ts';
import { checkInteger, checkList, checkMap, checkText, demandName, refuse } from './codec-request-checks.ts';
import type { ResourcesRequest } from './pod-request.ts';

const most = 2n ** 63n - 1n;
/** Source: Linux, Documentation/scheduler/sched-bwc.rst: 1 ms for both, and a second for the period */
const leastCpuMicros = 1000n;
const longestPeriodMicros = 1_000_000n;

/** undefined where the message is absent. @throws InvalidArgumentError naming the field */
export function mapResourcesRequest(value: unknown, field: string): ResourcesRequest | undefined {
	const wire = readOptional(value);
	if (wire === undefined) return undefined;
	const set = (name: string, lowest: bigint, highest = most): bigint | undefined =>
		readSet(checkInteger(wire[name], `${field}.${name}`, [lowest, highest]));
	const resources = {
		cpuPeriodMicros: set('cpuPeriod', 0n, longestPeriodMicros),
		// -1 lifts a limit.
		cpuQuotaMicros: set('cpuQuota', -1n),
		cpuShares: set('cpuShares', 0n),
		memoryLimitBytes: set('memoryLimitInBytes', -1n),
		memorySwapLimitBytes: set('memorySwapLimitInBytes', -1n),
		oomScoreAdj: set('oomScoreAdj', -1000n, 1000n),
		cpusetCpus: cpuList(wire, 'cpusetCpus', field),
		cpusetMems: cpuList(wire, 'cpusetMems', field),
		unified: unifiedOf(wire, field),
		hugepageLimits: checkList(wire['hugepageLimits'], `${field}.hugepageLimits`, (limit, at) => {
			const pageSize = demandName(limit['pageSize'], `${at}.pageSize`);
			if (!/^[1-9]\d{0,9}[KMG]B$/.test(pageSize)) {
				refuse(`${at}.pageSize`, `"${pageSize}" must be a size such as 2MB`);
			}
			return { pageSize, limitBytes: checkInteger(limit['limit'], `${at}.limit`, [0n, 2n ** 64n - 1n]) };
		}),
	};
	for (const [name, micros = 0n] of [
		['cpuPeriod', resources.cpuPeriodMicros],
		['cpuQuota', resources.cpuQuotaMicros],
	] as const) {
		if (micros > 0n && micros < leastCpuMicros) {
			refuse(`${field}.${name}`, `is ${micros}, and must be at least ${leastCpuMicros} microseconds`);
		}
	}
	const { memoryLimitBytes: memory = 0n, memorySwapLimitBytes: swap = 0n } = resources;
	if (swap > 0n && swap < memory) {
		refuse(
			`${field}.memorySwapLimitInBytes`,
			`is ${swap}, less than memoryLimitInBytes ${memory}: it counts both`,
		);
	}
	return resources;
}

/** `0-3,8`. Source: cpuset(7), List format */
function cpuList(wire: WireMessage, name: string, field: string): string {
	const text = checkText(wire[name], `${field}.${name}`);
	if (text === '' || /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return text;
	return refuse(`${field}.${name}`, `"${text}" must be a list such as 0-3,8`);
}

/** Files of cgroup v2 to write to: names, never paths. */
function unifiedOf(wire: WireMessage, field: string): ResourcesRequest['unified'] {
	const unified = checkMap(wire['unified'], `${field}.unified`);
	const wrong = Object.keys(unified).find((key) => !/^[a-z0-9_]+(\.[a-z0-9_]+)+$/i.test(key));
	return wrong === undefined
		? unified
		: refuse(`${field}.unified`, `has the key "${wrong}", which is no file of a cgroup`);
}
