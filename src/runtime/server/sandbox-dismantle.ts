/** Takes a sandbox apart, by its id alone: after a removal, a failed making, or a crash at any moment. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { defaultParentOf } from '../cgroup/cgroup-paths.ts';
import type { AttachRequest } from '../cni/pod-network.ts';
import { endStrayMonitor } from '../oci/conmon-undo.ts';
import type { PodSandboxRecord } from '../store/model.ts';
import { runSteps } from './dismantle.ts';
import type { PodParts } from './pod-parts.ts';
import { remember } from './remember.ts';
import { removeSandboxFiles, unmountShm } from './sandbox-files.ts';

/** What detaching needs to know of a sandbox. */
export function detachRequest(
	{ namespaces }: Pick<PodParts, 'namespaces'>,
	{ id, request: { metadata } }: Pick<PodSandboxRecord, 'id' | 'request'>,
): Omit<AttachRequest, 'portMappings' | 'annotations' | 'cgroupPath'> {
	return {
		podSandboxId: id,
		podName: metadata.name,
		podNamespace: metadata.namespace,
		podUid: metadata.uid,
		netnsPath: namespaces.pathsOf(id).network,
	};
}

/** Detaches it from its networks, and remembers whether that worked. Never throws for a plugin. */
export async function stopNetwork(parts: PodParts, id: string): Promise<void> {
	const record = parts.sandboxes.get(id);
	if (record === undefined || record.networkStopped) return;
	const failures = await parts.network.detach(detachRequest(parts, record));
	for (const failure of failures) {
		parts.log('warn', 'the pod is not detached from a network; it is tried again later', {
			object: id,
			error: failure.message,
		});
	}
	if (failures.length === 0)
		await remember(parts.log, id, parts.sandboxes.update(id, { networkStopped: true }));
}

/** Ends the holder of the shared PID namespace, and with it all that still runs there. */
export async function removeInfra(parts: PodParts, record: PodSandboxRecord): Promise<void> {
	if (record.request.security.namespaces.pid !== 'pod' && record.infra === undefined) return;
	const { bundleDir } = parts.paths.infraPaths(record.id);
	if (record.infra === undefined) await endStrayMonitor({ bundleDir }, record.id);
	await parts.processes.delete(record.id, parts.handlers.of(record));
	await rm(bundleDir, { recursive: true, force: true });
	for (const dir of [parts.paths.exitsDir, parts.paths.attachDir]) {
		await rm(path.join(dir, record.id), { force: true });
	}
}

/** What a stopped sandbox does not need any more, in the order in which it can be let go. */
export function releaseSteps(parts: PodParts, record: PodSandboxRecord) {
	const { id } = record;
	return [
		['remove the infra container', () => removeInfra(parts, record)],
		['unpin namespaces', () => parts.namespaces.unpin(id)],
		['unmount /dev/shm', () => unmountShm(parts, id)],
	] as const;
}

/**
 * Takes everything apart and forgets the sandbox. What cannot be undone now stays on record, hidden, and is tried again.
 * @returns true where nothing is left
 */
export async function dismantleSandbox(parts: PodParts, id: string): Promise<boolean> {
	const record = parts.sandboxes.get(id);
	if (record === undefined) return true;
	parts.sandboxes.releaseName(id);
	await parts.sandboxes.update(id, { phase: 'removing' }).catch(() => undefined);
	const clean = await runSteps(
		[
			// What a plugin cannot undo stays in the network's own cache, and is tried again from there.
			['detach the network', () => stopNetwork(parts, id)],
			...releaseSteps(parts, record),
			['remove files', () => removeSandboxFiles(parts, id)],
			['remove the cgroups', () => removeCgroups(parts, record)],
		],
		id,
		parts.log,
	);
	if (!clean) return false;
	await parts.sandboxes.remove(id);
	return true;
}

/**
 * Below which cgroup the pod's containers go: where a kubelet says, or else one of the pod's own.
 * A slice cannot be made here, so that pods without a parent share the default one under systemd.
 */
export function podCgroupParent({ cgroups }: Pick<PodParts, 'cgroups'>, parent: string, id: string): string {
	const own = cgroups.pathsFor(parent, 'sandbox', id).path;
	return parent === '' && cgroups.driver === 'cgroupfs' ? own : parent;
}

/** The pod's own cgroup, made here; undefined where a kubelet keeps one, and under systemd. */
export function ownPodCgroup({
	request,
	cgroupParent,
}: Pick<PodSandboxRecord, 'request' | 'cgroupParent'>): string | undefined {
	return request.cgroupParent === '' && cgroupParent !== '' ? cgroupParent : undefined;
}

/** Where all of the pod's cgroups lie, below the mounts of the hierarchies. */
export function podCgroupPath(
	{ cgroups }: Pick<PodParts, 'cgroups'>,
	{ cgroupParent }: PodSandboxRecord,
): string {
	return path.dirname(cgroups.pathOf(cgroupParent, 'container', 'any'));
}

/** Where the conmon of one of its containers lies, or of its own; gone already, perhaps. */
export function monitorCgroupPath(
	{ cgroups }: Pick<PodParts, 'cgroups'>,
	{ request, cgroupParent }: PodSandboxRecord,
	id: string,
): string {
	return cgroups.pathOf(request.cgroupParent || defaultParentOf(cgroupParent), 'monitor', id);
}

async function removeCgroups({ cgroups, monitors }: PodParts, record: PodSandboxRecord): Promise<void> {
	await monitors.leave(record.id);
	await cgroups.remove(cgroups.pathOf(record.cgroupParent, 'container', record.id));
	await cgroups.remove(monitorCgroupPath({ cgroups }, record, record.id));
	const own = ownPodCgroup(record);
	if (own !== undefined) await cgroups.remove(own);
}
