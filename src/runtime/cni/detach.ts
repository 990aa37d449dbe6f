/** Detaching pods from what the cache remembers. What cannot be undone stays there, and is tried again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import { untilAborted } from '../store/operation-queue.ts';
import type { StartProgram } from '../sys/program-start.ts';
import type { Turns } from '../turns.ts';
import type { Attachment, AttachmentCache, AttachmentRecord } from './attachment-cache.ts';
import { interfaceName, openNetns, targetOf } from './attachment-target.ts';
import { portMappingsCapability } from './capabilities.ts';
import { deleteChain } from './chain.ts';
import type { Networks } from './networks.ts';
import { endOrphans } from './orphans.ts';
import { type AttachRequest, CniError, type PodNetwork } from './pod-network.ts';
import { removeRulesOf } from './stale-rules.ts';

type DetachRequest = Parameters<PodNetwork['detach']>[0];

/** One pod at a time; the caller puts what concerns one pod in order. */
export type Detacher = {
	/** @returns what plugins failed at; it stays in the cache */
	record(
		record: AttachmentRecord,
		options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined },
	): Promise<readonly CniError[]>;
	/** @param known what else the caller knows, for a record that cannot be read */
	byId(
		podSandboxId: string,
		options?: { readonly known?: DetachRequest; readonly signal?: AbortSignal | undefined },
	): Promise<readonly CniError[]>;
	/** True once a pod with host ports was among them. */
	sawHostPorts(): boolean;
};

/** What it takes. */
export type DetacherParts = {
	readonly cache: AttachmentCache;
	readonly binDirs: readonly string[];
	readonly networks: Networks;
	readonly log: Log;
	/** Of all plugins of one attachment together. */
	readonly timeoutMs: number;
	readonly turns: Turns;
	readonly start?: StartProgram | undefined;
};

/** Keeps nothing but what it was given. */
export function createDetacher({ cache, binDirs, networks, log, ...parts }: DetacherParts): Detacher {
	let sawHostPorts = false;

	const detachRecord: Detacher['record'] = async (record, { timeoutMs = parts.timeoutMs, signal } = {}) => {
		const failures: CniError[] = [];
		const kept: Attachment[] = [];
		const isUnanswered = record.attachments.some(({ result }) => result === undefined);
		if (isUnanswered) await endOrphans(record.podSandboxId, binDirs);
		for (const attachment of record.attachments.toReversed()) {
			const { chain, result } = attachment;
			sawHostPorts ||= portMappingsCapability in chain.capabilityArgs;
			const context = { binDirs, timeoutMs, turns: parts.turns, start: parts.start, signal };
			const errors = await deleteChain(chain, targetOf(record, attachment), result, context);
			failures.push(...errors);
			if (errors.length > 0) kept.unshift(attachment);
		}
		if (kept.length > 0) {
			await cache.save({ ...record, attachments: kept });
			return failures;
		}
		// Plugins find some of their rules by addresses that they read inside, and inside is nothing any more.
		if (openNetns(record.netnsPath) === '') await removeRulesOf(record.podSandboxId, log);
		await cache.remove(record.podSandboxId);
		return [];
	};

	/** The best that can be done without a record: what a pod would be attached to now. */
	async function guessRecord(
		id: string,
		known: DetachRequest | undefined,
		signal: AbortSignal | undefined,
	): Promise<AttachmentRecord> {
		const chosen = await networks.choose({ signal }).catch((error: unknown) => {
			if (error instanceof CniError) return [];
			throw error;
		});
		const nobody = { podSandboxId: id, podName: '', podNamespace: '', podUid: '', netnsPath: '' };
		return {
			...(known === undefined ? nobody : identityOf(known)),
			version: 1,
			attachments: chosen.map(({ list, cniVersion }, index) => ({
				interface: interfaceName(index),
				chain: { name: list.name, cniVersion, disableCheck: true, plugins: list.plugins, capabilityArgs: {} },
			})),
		};
	}

	return {
		record: detachRecord,
		async byId(id, { known, signal } = {}) {
			const record = await cache.load(id);
			if (record === undefined) return [];
			if (record !== 'damaged') return await detachRecord(record, { signal });
			log('warn', 'the record of a network attachment is damaged', { sandbox: id });
			return await detachRecord(await guessRecord(id, known, signal), { signal });
		},
		sawHostPorts: () => sawHostPorts,
	};
}

/** What a record says of the pod itself. */
export function identityOf(request: Omit<AttachRequest, 'portMappings' | 'annotations' | 'cgroupPath'>) {
	const { podSandboxId, podName, podNamespace, podUid, netnsPath } = request;
	return { podSandboxId, podName, podNamespace, podUid, netnsPath };
}

/**
 * Waits for a pod to be detached, but not for ever: a plugin that hangs must not hold a stop. The work goes on behind.
 * @returns what failed, the waiting itself included. @throws the signal's reason
 */
export async function waitAwhile(
	detached: Promise<readonly CniError[]>,
	how: {
		readonly podSandboxId: string;
		readonly waitMs: number;
		readonly log: Log;
		readonly signal: AbortSignal | undefined;
	},
): Promise<readonly CniError[]> {
	const { podSandboxId, waitMs, log, signal } = how;
	const leave = new AbortController();
	const late = sleep(waitMs, undefined, { signal: leave.signal }).then(
		() => 'late' as const,
		() => 'late' as const,
	);
	try {
		const first = await untilAborted(Promise.race([detached, late]), signal);
		if (first !== 'late') return first;
		return [
			new CniError('any', 'DEL', `no end within ${waitMs} ms; it goes on without whoever asked for it`),
		];
	} finally {
		leave.abort();
		detached.then(
			() => undefined,
			(error: unknown) =>
				log('warn', 'a pod is not detached from its networks; it is tried again later', {
					object: podSandboxId,
					error: errorMessage(error),
				}),
		);
	}
}
