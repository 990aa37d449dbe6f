/** The configuration while the runtime runs: read anew at SIGHUP. */
import { isDeepStrictEqual } from 'node:util';
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import type { HandlerConfig } from '../oci/model.ts';
import { actingKeys } from './acting-keys.ts';
import { pathOfKey } from './key-model.ts';
import type { RuntimeConfig } from './runtime-config.ts';

/** What counts now. */
export type LiveConfig = {
	readonly current: () => RuntimeConfig;
	/** The handlers that count now, the default first. What was made keeps its own (`Handlers.of`). */
	readonly handlers: (runDir: string) => readonly HandlerConfig[];
	/** Reads anew. What is wrong is logged, and nothing changes then. */
	readonly reload: () => Promise<void>;
};

/** @param load reads the files. @param onChange called when another reading counts */
export function createLiveConfig(
	first: RuntimeConfig,
	{
		load,
		log,
		onChange = () => undefined,
	}: {
		readonly load: () => Promise<RuntimeConfig>;
		readonly log: Log;
		readonly onChange?: (config: RuntimeConfig) => void;
	},
): LiveConfig {
	let config = first;
	let turn = Promise.resolve();

	async function reload(): Promise<void> {
		let next: RuntimeConfig;
		try {
			next = await load();
		} catch (error) {
			log('error', 'the configuration is wrong, and the former one stays', { error: errorMessage(error) });
			return;
		}
		const { reloaded, restart } = changedKeys(config, next);
		for (const note of next.notes) log('warn', note);
		log('info', 'configuration read anew', { files: next.files, changed: reloaded });
		// Told at each reload, compared with what the process began with.
		const waiting = changedKeys(first, next).restart;
		if (waiting.length > 0)
			log('warn', 'settings that count after a restart only have changed', { keys: waiting });
		if (reloaded.length === 0 && restart.length === 0) return;
		config = next;
		onChange(next);
	}

	return {
		current: () => config,
		handlers: (runDir) => config.handlers(runDir),
		reload() {
			turn = turn.then(reload);
			return turn;
		},
	};
}

/** The keys whose values differ, by what it takes for them to count. */
export function changedKeys(
	before: Pick<RuntimeConfig, 'values'>,
	after: Pick<RuntimeConfig, 'values'>,
): { readonly reloaded: readonly string[]; readonly restart: readonly string[] } {
	const names = [...new Set([...before.values.keys(), ...after.values.keys()])].filter(
		(name) => !isDeepStrictEqual(before.values.get(name)?.value, after.values.get(name)?.value),
	);
	const needsRestart = (name: string) =>
		actingKeys.some((key) => key.acts === 'restart' && pathOfKey(key) === name);
	return {
		reloaded: names.filter((name) => !needsRestart(name)).sort(),
		restart: names.filter(needsRestart).sort(),
	};
}
