/** Which pods are not well, by the rules of the inspector's lists, from what a few hundred milliseconds allow to ask. */
import type { PlainContainer, PlainPod, PlainStatus } from '../cri/transport/plain-client.ts';
import { formatAgo } from '../text/age.ts';

/** One pod with a problem. */
export type SickPod = {
	readonly namespace: string;
	readonly name: string;
	/** As the inspector's state column: `CrashLoop`, `OOMKilled`, `Error 1`, `NotReady`. */
	readonly why: string;
	/** More about it, as `12 restarts`; may be ''. */
	readonly detail: string;
	readonly level: 'fail' | 'warn';
};

/** The health of all pods. */
export type PodsHealth = {
	readonly total: number;
	/** The worst first. */
	readonly sick: readonly SickPod[];
	/** Pods that may be sick: the runtime did not say in time how a container of theirs ended. */
	readonly unknown: number;
};

type Health = 'unknown' | SickPod | undefined;

/** Attempts after which a container that keeps failing is called a crash loop. */
const crashLoopAttempts = 2;
/** An earlier attempt's end is a problem of today for so long. */
const recentLoopMs = 10 * 60_000;
const recentOomMs = 60 * 60_000;

function newestBy<Item extends { readonly metadata: { readonly attempt: number } }>(
	items: readonly Item[],
	keyOf: (item: Item) => string,
): readonly Item[] {
	const newest = new Map<string, Item>();
	for (const item of items) {
		const other = newest.get(keyOf(item));
		if (!other || item.metadata.attempt >= other.metadata.attempt) newest.set(keyOf(item), item);
	}
	return [...newest.values()];
}

function currentPods(pods: readonly PlainPod[]): readonly PlainPod[] {
	return newestBy(pods, ({ metadata: { uid, name, namespace } }) => `${uid}/${name}/${namespace}`);
}

function byPod(containers: readonly PlainContainer[]): ReadonlyMap<string, readonly PlainContainer[]> {
	return Map.groupBy(containers, ({ podSandboxId }) => podSandboxId);
}

function newestAttempts(own: readonly PlainContainer[]): readonly PlainContainer[] {
	return newestBy(own, ({ metadata }) => metadata.name);
}

/** The attempt before a running one: it tells why that one had to be started. */
function attemptBefore(
	own: readonly PlainContainer[],
	{ metadata }: PlainContainer,
): PlainContainer | undefined {
	const earlier = own.filter(
		(other) =>
			other.metadata.name === metadata.name &&
			other.metadata.attempt < metadata.attempt &&
			other.state === 'exited',
	);
	return earlier.reduce<PlainContainer | undefined>(
		(best, other) => (best && best.metadata.attempt >= other.metadata.attempt ? best : other),
		undefined,
	);
}

/** Ids of the containers whose end decides about their pods, those most likely to be in trouble first. */
export function decisiveContainers(
	pods: readonly PlainPod[],
	containers: readonly PlainContainer[],
): readonly string[] {
	const own = byPod(containers);
	const wanted = currentPods(pods).flatMap(({ id }) => {
		const all = own.get(id) ?? [];
		return newestAttempts(all).flatMap((container) => {
			if (container.state === 'exited') return [container];
			const before = container.state === 'running' ? attemptBefore(all, container) : undefined;
			return before ? [before] : [];
		});
	});
	return wanted.sort((left, right) => right.metadata.attempt - left.metadata.attempt).map(({ id }) => id);
}

function restarts(attempt: number): string {
	return attempt === 0 ? '' : `${attempt} restart${attempt === 1 ? '' : 's'}`;
}

function reasonOf({ reason, exitCode }: PlainStatus): string {
	return reason === '' || reason === 'Error' ? `Error ${exitCode}` : reason;
}

/** What the end of the attempt before says about a container that runs again. */
function relapse(
	{ metadata }: PlainContainer,
	before: PlainStatus,
	nowMs: number,
): Omit<SickPod, 'name' | 'namespace'> | undefined {
	const { finishedAtNanos, reason, exitCode } = before;
	if (finishedAtNanos === undefined || exitCode === 0) return undefined;
	const agoMs = nowMs - Number(finishedAtNanos / 1_000_000n);
	if (reason === 'OOMKilled' && agoMs < recentOomMs) {
		return { why: 'OOMKilled', detail: `${formatAgo(finishedAtNanos, nowMs)}, runs again`, level: 'warn' };
	}
	if (metadata.attempt < crashLoopAttempts || agoMs >= recentLoopMs) return undefined;
	return { why: 'CrashLoop', detail: restarts(metadata.attempt), level: 'fail' };
}

function healthOf(
	pod: PlainPod,
	own: readonly PlainContainer[],
	statuses: ReadonlyMap<string, PlainStatus>,
	nowMs: number,
): Health {
	const { name, namespace } = pod.metadata;
	const sick = (why: string, detail: string, level: SickPod['level']): SickPod => ({
		name,
		namespace,
		why,
		detail,
		level,
	});
	if (pod.state === 'unknown') return sick('Unknown', '', 'fail');
	const newest = newestAttempts(own);
	const running = newest.filter(({ state }) => state === 'running');
	if (pod.state === 'notReady' && running.length > 0) return sick('NotReady', '', 'fail');
	let unknown = false;
	for (const container of newest) {
		if (container.state === 'unknown') return sick('Unknown', '', 'fail');
		if (container.state !== 'exited') continue;
		const status = statuses.get(container.id);
		unknown ||= status === undefined;
		if (status === undefined || status.exitCode === 0) continue;
		const { attempt } = container.metadata;
		const why = reasonOf(status);
		const loops = pod.state === 'ready' && attempt >= crashLoopAttempts && why !== 'OOMKilled';
		return sick(loops ? 'CrashLoop' : why, restarts(attempt), 'fail');
	}
	if (pod.state === 'notReady') return unknown ? 'unknown' : undefined;
	for (const container of running) {
		const before = attemptBefore(own, container);
		const status = before && statuses.get(before.id);
		const problem = status && relapse(container, status, nowMs);
		if (problem) return { name, namespace, ...problem };
		unknown ||= before !== undefined && status === undefined;
	}
	if (unknown) return 'unknown';
	if (newest.length === 0) return sick('NoContainer', '', 'warn');
	return newest.some(({ state }) => state === 'created') ? sick('Created', 'not started', 'warn') : undefined;
}

/** The health of the pods, without those that a newer sandbox took the place of. */
export function podsHealth(
	pods: readonly PlainPod[],
	containers: readonly PlainContainer[],
	statuses: ReadonlyMap<string, PlainStatus>,
	nowMs: number,
): PodsHealth {
	const own = byPod(containers);
	const current = currentPods(pods);
	const healths = current.map((pod) => healthOf(pod, own.get(pod.id) ?? [], statuses, nowMs));
	const sick = healths.filter((health): health is SickPod => typeof health === 'object');
	const rank = ({ level, why }: SickPod): number =>
		(level === 'fail' ? 0 : 2) + (why === 'CrashLoop' || why === 'OOMKilled' ? 0 : 1);
	return {
		total: current.length,
		sick: sick.sort((left, right) => rank(left) - rank(right) || (left.name < right.name ? -1 : 1)),
		unknown: healths.filter((health) => health === 'unknown').length,
	};
}
