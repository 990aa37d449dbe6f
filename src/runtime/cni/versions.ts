/** Which versions of CNI plugins speak, and the one that all plugins of a network do. Source: CNI spec 1.1, VERSION */
import { statSync } from 'node:fs';
import { untilAborted } from '../store/operation-queue.ts';
import { compareVersions, type NetworkList } from './network-list.ts';
import { callPlugin, findPlugin, noTarget } from './plugin-call.ts';
import { CniError } from './pod-network.ts';

/** Asks each plugin once, and again when its file has changed. */
export type PluginVersions = {
	/**
	 * The best version that the list allows and all its plugins speak.
	 * @throws CniError naming the plugin that is missing, does not answer, or speaks none of the list's versions
	 */
	negotiate(list: NetworkList, options?: { readonly signal?: AbortSignal | undefined }): Promise<string>;
};

/** Goes on as long as somebody waits for its answer. */
type SharedQuestion = {
	readonly answer: Promise<readonly string[]>;
	readonly nobody: AbortController;
	waiting: number;
};

/** What every plugin speaks that does not know VERSION. */
const oldest = ['0.1.0'];
const versionTimeoutMs = 10_000;

/** Makes one for the folders of plugins. */
export function createPluginVersions(binDirs: readonly string[]): PluginVersions {
	const known = new Map<string, { readonly stamp: string; readonly versions: readonly string[] }>();
	/** Pods that come together ask together. */
	const asking = new Map<string, SharedQuestion>();

	async function askOnce(
		key: string,
		type: string,
		signal: AbortSignal | undefined,
	): Promise<readonly string[]> {
		let question = asking.get(key);
		if (question === undefined) {
			const nobody = new AbortController();
			const answer = ask(type, binDirs, { signal: nobody.signal });
			// Where nobody waits for it any more it may fail.
			answer.catch(() => undefined);
			question = { answer, nobody, waiting: 0 };
			asking.set(key, question);
		}
		question.waiting += 1;
		try {
			return await untilAborted(question.answer, signal);
		} finally {
			question.waiting -= 1;
			if (question.waiting === 0) {
				// The next one who asks must not get what was given up.
				if (asking.get(key) === question) asking.delete(key);
				question.nobody.abort();
			}
		}
	}

	async function versionsOf(
		type: string,
		{ signal }: { readonly signal?: AbortSignal | undefined },
	): Promise<readonly string[]> {
		signal?.throwIfAborted();
		const file = findPlugin(type, binDirs);
		const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
		const stamp = `${stat?.mtimeMs} ${stat?.size} ${stat?.ino}`;
		const before = known.get(file ?? '');
		if (before?.stamp === stamp) return before.versions;
		const answer = await askOnce(`${type} ${stamp}`, type, signal);
		if (file !== undefined) known.set(file, { stamp, versions: answer });
		return answer;
	}

	return {
		async negotiate(list, options = {}) {
			let common = list.cniVersions;
			for (const type of new Set(list.plugins.map((plugin) => plugin.type))) {
				const spoken = await versionsOf(type, options);
				const left = common.filter((version) => spoken.includes(version));
				if (left.length === 0) {
					throw new CniError(
						type,
						'VERSION',
						`network "${list.name}" has cniVersion ${common.join(', ')}, the plugin speaks ${spoken.join(', ')}`,
					);
				}
				common = left;
			}
			return common.toSorted(compareVersions).at(-1) ?? '0.1.0';
		},
	};
}

async function ask(
	type: string,
	binDirs: readonly string[],
	{ signal }: { readonly signal?: AbortSignal | undefined },
): Promise<readonly string[]> {
	const call = { binDirs, type, verb: 'VERSION', target: noTarget, timeoutMs: versionTimeoutMs } as const;
	let answer: unknown;
	try {
		answer = await callPlugin({ ...call, config: { cniVersion: '1.1.0' } }, { signal });
	} catch (error) {
		// Before 0.2.0 there was no such verb. Source: libcni
		if (error instanceof CniError && error.message.includes('unknown CNI_COMMAND')) return oldest;
		throw error;
	}
	const spoken = (answer as { supportedVersions?: unknown } | undefined)?.supportedVersions;
	if (Array.isArray(spoken) && spoken.length > 0) return spoken.map(String);
	throw new CniError(type, 'VERSION', 'it names no version that it speaks');
}
