/** Which networks a pod gets: those asked for by name, else the first of the folder, else the built-in one. */

import type { ConfFolder } from './conf-folder.ts';
import type { NetworkList } from './network-list.ts';
import { findPlugin } from './plugin-call.ts';
import { CniError } from './pod-network.ts';
import type { PluginVersions } from './versions.ts';

/** A network and the version of CNI in which its plugins are spoken to. */
export type ChosenNetwork = { readonly list: NetworkList; readonly cniVersion: string };

/** Chooses anew each time it is asked, from what the folder holds then. */
export type Networks = {
	/** What keeps pods from getting a network, in one sentence. */
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
};

/** Pure but for reading the folder and asking plugins for their versions. */
export function createNetworks(options: NetworksOptions): Networks {
	const { confDir, folder, binDirs, versions, defaultNetworks } = options;
	/** What turned out when the plugins were asked; by list, so that a changed file is tried anew. */
	const refused = new WeakMap<NetworkList, string>();
	let builtin: NetworkList | undefined;

	function candidates(): { readonly lists: readonly NetworkList[]; readonly problems: readonly string[] } {
		const { networks, problems, empty } = folder.current();
		if (empty && options.builtin !== undefined && defaultNetworks.length === 0) {
			builtin ??= options.builtin();
			return usable([builtin], [], () => 'the built-in network');
		}
		const fileOf = new Map(networks.map(({ file, list }) => [list, `"${file}"`]));
		const lists = networks.map(({ list }) => list);
		return usable(lists, problems, (list) => fileOf.get(list) ?? '');
	}

	function usable(
		lists: readonly NetworkList[],
		problems: readonly string[],
		where: (list: NetworkList) => string,
	) {
		const found = lists.map((list) => {
			const absent = list.plugins.find(({ type }) => findPlugin(type, binDirs) === undefined)?.type;
			const problem =
				absent === undefined ? refused.get(list) : `no plugin "${absent}" in ${binDirs.join(', ')}`;
			return { list, problem: problem === undefined ? undefined : `cannot use ${where(list)}: ${problem}` };
		});
		return {
			lists: found.flatMap(({ list, problem }) => (problem === undefined ? [list] : [])),
			problems: [...problems, ...found.flatMap(({ problem }) => problem ?? [])],
		};
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
			return typeof networks === 'string' ? networks : undefined;
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
						refused.set(list, error.message);
					}
				}
				// One that was refused is left out now: the next file has its turn.
				if (chosen.length === lists.length) return chosen;
			}
		},
	};
}
