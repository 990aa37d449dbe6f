/** Networking of pods by CNI plugins: what pod-network.ts promises. Source: CNI spec 1.1; CRI-O 1.36 */
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import { type Attachment, type AttachmentRecord, createAttachmentCache } from './attachment-cache.ts';
import { openNetns, targetOf } from './attachment-target.ts';
import { type BuiltinBridge, type BuiltinBridgeOptions, createBuiltinBridge } from './builtin-bridge.ts';
import { capabilityArgsOf, portMappingsCapability } from './capabilities.ts';
import { addChain, type Chain, checkChain, deleteChain } from './chain.ts';
import { createConfFolder } from './conf-folder.ts';
import { collectGarbage } from './garbage.ts';
import { declares, type PluginConf } from './network-list.ts';
import { type ChosenNetwork, createNetworks } from './networks.ts';
import { endOrphans } from './orphans.ts';
import { type AttachRequest, CniError, type PodNetwork, type PodNetworkResult } from './pod-network.ts';
import { createPodQueues } from './pod-queues.ts';
import { addressesOf } from './results.ts';
import { removeEmptyPortChains, removeRulesOf } from './stale-rules.ts';
import { createPluginVersions } from './versions.ts';

export type PodNetworkOptions = {
	/** Source: /etc/cni/net.d */
	readonly confDir: string;
	readonly binDirs: readonly string[];
	/** One file for each attached pod; nothing else lies in it. */
	readonly cacheDir: string;
	/** Names of networks, each pod gets all of them; empty for the first of the folder. */
	readonly defaultNetworks?: readonly string[] | undefined;
	/** The network of a node that has none; without it such a node is not ready. */
	readonly builtin?: BuiltinBridgeOptions | undefined;
	readonly log: Log;
	/** Of all plugins of a pod's network together. */
	readonly addTimeoutMs?: number | undefined;
	readonly deleteTimeoutMs?: number | undefined;
};

/** Linux names pods' interfaces so, and so do all runtimes. */
const interfaceName = (index: number) => `eth${index}`;
const minute = 60_000;

