/**
 * Takes over what an earlier run left, before anybody is served. What is assumed:
 *
 *  1. Only one runtime works on a root at a time: the store's lock sees to that.
 *  2. A record is on disk before anything else of its object is, and is removed after everything else is gone. So an object
 *     without a record has nothing outside, except where a record was lost with the power: then the id alone, which is
 *     part of every path and name, is enough to take it apart.
 *  3. With another boot id nothing lives any more: processes, mounts, namespaces and cgroups are gone, while records, logs,
 *     writable layers, exit files and the network plugins' own books remain. Containers stay on record as exited, with the
 *     code that conmon wrote down or 255, and their pods as not ready, so that somebody can look at them; their networks are
 *     detached from the cache. (CRI-O deletes them. A kubelet removes them either way, and keeps a log until then.)
 *  4. Within a boot a process is known by pid and start time; a pid alone proves nothing.
 *  5. An object in the phase `creating` was never answered for, and is undone; one in the phase `removing` is finished.
 *  6. conmon outlives us, and goes on logging and waiting: a container that runs needs nothing from us. One whose conmon died
 *     is found by the first round of reconcile.ts. A conmon that was not yet in its control group goes there.
 *  7. An exit that happened meanwhile has left its file, and is told with its true code and time.
 *  8. A container that was being started may have started: the OCI runtime knows.
 *  9. Whatever lies below our own folders and belongs to no record is a leftover, and is removed; what lies elsewhere is
 *     somebody else's, and is left alone.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../cri/errors.ts';
import type { ProcessIdentity } from './oci/container-process.ts';
import { unknownExitCode } from './server/container-end.ts';
import { type DismantleStep, runSteps } from './server/dismantle.ts';
import type { PodParts } from './server/pod-parts.ts';
import { finishRemovals } from './server/reconcile.ts';
import { remember } from './server/remember.ts';
import { monitorCgroupPath } from './server/sandbox-dismantle.ts';
import { unmountShm } from './server/sandbox-files.ts';
import type { UsageSamples } from './server/usage-samples.ts';
import type { ContainerRecord, PodSandboxRecord } from './store/model.ts';
import type { LoadedRecords } from './store/record-files.ts';
import { containerState, exitReason } from './store/states.ts';

type Parts = PodParts & { readonly samples: UsageSamples };

/** Plugins may hang; what is not undone by then goes on behind the calls that are served. */
const undoMs = 15_000;

/** What was on disk. */
export type Loaded = {
	readonly sandboxes: LoadedRecords<PodSandboxRecord>;
	readonly containers: LoadedRecords<ContainerRecord>;
};

/** Rebuilds the tables and undoes what is half-done. Never throws for a single object. */
export async function recover(parts: Parts, loaded: Loaded): Promise<void> {
	parts.sandboxes.restore(loaded.sandboxes.records);
	parts.containers.restore(loaded.containers.records);
	for (const { id, cause } of [...loaded.sandboxes.broken, ...loaded.containers.broken]) {
		parts.log('warn', 'a record cannot be read, and its object is removed', { object: id, error: cause });
	}
	for (const record of parts.sandboxes.all()) await settleSandbox(parts, record);
	for (const record of parts.containers.all()) await settleContainer(parts, record);
	await removeLeftovers(parts, loaded);
	const undone = finishRemovals(parts).catch((error: unknown) =>
		parts.log('error', 'removing what was left half-done failed', { error: errorMessage(error) }),
	);
	const late = new AbortController();
	await Promise.race([undone, sleep(undoMs, undefined, { signal: late.signal }).catch(() => undefined)]);
	late.abort();
	const count = (kind: string) => ({
		[kind]: kind === 'pods' ? parts.sandboxes.size : parts.containers.size,
	});
	parts.log('info', 'pods and containers taken over', { ...count('pods'), ...count('containers') });
}

