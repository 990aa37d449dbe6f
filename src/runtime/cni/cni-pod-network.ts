/** Networking of pods by CNI plugins: what pod-network.ts promises. Source: CNI spec 1.1; CRI-O 1.36 */
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import type { StartProgram } from '../sys/program-start.ts';
import { createTurns, type Turns } from '../turns.ts';
import { type Attachment, type AttachmentRecord, createAttachmentCache } from './attachment-cache.ts';
import { interfaceName, targetOf } from './attachment-target.ts';
import { type BuiltinBridge, type BuiltinBridgeOptions, createBuiltinBridge } from './builtin-bridge.ts';
import {
	bandwidthCapability,
	type CapabilityArgs,
	capabilityArgsOf,
	portMappingsCapability,
} from './capabilities.ts';
import { addChain, type Chain, checkChain } from './chain.ts';
import { createConfFolder } from './conf-folder.ts';
import { createDetacher, identityOf, waitAwhile } from './detach.ts';
import { collectGarbage } from './garbage.ts';
import { declares, type PluginConf } from './network-list.ts';
import { createNetworkUsers } from './network-users.ts';
import { type ChosenNetwork, createNetworks } from './networks.ts';
import { type AttachRequest, CniError, type PodNetwork, type PodNetworkResult } from './pod-network.ts';
import { createPodQueues } from './pod-queues.ts';
import { addressesOf } from './results.ts';
import { removeEmptyPortChains } from './stale-rules.ts';
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
	/** How long whoever detaches a pod waits for its plugins; they go on behind. */
	readonly detachWaitMs?: number | undefined;
	/** How many plugins run at once. */
	readonly turns?: Turns | undefined;
	/** How their processes are started. */
	readonly start?: StartProgram | undefined;
	/** Where other runtimes keep account of what they have attached. */
	readonly foreignResultsDirs?: readonly string[] | undefined;
	/** Where runtimes of our kind say which networks they have pods on; without it this one is alone. */
	readonly usersDir?: string | undefined;
};

const portmap: PluginConf = {
	type: 'portmap',
	capabilities: { [portMappingsCapability]: true },
	snat: true,
};
const bandwidth: PluginConf = { type: 'bandwidth', capabilities: { [bandwidthCapability]: true } };
const minute = 60_000;
/** Pods that are detached at a time when nobody waits for it. */
const collectors = 4;
/** What is being detached when the runtime ends has so long; the next run goes on with it. */
const endWaitMs = 5000;

