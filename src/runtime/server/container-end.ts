/** Takes note of the end of containers, by whatever it becomes known: conmon's exit file, or a process that is gone. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerExit } from '../oci/container-process.ts';
import type { ContainerRecord } from '../store/model.ts';
import { untilAborted } from '../store/operation-queue.ts';
import { exitReason, isListed } from '../store/states.ts';
import { type DismantleStep, runSteps } from './dismantle.ts';
import { emitEvent } from './emit-event.ts';
import { containerKey, type PodParts, sandboxKey } from './pod-parts.ts';
import { remember } from './remember.ts';
import { releaseSteps } from './sandbox-dismantle.ts';

export type ContainerEnds = {
	/**
	 * Looks whether the container, or the infra container of a sandbox, has ended, and records it. One that goes on, or
	 * is unknown, is no error.
	 */
	note(id: string): Promise<void>;
	/** Resolves once the end is recorded. @throws the signal's reason */
	ended(id: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
};

/** What nobody wrote down. Source: cri-o 1.36, the exit code where there is no exit file */
export const unknownExitCode = 255;

/**
 * How long an exit file may come after its process has gone, with and without somebody to write it (conmon, or we who inherit
 * its container when it was killed), in milliseconds.
 */
const exitFileWaitMs = 5_000;
const orphanWaitMs = 300;

export function createContainerEnds(parts: Omit<PodParts, 'ends'>): ContainerEnds {
	const { processes, containers, sandboxes, queue } = parts;
	const waiters = new Map<string, PromiseWithResolvers<void>>();

	const noteContainer = async (id: string): Promise<void> => {
		const record = containers.get(id);
		if (record === undefined || !isListed(record) || record.finishedAtNanos !== undefined) return;
		const paths = parts.paths.containerPaths(id, record.logPath);
		if (processes.readExit(id, paths) === undefined && isAlive(record)) return;
		const exit = await exitOf(record);
		const oomKilled = exit.oomKilled || (exit.exitCode === 137 && wasStruckByOom(record));
		const saved = await remember(
			parts.log,
			id,
			containers.update(id, {
				startedAtNanos: record.startedAtNanos ?? exit.finishedAtNanos,
				// The clock of the file and ours differ by a little.
				finishedAtNanos: maximum(exit.finishedAtNanos, record.startedAtNanos ?? 0n),
				exitCode: exit.exitCode,
				reason: exitReason({ exitCode: exit.exitCode, oomKilled }),
				message: record.message || exit.message,
			}),
		);
		parts.execs.killAll(id);
		waiters.get(id)?.resolve();
		waiters.delete(id);
		emitEvent(parts, 'stopped', id, record.podSandboxId);
		await tidy(record, saved);
	};

	const isAlive = ({ init }: ContainerRecord) => init !== undefined && processes.isAlive(init);

	const exitOf = async (record: ContainerRecord): Promise<ContainerExit & { readonly message: string }> => {
		const paths = parts.paths.containerPaths(record.id, record.logPath);
		const startedMs = performance.now();
		for (let pauseMs = 10; ; pauseMs *= 1.5) {
			const exit = processes.readExit(record.id, paths);
			if (exit !== undefined) return { ...exit, message: '' };
			const isWatched =
				processes.inherits(record.id) || (record.monitor !== undefined && processes.isAlive(record.monitor));
			if (performance.now() - startedMs > (isWatched ? exitFileWaitMs : orphanWaitMs)) break;
			await sleep(pauseMs);
		}
		const message = 'nobody saw how it ended: its monitor (conmon) wrote no exit code';
		parts.log('warn', 'a container ended without an exit code', { object: record.id });
		return { exitCode: unknownExitCode, finishedAtNanos: parts.now(), oomKilled: false, message };
	};

	/** Source: cri-o#6973: the file is missing where a child of init was struck. */
	const wasStruckByOom = ({ cgroupPath }: ContainerRecord): boolean =>
		(parts.cgroups.read(cgroupPath)?.oomKills ?? 0n) > 0n;

	/** Nobody needs the merged view of an ended container, nor what it left running in a namespace of others. */
	const tidy = async (record: ContainerRecord, saved: boolean): Promise<void> => {
		const { id, request } = record;
		const isShared = request.security.namespaces.pid !== 'container';
		const killRest: DismantleStep = [
			'kill what is left',
			() => processes.kill(id, parts.handlers.of(record), 'SIGKILL', { all: true }),
		];
		const removeExit: DismantleStep = [
			'remove the exit file',
			() => rm(path.join(parts.paths.exitsDir, id), { force: true }),
		];
		const steps: readonly DismantleStep[] = [
			...(isShared ? [killRest] : []),
			['unmount the rootfs', () => parts.layers.unmount(id)],
			// From now on the record tells it.
			...(saved ? [removeExit] : []),
		];
		await runSteps(steps, id, parts.log);
	};

	const noteInfra = async (id: string): Promise<void> => {
		const record = sandboxes.get(id);
		if (record?.infra === undefined || !isListed(record) || record.stoppedAtNanos !== undefined) return;
		if (processes.isAlive(record.infra.init)) return;
		parts.log('warn', 'the infra container has ended, and its pod sandbox is stopped', { object: id });
		await sandboxes.update(id, { stoppedAtNanos: parts.now() }).catch(() => undefined);
		emitEvent(parts, 'stopped', id, id);
		await runSteps(releaseSteps({ ...parts, ends }, record).slice(0, 1), id, parts.log);
	};

	const ends: ContainerEnds = {
		async note(id) {
			if (containers.get(id) !== undefined) await queue.run(containerKey(id), () => noteContainer(id));
			else if (sandboxes.get(id) !== undefined) await queue.run(sandboxKey(id), () => noteInfra(id));
		},
		async ended(id, { signal } = {}) {
			const record = containers.get(id);
			if (record === undefined || record.finishedAtNanos !== undefined) return;
			const waiter = waiters.get(id) ?? Promise.withResolvers<void>();
			waiters.set(id, waiter);
			await untilAborted(waiter.promise, signal);
		},
	};
	return ends;
}

function maximum(a: bigint, b: bigint): bigint {
	return a > b ? a : b;
}
