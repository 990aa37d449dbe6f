import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { ProgramOptions } from './arguments.ts';
import { createRuntimeAccess } from './runtime-access.ts';
import { commands } from './ui/commands/index.ts';
import type { Config } from './ui/config/config.ts';
import { loadConfig } from './ui/config/load.ts';
import { runInspector } from './ui/main.tsx';
import { resourceOf } from './ui/resources/index.ts';

/** Reads the configuration of the inspector, the flags over it. @throws ConfigError with file and line. */
export async function readConfig(options: ProgramOptions): Promise<Config> {
	const columnsOf = (list: 'pods' | 'containers' | 'images') => resourceOf(list).columns.map(({ id }) => id);
	const config = await loadConfig({
		path: options.config,
		env: process.env,
		readFile: (path) =>
			readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
				if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
				throw error;
			}),
		commands: commands.map(({ id, keys, scopes, danger }) => ({
			id,
			keys,
			scope: scopes,
			changesNode: danger !== 'none',
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

/** Opens the inspector on this terminal. @returns the exit code. */
export async function startInspector(options: ProgramOptions): Promise<number> {
	const config = await readConfig(options);
	const code = await runInspector({
		config,
		access: createRuntimeAccess(options, config.runtime),
		readOnly: {
			enabled: config.ui.readOnly,
			reason: options.readOnly
				? 'Read-only: criscope was started with --read-only.'
				: 'Read-only: the configuration says read_only = true.',
		},
		env: process.env,
		hostname: hostname(),
		stdin: process.stdin,
		stdout: process.stdout,
	});
	// Nothing may keep a shell waiting once the person has left.
	process.exit(code);
}