/** Makes the cache's folder; nothing else is done before it is asked for. */
export function createPodNetwork(options: PodNetworkOptions): PodNetwork {
	const { confDir, binDirs, log, addTimeoutMs = 5 * minute, deleteTimeoutMs = minute } = options;
	const cache = createAttachmentCache(options.cacheDir);
	const versions = createPluginVersions(binDirs);
	const builtin: BuiltinBridge | undefined =
		options.builtin === undefined ? undefined : createBuiltinBridge(options.builtin, log);
	const ending = new AbortController();
	const networks = createNetworks({
		signal: ending.signal,
		confDir,
		folder: createConfFolder(confDir, log),
		binDirs,
		versions,
		defaultNetworks: options.defaultNetworks ?? [],
		builtin: builtin === undefined ? undefined : () => builtin.network(),
	});
	const queue = createPodQueues();
	let madeHostPorts = false;
	/** Attached by this run, and not to be collected by a caller whose list is older than they are. */
	const attachedHere = new Set<string>();

	/** Host ports work with any network: where its plugins make none, portmap is added to them. */
	async function chainOf(
		{ list, cniVersion }: ChosenNetwork,
		request: AttachRequest,
		{ isPrimary, signal }: { readonly isPrimary: boolean; readonly signal: AbortSignal | undefined },
	): Promise<Chain> {
		const { [portMappingsCapability]: hostPorts, ...others } = capabilityArgsOf(request);
		const chain = { name: list.name, disableCheck: list.disableCheck };
		if (hostPorts === undefined || !isPrimary) {
			return { ...chain, cniVersion, plugins: list.plugins, capabilityArgs: others };
		}
		madeHostPorts = true;
		const capabilityArgs = { ...others, [portMappingsCapability]: hostPorts };
		if (declares(list, portMappingsCapability)) {
			return { ...chain, cniVersion, plugins: list.plugins, capabilityArgs };
		}
		const portmap: PluginConf = {
			type: 'portmap',
			capabilities: { [portMappingsCapability]: true },
			snat: true,
		};
		const longer = { ...list, plugins: [...list.plugins, portmap] as const };
		const common = await versions.negotiate({ ...longer, cniVersions: [cniVersion] }, { signal });
		return { ...chain, cniVersion: common, plugins: longer.plugins, capabilityArgs };
	}

	async function attachAll(
		request: AttachRequest,
		signal: AbortSignal | undefined,
	): Promise<PodNetworkResult> {
		const chosen = await networks.choose({ signal });
		let record: AttachmentRecord = { ...identityOf(request), version: 1, attachments: [] };
		const ips: string[] = [];
		try {
			for (const [index, network] of chosen.entries()) {
				const chain = await chainOf(network, request, { isPrimary: index === 0, signal });
				const attachment: Attachment = { interface: interfaceName(index), chain };
				record = { ...record, attachments: [...record.attachments, attachment] };
				await cache.save(record);
				const prepared = builtin?.owns(network.list) === true ? builtin.prepare({ signal }) : undefined;
				const target = targetOf(record, attachment);
				const [added, ready] = await Promise.allSettled([
					addChain(chain, target, { binDirs, timeoutMs: addTimeoutMs, signal }),
					prepared,
				]);
				if (added.status === 'rejected') throw added.reason;
				if (ready.status === 'rejected') throw ready.reason;
				const result = added.value;
				ips.push(...readAddresses(chain, result));
				record = { ...record, attachments: record.attachments.with(index, { ...attachment, result }) };
				await cache.save(record);
			}
		} catch (error) {
			// Not to be cut short by whoever gave up: what is left over now would be left over for long.
			await undo(record);
			if (error instanceof CniError || signal?.aborted === true) throw error;
			throw new CniError(chosen[0]?.list.name ?? 'none', 'ADD', errorMessage(error), { cause: error });
		}
		return {
			ips: [...new Set(ips)],
			attachments: record.attachments.map(({ interface: name, chain, result }) => ({
				network: chain.name,
				interface: name,
				result,
			})),
		};
	}

	async function undo(record: AttachmentRecord): Promise<void> {
		try {
			for (const failure of await detachRecord(record)) {
				log('warn', 'a network attachment is kept for another try', {
					sandbox: record.podSandboxId,
					error: failure.message,
				});
			}
		} catch (error) {
			log('error', 'cannot undo a network attachment', {
				sandbox: record.podSandboxId,
				error: errorMessage(error),
			});
		}
	}

	/** What fails stays in the cache. */
	async function detachRecord(record: AttachmentRecord, signal?: AbortSignal): Promise<readonly CniError[]> {
		const failures: CniError[] = [];
		const kept: Attachment[] = [];
		const isUnanswered = record.attachments.some(({ result }) => result === undefined);
		if (isUnanswered) await endOrphans(record.podSandboxId, binDirs);
		for (const attachment of record.attachments.toReversed()) {
			const { chain, result } = attachment;
			madeHostPorts ||= portMappingsCapability in chain.capabilityArgs;
			const context = { binDirs, timeoutMs: deleteTimeoutMs, signal };
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
	}

	async function detachId(
		id: string,
		known: Parameters<PodNetwork['detach']>[0] | undefined,
		signal?: AbortSignal,
	): Promise<readonly CniError[]> {
		const record = await cache.load(id);
		if (record === undefined) return [];
		if (record !== 'damaged') return await detachRecord(record, signal);
		log('warn', 'the record of a network attachment is damaged', { sandbox: id });
		return await detachRecord(await guessRecord(id, known, signal), signal);
	}

	/** The best that can be done without a record: what a pod would be attached to now. */
	async function guessRecord(
		id: string,
		known: Parameters<PodNetwork['detach']>[0] | undefined,
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
		notReady() {
			const problem = networks.problem();
			if (problem === undefined) return undefined;
			return { reason: 'NetworkPluginNotReady', message: `Network plugin returns error: ${problem}` };
		},
		attach: (request, { signal } = {}) =>
			queue.run(request.podSandboxId, async () => {
				signal?.throwIfAborted();
				// A try that a crash has cut short.
				const [failure] = await detachId(request.podSandboxId, request, signal);
				if (failure !== undefined) throw failure;
				attachedHere.add(request.podSandboxId);
				try {
					return await attachAll(request, signal);
				} catch (error) {
					attachedHere.delete(request.podSandboxId);
					throw error;
				}
			}),
		detach: (request, { signal } = {}) =>
			queue.run(request.podSandboxId, () => {
				attachedHere.delete(request.podSandboxId);
				return detachId(request.podSandboxId, request, signal);
			}),
		check: (request, { signal } = {}) =>
			queue.run(request.podSandboxId, async () => {
				const record = await cache.load(request.podSandboxId);
				if (record === undefined || record === 'damaged') {
					throw new CniError('none', 'CHECK', `pod "${request.podSandboxId}" is not attached`);
				}
				for (const attachment of record.attachments) {
					const { chain, result } = attachment;
					const context = { binDirs, timeoutMs: addTimeoutMs, signal };
					await checkChain(chain, targetOf(record, attachment), result, context);
				}
			}),
		async collect(live, { signal } = {}) {
			const failures: CniError[] = [];
			for (const id of cache.ids().filter((cached) => !live.has(cached))) {
				const gone = () => (attachedHere.has(id) ? Promise.resolve([]) : detachId(id, undefined, signal));
				failures.push(...(await queue.run(id, gone)));
			}
			let chosen: readonly ChosenNetwork[];
			try {
				chosen = await networks.choose({ signal });
			} catch (error) {
				// Without a network there is nobody to ask.
				if (error instanceof CniError) return failures;
				throw error;
			}
			const context = { cache, binDirs, timeoutMs: deleteTimeoutMs, signal };
			return [...failures, ...(await collectGarbage(chosen, context))];
		},
		async [Symbol.asyncDispose]() {
			ending.abort();
			await queue.idle();
			if (cache.ids().length > 0) return;
			await builtin?.tidy();
			if (madeHostPorts) await removeEmptyPortChains(log);
		},
	};
}

function identityOf(request: Omit<AttachRequest, 'portMappings' | 'annotations' | 'cgroupPath'>) {
	const { podSandboxId, podName, podNamespace, podUid, netnsPath } = request;
	return { podSandboxId, podName, podNamespace, podUid, netnsPath };
}

function readAddresses(chain: Chain, result: unknown): readonly string[] {
	try {
		return addressesOf(result);
	} catch (error) {
		throw new CniError(chain.plugins.at(-1)?.type ?? chain.name, 'ADD', errorMessage(error), {
			cause: error,
		});
	}
}
