import { parse, TomlError } from 'smol-toml';
import { didYouMean } from '../../text/suggest.ts';
import { findKeyLines } from '../../text/toml-lines.ts';
import { type Config, ConfigError, defaultConfig, themes, timestampModes } from './config.ts';
import { type ConfigurableCommand, readKeys, refuseClashes } from './keys.ts';
import { createTableReader, type Fail } from './values.ts';

/** What reading the configuration needs from outside. */
export type LoadConfigOptions = {
	/** `--config FILE`: the only file read then, and it has to be there. */
	readonly path?: string | undefined;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Answers the text of a file, undefined when there is none; throws when it cannot be read. */
	readonly readFile: (path: string) => Promise<string | undefined>;
	readonly commands: readonly ConfigurableCommand[];
	/** Ids of the columns of each kind of object. */
	readonly columns: Readonly<Record<string, readonly string[]>>;
};

/** The file of the host's administrator; each user's own one goes over it. */
const systemPath = '/etc/criscope/config.toml';

/**
 * Names the configuration files in the order they are read; later ones win, setting by setting.
 * Source: XDG Base Directory Specification (a relative XDG_CONFIG_HOME does not count).
 */
export function configPaths({ path, env }: Pick<LoadConfigOptions, 'path' | 'env'>): readonly string[] {
	if (path !== undefined) return [path];
	const xdg = env['XDG_CONFIG_HOME'];
	const home = env['HOME'];
	const base = xdg?.startsWith('/') ? xdg : home ? `${home}/.config` : undefined;
	return base === undefined ? [systemPath] : [systemPath, `${base.replace(/\/+$/, '')}/criscope/config.toml`];
}

/**
 * Reads the configuration. Files that are not there are passed over, except the one asked for by `path`.
 * @throws ConfigError for the first thing that is wrong in a file, with its line.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<Config> {
	let config = defaultConfig;
	for (const file of configPaths(options)) {
		let text: string | undefined;
		try {
			text = await options.readFile(file);
		} catch (error) {
			const cause = error instanceof Error ? error.message : String(error);
			throw new ConfigError(file, undefined, cause, { cause: error });
		}
		if (text !== undefined) config = parseConfig(text, file, options, config);
		else if (options.path !== undefined) throw new ConfigError(file, undefined, 'there is no such file');
	}
	return config;
}

/**
 * Reads one file over what is known already.
 * @throws ConfigError for the first thing that is wrong.
 */
export function parseConfig(
	text: string,
	file: string,
	{ commands, columns }: Pick<LoadConfigOptions, 'commands' | 'columns'>,
	below: Config = defaultConfig,
): Config {
	const clean = text.replace(/^\uFEFF/, '');
	let document: Readonly<Record<string, unknown>>;
	try {
		document = parse(clean);
	} catch (error) {
		if (!(error instanceof TomlError)) throw error;
		// The parser's message goes on with a drawing of the line; its first line is the sentence.
		const sentence = error.message.split('\n', 1)[0]?.replace(/^Invalid TOML document: /, '') ?? 'not TOML';
		throw new ConfigError(file, error.line, sentence, { cause: error });
	}
	const lineOf = findKeyLines(clean);
	const fail: Fail = (path, sentence) => {
		throw new ConfigError(file, lineOf(path), sentence);
	};
	const top = createTableReader(document, [], fail);
	const section = (name: string) => createTableReader(top.table(name) ?? {}, [name], fail);

	const rebound = readKeys(top.table('keys') ?? {}, commands, fail);
	const ui = section('ui');
	const runtime = section('runtime');
	const pull = section('pull');
	top.finish();
	const keys = new Map(below.keys);
	for (const [id, binding] of rebound) keys.set(id, binding.keys);
	const config: Config = {
		keys,
		ui: {
			theme: ui.choice('theme', themes) ?? below.ui.theme,
			mouse: ui.boolean('mouse') ?? below.ui.mouse,
			ascii: ui.boolean('ascii') ?? below.ui.ascii,
			refreshIntervalMs: milliseconds(ui.number('refresh_seconds', 0.2, 3600)) ?? below.ui.refreshIntervalMs,
			statsIntervalMs: milliseconds(ui.number('stats_seconds', 0.5, 3600)) ?? below.ui.statsIntervalMs,
			columns: readColumns(ui.table('columns') ?? {}, columns, below.ui.columns, fail),
			// The administrator's word cannot be taken back from below: on a shared host it is the promise to others.
			readOnly: (ui.boolean('read_only') ?? false) || below.ui.readOnly,
			timestamps: ui.choice('timestamps', timestampModes) ?? below.ui.timestamps,
		},
		runtime: {
			endpoint: readEndpoint(runtime.text('endpoint'), 'endpoint', fail) ?? below.runtime.endpoint,
			imageEndpoint:
				readEndpoint(runtime.text('image_endpoint'), 'image_endpoint', fail) ?? below.runtime.imageEndpoint,
			timeoutMs: milliseconds(runtime.number('timeout_seconds', 0.1, 3600)) ?? below.runtime.timeoutMs,
		},
		pull: {
			historySize: pull.integer('history_size', 0, 10_000) ?? below.pull.historySize,
			authFile: pull.text('auth_file') ?? below.pull.authFile,
		},
		files: [...below.files, file],
	};
	for (const table of [ui, runtime, pull]) table.finish();
	// Keys of a file below count as shipped here: their place is in another file.
	refuseClashes(
		commands.map((command) => ({ ...command, keys: below.keys.get(command.id) ?? command.keys })),
		rebound,
		fail,
	);
	return config;
}

function readColumns(
	table: Readonly<Record<string, unknown>>,
	known: Readonly<Record<string, readonly string[]>>,
	below: ReadonlyMap<string, readonly string[]>,
	fail: Fail,
): ReadonlyMap<string, readonly string[]> {
	const path = ['ui', 'columns'];
	const reader = createTableReader(table, path, fail);
	const columns = new Map(below);
	for (const [kind, ids] of Object.entries(known)) {
		const chosen = reader.list(kind);
		if (chosen === undefined) continue;
		if (chosen.length === 0) fail([...path, kind], `"ui.columns.${kind}" must name at least one column`);
		for (const [index, id] of chosen.entries()) {
			if (!ids.includes(id)) {
				fail(
					[...path, kind],
					`${kind} have no column "${id}"${didYouMean(id, ids) || `; there are ${ids.join(', ')}`}`,
				);
			}
			if (chosen.indexOf(id) !== index) fail([...path, kind], `column "${id}" is named twice`);
		}
		columns.set(kind, chosen);
	}
	reader.finish();
	return columns;
}

/** A path alone means a socket; anything else needs a scheme we speak. */
function readEndpoint(endpoint: string | undefined, key: string, fail: Fail): string | undefined {
	if (endpoint === undefined) return undefined;
	if (endpoint.startsWith('/')) return `unix://${endpoint}`;
	if (/^unix:\/\/\/.|^tcp:\/\/.+:\d+$/.test(endpoint)) return endpoint;
	return fail(
		['runtime', key],
		`"runtime.${key}" must be a path, unix:///path or tcp://host:port, not ${JSON.stringify(endpoint)}`,
	);
}

function milliseconds(seconds: number | undefined): number | undefined {
	return seconds === undefined ? undefined : Math.round(seconds * 1000);
}
