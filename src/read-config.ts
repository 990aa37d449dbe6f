import { readFile } from 'node:fs/promises';
import type { ProgramOptions } from './arguments.ts';
import { commands } from './ui/commands/index.ts';
import type { Config } from './ui/config/config.ts';
import { loadConfig } from './ui/config/load.ts';
import { resourceOf } from './ui/resources/index.ts';
import type { ReadOnly } from './ui/store/slices/read-only.ts';

/** Reads the configuration of the inspector, the flags over it. @throws ConfigError with file and line. */
export async function readConfig(options: ProgramOptions): Promise<Config> {
	const columnsOf = (list: 'pods' | 'containers' | 'images') => resourceOf(list).columns.map(({ id }) => id);
	const config = await loadConfig({
		path: options.config,
		env: process.env,
		readFile: (path) =>
			readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
				if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
				// Under sudo or su the home is somebody else's: only a file that was asked for must be readable.
				if (error.code === 'EACCES' && path !== options.config) return undefined;
				throw error;
			}),
		commands: commands.map(({ id, keys, scopes, danger }) => ({
			id,
			keys,
			scope: scopes,
			changesNode: danger === 'confirm',
		})),
		columns: { pods: columnsOf('pods'), containers: columnsOf('containers'), images: columnsOf('images') },
	});
	return {
		...config,
		ui: {
			...config.ui,
			theme: (options.theme as Config['ui']['theme'] | undefined) ?? config.ui.theme,
			ascii: options.ascii ? true : config.ui.ascii,
			mouse: options.mouse || config.ui.mouse,
			readOnly: options.readOnly || config.ui.readOnly,
		},
	};
}

/**
 * Whether this run may change the node, and the sentence for those who ask.
 * @param options.mayLift whether there is a way to lift what only the login banner asked for
 */
export function readOnlyOf(options: ProgramOptions, config: Config, { mayLift = false } = {}): ReadOnly {
	// What the administrator or the person asked for is nobody's to lift.
	if (options.fromBanner && !config.ui.readOnly) {
		const remedy = mayLift
			? ':rw allows changes for ten minutes'
			: 'start criscope from the shell to change anything';
		return {
			enabled: true,
			reason: `Read-only: opened from the login banner; ${remedy}.`,
			liftable: mayLift,
		};
	}
	return {
		enabled: config.ui.readOnly,
		reason: options.readOnly
			? 'Read-only: criscope was started with --read-only.'
			: 'Read-only: the configuration says read_only = true.',
	};
}