/** Makes the cache's folder; nothing else is done before it is asked for. */
export function createPodNetwork(options: PodNetworkOptions): PodNetwork {
	const { confDir, binDirs, log, addTimeoutMs = 5 * minute, deleteTimeoutMs = minute } = options;
	const { detachWaitMs = 10_000, foreignResultsDirs, turns = createTurns(), start } = options;
	const cache = createAttachmentCache(options.cacheDir);
	const users = createNetworkUsers(options.usersDir, options.cacheDir);
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
	/** Ends what is detached behind everybody's back. */
	const stopping = new AbortController();
	const detacher = createDetacher({
		...{ cache, binDirs, networks, log, turns, start },
		timeoutMs: deleteTimeoutMs,
	});
	let madeHostPorts = false;
	/** Attached by this run, and not to be collected by a caller whose list is older than they are. */
	const attachedHere = new Set<string>();
	/** A plugin that collects would take what another one is just giving out. Source: CNI spec 1.1, GC */
	let attaching = 0;
	let collecting: Promise<unknown> | undefined;

	/**
	 * Host ports work with any network: where its plugins make none, portmap is added to them. A limit of bandwidth is kept by
	 * networks that have a plugin for it, and by ours.
	 */
	async function chainOf(
		{ list, cniVersion }: ChosenNetwork,
		allArgs: CapabilityArgs,
		{ isPrimary, signal }: { readonly isPrimary: boolean; readonly signal: AbortSignal | undefined },
	): Promise<Chain> {
		const { [portMappingsCapability]: hostPorts, ...others } = allArgs;
		const takesPorts = hostPorts !== undefined && isPrimary;
		const capabilityArgs = takesPorts ? allArgs : others;
		const added = [
			...(takesPorts && !declares(list, portMappingsCapability) ? [portmap] : []),
			...(builtin?.owns(list) === true && bandwidthCapability in allArgs ? [bandwidth] : []),
		];
		if (takesPorts) madeHostPorts = true;
		const chain = { name: list.name, disableCheck: list.disableCheck, capabilityArgs };
		const [first, ...following] = list.plugins;
		const plugins = [first, ...following, ...added] as const;
		if (added.length === 0) return { ...chain, cniVersion, plugins };
		const longer = { ...list, plugins, cniVersions: [cniVersion] };
		return { ...chain, cniVersion: await versions.negotiate(longer, { signal }), plugins };
	}

	async function attachAll(
		request: AttachRequest,
		signal: AbortSignal | undefined,
	): Promise<PodNetworkResult> {
		// What is asked for may be wrong: then nothing has been done.
		const capabilityArgs = capabilityArgsOf(request);
		const chosen = await networks.choose({ signal });
		let record: AttachmentRecord = { ...identityOf(request), version: 1, attachments: [] };
		const ips: string[] = [];
		try {
			for (const [index, network] of chosen.entries()) {
				const chain = await chainOf(network, capabilityArgs, { isPrimary: index === 0, signal });
				const attachment: Attachment = { interface: interfaceName(index), chain };
				record = { ...record, attachments: [...record.attachments, attachment] };
				await cache.save(record);
				users.mark(chain.name);
				const prepared = builtin?.owns(network.list) === true ? builtin.prepare({ signal }) : undefined;
				const target = targetOf(record, attachment);
				const [added, ready] = await Promise.allSettled([
					addChain(chain, target, { binDirs, timeoutMs: addTimeoutMs, turns, start, signal }),
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
			for (const failure of await detacher.record(record, { timeoutMs: detachWaitMs })) {
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
				const [failure] = await detacher.byId(request.podSandboxId, { known: request, signal });
				if (failure !== undefined) throw failure;
				attachedHere.add(request.podSandboxId);
				while (collecting !== undefined) await collecting;
				attaching += 1;
				try {
					return await attachAll(request, signal);
				} catch (error) {
					attachedHere.delete(request.podSandboxId);
					throw error;
				} finally {
					attaching -= 1;
				}
			}),
		detach(request, { signal } = {}) {
			const { podSandboxId } = request;
			const detached = queue.run(podSandboxId, () => {
				attachedHere.delete(podSandboxId);
				return detacher.byId(podSandboxId, { known: request, signal: stopping.signal });
			});
			return waitAwhile(detached, { podSandboxId, waitMs: detachWaitMs, log, signal });
		},
		check: (request, { signal } = {}) =>
			queue.run(request.podSandboxId, async () => {
				const record = await cache.load(request.podSandboxId);
				if (record === undefined || record === 'damaged') {
					throw new CniError('none', 'CHECK', `pod "${request.podSandboxId}" is not attached`);
				}
				for (const attachment of record.attachments) {
					const { chain, result } = attachment;
					const context = { binDirs, timeoutMs: addTimeoutMs, turns, start, signal };
					await checkChain(chain, targetOf(record, attachment), result, context);
				}
			}),
		async collect(live, { signal } = {}) {
			const dead = cache.ids().filter((cached) => !live.has(cached));
			const failures: CniError[] = [];
			const work = async () => {
				for (let id = dead.shift(); id !== undefined; id = dead.shift()) {
					const gone = id;
					const undo = async () => (attachedHere.has(gone) ? [] : detacher.byId(gone, { signal }));
					failures.push(...(await queue.run(gone, undo)));
				}
			};
			// Each that hangs takes its time, and the others need not wait for it.
			await Promise.all(Array.from({ length: collectors }, work));
			let chosen: readonly ChosenNetwork[];
			try {
				chosen = await networks.choose({ signal });
			} catch (error) {
				// Without a network there is nobody to ask.
				if (error instanceof CniError) return failures;
				throw error;
			}
			// Another time: whoever attaches should not wait, and is not finished.
			if (attaching > 0 || collecting !== undefined) return failures;
			const context = { cache, users, binDirs, timeoutMs: detachWaitMs, foreignResultsDirs, signal };
			const collected = collectGarbage(chosen, context);
			collecting = collected
				.catch(() => undefined)
				.finally(() => {
					collecting = undefined;
				});
			return [...failures, ...(await collected)];
		},
		async [Symbol.asyncDispose]() {
			ending.abort();
			const late = setTimeout(() => stopping.abort(new Error('the runtime ends')), endWaitMs);
			await queue.idle().finally(() => clearTimeout(late));
			if (cache.ids().length > 0) return;
			users.unmark();
			await builtin?.tidy();
			if (madeHostPorts || detacher.sawHostPorts()) await removeEmptyPortChains(log);
		},
	};
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