async function settleSandbox(parts: Parts, record: PodSandboxRecord): Promise<void> {
	const { id, phase } = record;
	if (phase !== 'complete') {
		parts.sandboxes.releaseName(id);
		await remember(parts.log, id, parts.sandboxes.update(id, { phase: 'removing' }));
		return;
	}
	if (record.stoppedAtNanos !== undefined) return;
	const wanted = record.request.security.namespaces.network !== 'node';
	const rebooted = record.bootId !== parts.bootId;
	const pinned = !wanted || parts.namespaces.list().includes(id);
	const held = record.infra === undefined || parts.processes.isAlive(record.infra.init);
	if (!rebooted) placeMonitor(parts, id, record.infra?.monitor, record);
	if (!rebooted && pinned && held) return;
	const cause = rebooted ? 'the machine was restarted' : 'its namespaces are gone';
	parts.log('info', 'a pod sandbox is not ready any more', { object: id, cause });
	await remember(parts.log, id, parts.sandboxes.update(id, { stoppedAtNanos: parts.now() }));
}

async function settleContainer(parts: Parts, record: ContainerRecord): Promise<void> {
	const { id, phase } = record;
	const sandbox = parts.sandboxes.get(record.podSandboxId);
	if (phase !== 'complete' || sandbox === undefined || sandbox.phase !== 'complete') {
		parts.containers.releaseName(id);
		await remember(parts.log, id, parts.containers.update(id, { phase: 'removing' }));
		return;
	}
	if (record.finishedAtNanos !== undefined) return;
	if (record.bootId !== parts.bootId) {
		await remember(parts.log, id, parts.containers.update(id, endedByReboot(parts, record)));
		return;
	}
	placeMonitor(parts, id, record.monitor, sandbox);
	if (containerState(record) === 'created' && (await hasStarted(parts, record))) {
		await remember(parts.log, id, parts.containers.update(id, { startedAtNanos: parts.now() }));
	}
	// In the background: a process without exit file is waited for, and others must not wait with it.
	parts.ends
		.note(id)
		.catch((error: unknown) =>
			parts.log('error', 'cannot take note of an end', { object: id, error: errorMessage(error) }),
		);
}

/** The run before may have been killed before it placed a monitor, or between two hierarchies. */
function placeMonitor(
	parts: Parts,
	id: string,
	monitor: ProcessIdentity | undefined,
	sandbox: PodSandboxRecord,
): void {
	if (monitor === undefined || parts.cgroups.driver !== 'cgroupfs' || !parts.processes.isAlive(monitor))
		return;
	const cgroup = monitorCgroupPath(parts, sandbox, id);
	if (cgroup.endsWith('.scope') || parts.cgroups.hasMonitor(cgroup, monitor.pid)) return;
	parts.monitors.place(id, cgroup, monitor);
}

function endedByReboot(parts: Parts, record: ContainerRecord): Partial<ContainerRecord> {
	const exit = parts.processes.readExit(record.id, parts.paths.containerPaths(record.id, record.logPath));
	const exitCode = exit?.exitCode ?? unknownExitCode;
	return {
		startedAtNanos: record.startedAtNanos ?? record.createdAtNanos,
		finishedAtNanos: exit?.finishedAtNanos ?? parts.now(),
		exitCode,
		reason: exitReason({ exitCode, oomKilled: exit?.oomKilled ?? false }),
		message: exit === undefined ? 'the machine was restarted' : '',
	};
}

async function hasStarted(parts: Parts, record: ContainerRecord): Promise<boolean> {
	const paths = parts.paths.containerPaths(record.id, record.logPath);
	if (parts.processes.readExit(record.id, paths) !== undefined) return true;
	const state = await parts.processes.state(record.id, parts.handlers.of(record)).catch(() => undefined);
	return state?.status === 'running' || state?.status === 'paused' || state?.status === 'stopped';
}

