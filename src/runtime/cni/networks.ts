/** Which networks a pod gets: those asked for by name, else the first of the folder, else the built-in one. */

import type { ConfFolder } from './conf-folder.ts';
import { compareVersions, type NetworkList } from './network-list.ts';
import { callPlugin, findPlugin, noTarget } from './plugin-call.ts';
import { CniError } from './pod-network.ts';
import type { PluginVersions } from './versions.ts';

/** A network and the version of CNI in which its plugins are spoken to. */
export type ChosenNetwork = { readonly list: NetworkList; readonly cniVersion: string };

/** Chooses anew each time it is asked, from what the folder holds then. */
export type Networks = {
	/**
	 * What keeps pods from getting a network, in one sentence. Plugins of a network that is new, or was asked long ago, are
	 * asked meanwhile whether they are ready; what they say counts from the next call on.
	 */
	problem(): string | undefined;
	/** @throws CniError where there is none that works */
	choose(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly ChosenNetwork[]>;
};

/** Where networks come from. */
export type NetworksOptions = {
	readonly confDir: string;
	readonly folder: ConfFolder;
	readonly binDirs: readonly string[];
	readonly versions: PluginVersions;
	/** Names; empty for the first that works. Source: cni_default_network of crio.conf */
	readonly defaultNetworks: readonly string[];
	/** Used where the folder has no configuration at all. @throws Error where it cannot be made */
	readonly builtin: (() => NetworkList) | undefined;
	/** Ends the asking. */
	readonly signal: AbortSignal;
};

/** What plugins said of a network. */
type Said = {
	readonly atMs: number;
	/** It cannot be used at all. */
	readonly refused?: string | undefined;
	/** It is there, and takes no pods at the moment. Source: CNI spec 1.1, STATUS */
	readonly unavailable?: string | undefined;
};

type Candidates = {
	readonly lists: readonly NetworkList[];
	readonly problems: readonly string[];
	/** False for the built-in network: it takes the place of a configuration that nobody made. */
	readonly configured: boolean;
};

/** Plugins may be replaced without their configuration, and their status changes by itself. */
const askAgainMs = 10_000;
const statusTimeoutMs = 10_000;

/** Pure but for reading the folder and asking plugins for their versions. */
export function createNetworks(options: NetworksOptions): Networks {
	const { confDir, folder, binDirs, versions, defaultNetworks } = options;
	/** By list, so that a changed file is tried anew. */
	const said = new WeakMap<NetworkList, Said>();
	const asking = new WeakSet<NetworkList>();
	let builtin: NetworkList | undefined;

	function candidates(): Candidates {
		const { networks, problems, empty } = folder.current();
		if (empty && options.builtin !== undefined && defaultNetworks.length === 0) {
			builtin ??= options.builtin();
			return { ...usable([builtin], [], () => 'the built-in network'), configured: false };
		}
		const fileOf = new Map(networks.map(({ file, list }) => [list, `"${file}"`]));
		const lists = networks.map(({ list }) => list);
		return { ...usable(lists, problems, (list) => fileOf.get(list) ?? ''), configured: true };
	}

	function usable(
		lists: readonly NetworkList[],
		problems: readonly string[],
		where: (list: NetworkList) => string,
	) {
		const found = lists.map((list) => {
			const absent = list.plugins.find(({ type }) => findPlugin(type, binDirs) === undefined)?.type;
			const problem =
				absent === undefined
					? recent(list)?.refused
					: `no plugin "${absent}" in ${binDirs.join(', ')} (Debian's package: containernetworking-plugins)`;
			return { list, problem: problem === undefined ? undefined : `cannot use ${where(list)}: ${problem}` };
		});
		return {
			lists: found.flatMap(({ list, problem }) => (problem === undefined ? [list] : [])),
			problems: [...problems, ...found.flatMap(({ problem }) => problem ?? [])],
		};
	}

	/** Undefined where it is time to ask again. */
	function recent(list: NetworkList): Said | undefined {
		const last = said.get(list);
		return last !== undefined && performance.now() - last.atMs < askAgainMs ? last : undefined;
	}

	async function ask(list: NetworkList): Promise<void> {
		const now = () => performance.now();
		const { signal } = options;
		try {
			const cniVersion = await versions.negotiate(list, { signal });
			try {
				await askStatus(list, cniVersion, { binDirs, signal });
				said.set(list, { atMs: now() });
			} catch (error) {
				if (error instanceof CniError) said.set(list, { atMs: now(), unavailable: error.message });
			}
		} catch (error) {
			if (error instanceof CniError) said.set(list, { atMs: now(), refused: error.message });
		} finally {
			asking.delete(list);
		}
	}

	function selected(): readonly NetworkList[] | string {
		let all: ReturnType<typeof candidates>;
		try {
			all = candidates();
		} catch (error) {
			return error instanceof Error ? error.message : String(error);
		}
		const why = all.problems.length === 0 ? '' : ` (${all.problems.join('; ')})`;
		if (defaultNetworks.length === 0) {
			const first = all.lists[0];
			if (first !== undefined) return [first];
			if (!all.configured) return all.problems.join('; ');
			// CRI-O's words, which people search for.
			return `no CNI configuration file in ${confDir}. Has your network provider started?${why}`;
		}
		const wanted = defaultNetworks.map((name) => all.lists.find((list) => list.name === name) ?? name);
		const absent = wanted.filter((network) => typeof network === 'string');
		if (absent.length > 0) return `no CNI network "${absent.join('", "')}" in ${confDir}${why}`;
		return wanted.filter((network) => typeof network !== 'string');
	}

	return {
		problem() {
			const networks = selected();
			if (typeof networks === 'string') return networks;
			for (const list of networks) {
				if (recent(list) !== undefined || asking.has(list)) continue;
				asking.add(list);
				void ask(list);
			}
			return networks.map((list) => said.get(list)?.unavailable).find((words) => words !== undefined);
		},
		async choose({ signal } = {}) {
			for (;;) {
				const lists = selected();
				if (typeof lists === 'string') throw new CniError('none', 'ADD', lists);
				const chosen: ChosenNetwork[] = [];
				for (const list of lists) {
					try {
						chosen.push({ list, cniVersion: await versions.negotiate(list, { signal }) });
					} catch (error) {
						if (!(error instanceof CniError)) throw error;
						said.set(list, { atMs: performance.now(), refused: error.message });
					}
				}
				// One that was refused is left out now: the next file has its turn.
				if (chosen.length === lists.length) return chosen;
			}
		},
	};
}

/** Plugins that know STATUS say whether they can take pods. @throws CniError of the first that cannot */
async function askStatus(
	list: NetworkList,
	cniVersion: string,
	{ binDirs, signal }: { readonly binDirs: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
	if (compareVersions(cniVersion, '1.1.0') < 0) return;
	for (const plugin of list.plugins) {
		const config = { ...plugin, name: list.name, cniVersion };
		const call = { binDirs, type: plugin.type, verb: 'STATUS', config, target: noTarget } as const;
		await callPlugin({ ...call, timeoutMs: statusTimeoutMs }, { signal });
	}
}
