/** The plugins of one network, one after the other. Source: CNI spec 1.1, section 3 */
import { isIPv4 } from 'node:net';
import type { StartProgram } from '../sys/program-start.ts';
import type { Turns } from '../turns.ts';
import type { CapabilityArgs } from './capabilities.ts';
import { capabilitiesOf, compareVersions, type PluginConf } from './network-list.ts';
import { type CniTarget, type CniVerb, callPlugin } from './plugin-call.ts';
import { CniError } from './pod-network.ts';
import { addressesOf } from './results.ts';

/** A network as it is, or will be, made for one pod; enough to unmake it. */
export type Chain = {
	readonly name: string;
	/** The one that all its plugins speak. */
	readonly cniVersion: string;
	readonly disableCheck: boolean;
	readonly plugins: readonly PluginConf[];
	readonly capabilityArgs: CapabilityArgs;
};

/** Where the plugins are, and how long all of them may take together, in milliseconds. */
export type ChainContext = {
	readonly binDirs: readonly string[];
	readonly timeoutMs: number;
	/** Who waits for whom; without it nobody does. */
	readonly turns?: Turns | undefined;
	/** How a plugin's process is started. */
	readonly start?: StartProgram | undefined;
	readonly signal?: AbortSignal | undefined;
};

/** One that follows a plugin that hung is still given this much. */
const leastMs = 5000;

/**
 * Attaches. Nothing is undone here on failure: the caller detaches, which every plugin bears.
 * @returns the last plugin's result
 * @throws CniError, the signal's reason
 */
export async function addChain(chain: Chain, target: CniTarget, context: ChainContext): Promise<unknown> {
	const deadline = deadlineOf(context);
	let result: unknown;
	for (const plugin of chain.plugins) {
		const continues = result !== undefined;
		result = await call(chain, plugin, 'ADD', { target, prevResult: result, deadline, continues, context });
		if (typeof result !== 'object' || result === null || Array.isArray(result)) {
			throw new CniError(plugin.type, 'ADD', 'it printed no result');
		}
		// Some leave it out; the next one needs it to read what came before.
		result = { cniVersion: chain.cniVersion, ...result };
	}
	return result;
}

/** Detaches, in reverse order. A plugin that fails does not keep the others from it. */
export async function deleteChain(
	chain: Chain,
	target: CniTarget,
	result: unknown,
	context: ChainContext,
): Promise<readonly CniError[]> {
	const deadline = deadlineOf(context);
	const failures: CniError[] = [];
	const prevResult = speaks(chain, '0.4.0') ? result : undefined;
	for (const [index, plugin] of chain.plugins.toReversed().entries()) {
		try {
			await call(chain, plugin, 'DEL', { target, prevResult, deadline, continues: index > 0, context });
		} catch (error) {
			if (!(error instanceof CniError)) throw error;
			failures.push(error);
		}
	}
	return failures;
}

/** Asks each plugin whether all is as it made it; versions before 0.4.0 cannot tell. @throws CniError */
export async function checkChain(
	chain: Chain,
	target: CniTarget,
	result: unknown,
	context: ChainContext,
): Promise<void> {
	if (chain.disableCheck || !speaks(chain, '0.4.0')) return;
	const deadline = deadlineOf(context);
	for (const plugin of chain.plugins) {
		try {
			await call(chain, plugin, 'CHECK', { target, prevResult: result, deadline, context });
		} catch (error) {
			if (!isFalseAlarm(error, result)) throw error;
		}
	}
}

/**
 * Up to 1.1.1 at least, portmap misses its IPv6 rules in pods that have no IPv6 address; in pods of both families it looks for
 * the rules of IPv4 among those of IPv6. What there is of IPv4 it has found before.
 */
function isFalseAlarm(error: unknown, result: unknown): boolean {
	const said = error instanceof CniError && error.plugin === 'portmap' ? error.message : '';
	if (!said.includes('could not check ipv6 dnat')) return false;
	return addressesOf(result).every((address) => isIPv4(address)) || /-s \d+(?:\.\d+){3}\//.test(said);
}

/** What is written to the plugin's stdin. */
export function pluginInput(
	chain: Chain,
	plugin: PluginConf,
	prevResult: unknown,
): Readonly<Record<string, unknown>> {
	const wanted = capabilitiesOf(plugin).filter((name) => Object.hasOwn(chain.capabilityArgs, name));
	const runtimeConfig = Object.fromEntries(wanted.map((name) => [name, chain.capabilityArgs[name]]));
	return {
		...plugin,
		name: chain.name,
		cniVersion: chain.cniVersion,
		...(wanted.length === 0 ? {} : { runtimeConfig }),
		...(prevResult === undefined ? {} : { prevResult }),
	};
}

function speaks(chain: Chain, version: string): boolean {
	return compareVersions(chain.cniVersion, version) >= 0;
}

function deadlineOf({ timeoutMs }: ChainContext): number {
	return performance.now() + timeoutMs;
}

function call(
	chain: Chain,
	plugin: PluginConf,
	verb: CniVerb,
	how: {
		readonly target: CniTarget;
		readonly prevResult: unknown;
		readonly deadline: number;
		/** A plugin of the same chain ran before. */
		readonly continues?: boolean | undefined;
		readonly context: ChainContext;
	},
): Promise<unknown> {
	const { binDirs, timeoutMs, turns, start, signal } = how.context;
	const config = pluginInput(chain, plugin, how.prevResult);
	const leftMs = () => Math.round(how.deadline - performance.now());
	const run = () =>
		callPlugin(
			{
				binDirs,
				type: plugin.type,
				verb,
				config,
				target: how.target,
				timeoutMs: Math.max(leftMs(), Math.min(leastMs, timeoutMs)),
			},
			{ signal, start },
		);
	if (turns === undefined) return run();
	return turns.run(run, { longestWaitMs: Math.max(leftMs(), 0), continues: how.continues, signal });
}