/** Everything below our folders that no record speaks for. */
async function removeLeftovers(parts: Parts, loaded: Loaded): Promise<void> {
	const { paths, namespaces, layers, processes } = parts;
	const isKnown = (id: string) =>
		parts.containers.get(id) !== undefined || parts.sandboxes.get(id) !== undefined;
	const unknown = async (list: readonly string[] | Promise<readonly string[]>) =>
		(await list).filter((id) => !isKnown(id));
	const steps: DismantleStep[] = [];
	for (const id of await unknown(entries(paths.bundlesDir))) {
		const usable = parts.handlers.all.filter(
			({ type, unavailable }) => type === 'oci' && unavailable === undefined,
		);
		for (const handler of usable) {
			steps.push(['delete a container without record', () => processes.delete(id, handler)]);
		}
		steps.push([
			'remove a bundle',
			() => rm(path.join(paths.bundlesDir, id), { recursive: true, force: true }),
		]);
	}
	for (const id of await unknown(layers.listOwn())) {
		steps.push(['remove a writable layer without record', () => layers.remove(id)]);
	}
	for (const mountId of await layers.listImageMounts()) {
		if (parts.containers.get(mountId.slice(0, 64)) !== undefined) continue;
		steps.push(['unmount an image without container', () => layers.unmountImage(mountId)]);
	}
	for (const id of await unknown(namespaces.list())) {
		steps.push(['unpin namespaces without sandbox', () => namespaces.unpin(id)]);
	}
	for (const id of await unknown(entries(paths.sandboxesDir))) {
		steps.push(['unmount /dev/shm', () => unmountShm(parts, id)]);
		steps.push([
			'remove files',
			() => rm(path.join(paths.sandboxesDir, id), { recursive: true, force: true }),
		]);
	}
	for (const dir of [paths.exitsDir, paths.attachDir]) {
		for (const id of await unknown(entries(dir))) {
			steps.push([
				'remove a file of a container without record',
				() => rm(path.join(dir, id), { force: true }),
			]);
		}
	}
	// What conmon was writing when the power went: `<id>.XXXXXX`.
	for (const name of await readdir(paths.exitsDir)) {
		const [id = '', ...more] = name.split('.');
		if (more.length === 0 || isKnown(id)) continue;
		steps.push(['remove a half-written file', () => rm(path.join(paths.exitsDir, name), { force: true })]);
	}
	for (const { id } of loaded.sandboxes.broken) {
		const dir = path.join(paths.sandboxRecordsDir, id);
		steps.push(['remove a broken record', () => rm(dir, { recursive: true, force: true })]);
	}
	for (const { id } of loaded.containers.broken) {
		const dir = path.join(paths.containerRecordsDir, id);
		steps.push(['remove a broken record', () => rm(dir, { recursive: true, force: true })]);
	}
	// Another runtime of the same kind, on another root, may have its own below the same parent.
	const lost = await unknown([
		...(await entries(paths.bundlesDir)),
		...(await entries(paths.sandboxesDir)),
		...[...loaded.sandboxes.broken, ...loaded.containers.broken].map(({ id }) => id),
	]);
	steps.push(['remove cgroups', () => removeCgroups(parts, new Set(lost))]);
	await runSteps(steps, 'leftovers', parts.log);
}

/** Those of the given objects below the default parent: other parents are a kubelet's. */
async function removeCgroups({ cgroups }: Parts, lost: ReadonlySet<string>): Promise<void> {
	for (const cgroup of cgroups.list(path.dirname(cgroups.pathsFor('', 'container', 'any').path))) {
		const id = /([0-9a-f]{64})(?:\.scope)?$/.exec(cgroup)?.[1];
		if (id === undefined || !lost.has(id)) continue;
		for (const pid of cgroups.processes(cgroup)) process.kill(pid, 'SIGKILL');
		await cgroups.remove(cgroup);
	}
}

async function entries(dir: string): Promise<readonly string[]> {
	await mkdir(dir, { recursive: true, mode: 0o711 });
	return (await readdir(dir)).filter((name) => /^[0-9a-f]{64}$/.test(name));
}
