/** What is wrong with the node, in at most four lines: one for each of runtime, pods, disk and memory. */
import { formatBytes } from '../text/bytes.ts';
import type { BannerFacts, DiskFacts } from './facts.ts';
import { podsHealth, type SickPod } from './pod-health.ts';

/** How bad a line is; `unknown` is neither good nor bad. */
export type Level = 'ok' | 'unknown' | 'warn' | 'fail';

/** One line of the verdict, in parts of which as many are shown as there is room for. */
export type VerdictLine = {
	readonly level: Level;
	/** Always shown. */
	readonly head: string;
	/** Shown whole or not at all; what is left out is counted. Text from outside, not yet sanitised. */
	readonly items: readonly string[];
};

/** What matters most comes first. */
const worstFirst: readonly Level[] = ['fail', 'warn', 'unknown', 'ok'];

/** Source: the kubelet's own defaults for Linux; they hold until its configuration has been read. */
const usualThresholds = {
	memoryAvailableBytes: () => 100 << 20,
	nodefsAvailableBytes: (totalBytes: number) => totalBytes * 0.1,
	imagefsAvailableBytes: (totalBytes: number) => totalBytes * 0.15,
};
/** Room left above a threshold at which a person should hear of it, as a share of the whole. */
const nearRatio = 0.05;
const fewInodesRatio = 0.05;
const littleMemoryRatio = 0.05;
/** Share of a minute in which every task waited for memory: the node hardly works then. */
const stalledPercent = 10;

function percent(ratio: number): string {
	return `${Math.round(ratio * 100)}%`;
}

function runtimeLine(facts: BannerFacts): VerdictLine {
	const { runtime, version, conditions, runtimeProblem, kubeletRuns, roles } = facts;
	const kubelet = kubeletRuns === false && (roles?.length ?? 0) > 0 ? ['kubelet is not running'] : [];
	if (runtime === undefined) return { level: 'unknown', head: 'runtime unknown', items: [] };
	if (runtime.kind === 'none') {
		const isNode = (roles?.length ?? 0) > 0;
		return { level: isNode ? 'fail' : 'unknown', head: 'no container runtime found', items: kubelet };
	}
	if (runtime.kind !== 'chosen') return { level: 'unknown', head: 'runtime unknown', items: [runtime.what] };
	if (runtimeProblem !== undefined) {
		return { level: 'fail', head: `runtime not answering: ${runtimeProblem}`, items: kubelet };
	}
	if (conditions === undefined) {
		const head = version ? 'conditions unknown: no answer yet' : 'runtime did not answer in time';
		return { level: kubelet.length > 0 ? 'fail' : 'warn', head, items: kubelet };
	}
	const broken = conditions
		.filter(({ status }) => !status)
		.map(({ type, reason, message }) => `${type} is not: ${[reason, message].filter(Boolean).join(': ')}`);
	const [first, ...others] = [...broken, ...kubelet];
	if (first !== undefined) return { level: 'fail', head: first, items: others };
	return { level: 'ok', head: 'runtime ready', items: [] };
}

function podText({ namespace, name, why, detail }: SickPod): string {
	return `${namespace}/${name} ${why}${detail ? ` (${detail})` : ''}`;
}

function podsLine(facts: BannerFacts, nowMs: number): VerdictLine | undefined {
	const { pods, containers, statuses, runtime, runtimeProblem } = facts;
	if (pods === undefined || containers === undefined) {
		// Where there is no runtime to ask, the line above says all there is.
		return runtime?.kind === 'chosen' && runtimeProblem === undefined
			? { level: 'unknown', head: 'pods unknown', items: [] }
			: undefined;
	}
	const { total, sick, unknown } = podsHealth(pods, containers, statuses, nowMs);
	const doubt = unknown > 0 ? ` (${unknown} unknown)` : '';
	if (sick.length > 0) {
		const level = sick.some((pod) => pod.level === 'fail') ? 'fail' : 'warn';
		return { level, head: `${sick.length} of ${total} pods unhealthy${doubt}:`, items: sick.map(podText) };
	}
	if (total === 0) return { level: 'ok', head: 'no pods', items: [] };
	if (unknown > 0) return { level: 'unknown', head: `${unknown} of ${total} pods unknown`, items: [] };
	return { level: 'ok', head: `${total} pod${total === 1 ? '' : 's'} healthy`, items: [] };
}

