/** Takes a container apart, by its id and record alone: after a removal, a failed making, or a crash at any moment. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endStrayMonitor } from '../oci/conmon-undo.ts';
import type { ContainerRecord, PodSandboxRecord } from '../store/model.ts';
import { type DismantleStep, runSteps } from './dismantle.ts';
import { emitEvent } from './emit-event.ts';
import type { PodParts } from './pod-parts.ts';
import { monitorCgroupPath } from './sandbox-dismantle.ts';

/** How long a conmon may take to end after its container, before it is killed. */
const monitorGraceMs = 2_000;

/** Names of the image mounts of a container, by the index of the mount. */
export function imageMountId(id: string, index: number): string {
	return `${id}-${index}`;
}

/**
 * Takes everything apart and forgets the container. What cannot be undone now stays on record, hidden, and is tried again.
 * @returns true where nothing is left
 */
export async function dismantleContainer(parts: PodParts, id: string): Promise<boolean> {
	const record = parts.containers.get(id);
	if (record === undefined) return true;
	// The name first: whatever hangs below must not keep it. Source: cri-o#8596
	parts.containers.releaseName(id);
	const wasListed = record.phase === 'complete';
	await parts.containers.update(id, { phase: 'removing' }).catch(() => undefined);
	const { bundleDir, exitsDir, attachDir } = parts.paths.containerPaths(id, record.logPath);
	const sandbox = parts.sandboxes.get(record.podSandboxId);
	const runtimeSteps: readonly DismantleStep[] = [
		...(record.monitor === undefined
			? ([['end a creation that was left alone', () => endStrayMonitor({ bundleDir }, id)]] as const)
			: []),
		['delete the container from its runtime', () => parts.processes.delete(id, parts.handlers.of(record))],
		['end its monitor', () => endMonitor(parts, record)],
	];
	const layerSteps: readonly DismantleStep[] = [
		['unmount images', () => unmountImages(parts, record)],
		['remove the writable layer', () => parts.layers.remove(id)],
	];
	const fileSteps: readonly DismantleStep[] = [
		['remove the cgroup', () => removeCgroups(parts, record, sandbox)],
		['remove the bundle', () => rm(bundleDir, { recursive: true, force: true })],
		['remove the exit file', () => rm(path.join(exitsDir, id), { force: true })],
		// A link of conmon's to the bundle.
		['remove the way to attach', () => rm(path.join(attachDir, id), { force: true })],
	];
	const run = (...steps: readonly DismantleStep[]) => runSteps(steps, id, parts.log);
	// Once it has ended nobody is in its layer, which need not wait for the runtime.
	const together =
		record.finishedAtNanos === undefined
			? [await run(...runtimeSteps, ...layerSteps, ...fileSteps)]
			: await Promise.all([run(...runtimeSteps, ...fileSteps), run(...layerSteps)]);
	const clean = together.every(Boolean);
	if (wasListed) emitEvent(parts, 'deleted', id, record.podSandboxId);
	if (!clean) return false;
	await parts.containers.remove(id);
	return true;
}

/** conmon writes its last files once its container has ended; taking them from under it would leave some. */
async function endMonitor({ processes }: PodParts, { monitor }: ContainerRecord): Promise<void> {
	if (monitor === undefined) return;
	const untilMs = performance.now() + monitorGraceMs;
	for (let pauseMs = 2; processes.isAlive(monitor); pauseMs = Math.min(pauseMs * 2, 100)) {
		if (performance.now() > untilMs) {
			process.kill(monitor.pid, 'SIGKILL');
			return;
		}
		await sleep(pauseMs);
	}
}

async function unmountImages({ layers }: PodParts, { id, request }: ContainerRecord): Promise<void> {
	for (const [index, mount] of request.mounts.entries()) {
		if (mount.image !== undefined) await layers.unmountImage(imageMountId(id, index));
	}
}

async function removeCgroups(
	{ cgroups, monitors }: PodParts,
	{ id, cgroupPath }: ContainerRecord,
	sandbox: PodSandboxRecord | undefined,
): Promise<void> {
	await monitors.leave(id);
	await cgroups.remove(cgroupPath);
	if (sandbox !== undefined) await cgroups.remove(monitorCgroupPath({ cgroups }, sandbox, id));
}