function diskLine({ disks, thresholds = usualThresholds }: BannerFacts): VerdictLine {
	if (disks === undefined || disks.length === 0) return { level: 'unknown', head: 'disk unknown', items: [] };
	const judged = disks.map((disk) => ({ disk, ...judgeDisk(disk, thresholds) }));
	const rank = (level: Level): number => worstFirst.indexOf(level);
	judged.sort((left, right) => rank(left.level) - rank(right.level) || right.usedRatio - left.usedRatio);
	const bad = judged.filter(({ level }) => level !== 'ok');
	const [worst] = judged;
	if (bad.length === 0 || !worst)
		return { level: 'ok', head: `disk ${percent(worst?.usedRatio ?? 0)}`, items: [] };
	return { level: worst.level, head: 'disk:', items: bad.map(({ text }) => text) };
}

function judgeDisk(
	{ mountPoint, holds, totalBytes, availableBytes, inodesFreeRatio }: DiskFacts,
	thresholds: NonNullable<BannerFacts['thresholds']>,
): { readonly level: Level; readonly text: string; readonly usedRatio: number } {
	const usedRatio = 1 - availableBytes / totalBytes;
	const least = Math.max(
		holds.includes('nodefs') ? thresholds.nodefsAvailableBytes(totalBytes) : 0,
		holds.includes('imagefs') ? thresholds.imagefsAvailableBytes(totalBytes) : 0,
	);
	const room = `${mountPoint} ${percent(usedRatio)} full, ${formatBytes(availableBytes)} left`;
	if (availableBytes < least) return { level: 'fail', text: `${room}, pods are evicted`, usedRatio };
	if (inodesFreeRatio !== undefined && inodesFreeRatio < fewInodesRatio) {
		return {
			level: 'fail',
			text: `${mountPoint} has ${percent(inodesFreeRatio)} of its inodes left`,
			usedRatio,
		};
	}
	const near = availableBytes < least + totalBytes * nearRatio;
	return { level: near ? 'warn' : 'ok', text: room, usedRatio };
}

function memoryLine({ memory, thresholds = usualThresholds }: BannerFacts): VerdictLine {
	if (!memory) return { level: 'unknown', head: 'memory unknown', items: [] };
	const { totalBytes, availableBytes, stalledPercent: stalled } = memory;
	const used = percent(1 - availableBytes / totalBytes);
	const head = `memory ${used} used, ${formatBytes(availableBytes)} available`;
	if (availableBytes < thresholds.memoryAvailableBytes(totalBytes)) {
		return { level: 'fail', head: `${head}, pods are evicted`, items: [] };
	}
	if (stalled !== undefined && stalled >= stalledPercent) {
		return {
			level: 'fail',
			head: `${head}, everything waits for it ${Math.round(stalled)}% of the time`,
			items: [],
		};
	}
	const little = availableBytes < totalBytes * littleMemoryRatio;
	return little ? { level: 'warn', head, items: [] } : { level: 'ok', head: `memory ${used}`, items: [] };
}

/**
 * The verdict on what is known: first what is wrong, then what is unknown, and one line for all that is well.
 * @param nowMs milliseconds since the epoch
 * @returns one to four lines
 */
export function verdict(facts: BannerFacts, nowMs: number): readonly VerdictLine[] {
	const lines = [runtimeLine(facts), podsLine(facts, nowMs), diskLine(facts), memoryLine(facts)].filter(
		(line) => line !== undefined,
	);
	const merged = (level: Level): readonly VerdictLine[] => {
		const same = lines.filter((line) => line.level === level);
		const [first, ...others] = same.flatMap(({ head, items }) => [head, ...items]);
		return first === undefined ? [] : [{ level, head: first, items: others }];
	};
	const told = (level: Level): readonly VerdictLine[] => lines.filter((line) => line.level === level);
	return [...told('fail'), ...told('warn'), ...merged('unknown'), ...merged('ok')];
}
