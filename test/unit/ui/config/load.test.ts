import { expect, test } from 'vitest';
import { findKeyLines } from '../../../../src/text/toml-lines.ts';
import { ConfigError, defaultConfig } from '../../../../src/ui/config/config.ts';
import { applyKeys, type ConfigurableCommand } from '../../../../src/ui/config/keys.ts';
import { configPaths, loadConfig, parseConfig } from '../../../../src/ui/config/load.ts';

const commands: readonly ConfigurableCommand[] = [
	{ id: 'app.quit', keys: ['q'], scope: 'global' },
	{ id: 'list.down', keys: ['j'], scope: 'list' },
	{ id: 'container.stop', keys: ['S'], scope: ['pods', 'containers'], changesNode: true },
	{ id: 'container.shell', keys: ['s'], scope: ['pods', 'containers'] },
];
const columns = { pods: ['name', 'state', 'age'], images: ['tag', 'size'] };

const load = (files: Readonly<Record<string, string>>, more: { path?: string } = {}) =>
	loadConfig({ env: { HOME: '/root' }, readFile: async (path) => files[path], commands, columns, ...more });
const parse = (text: string) => parseConfig(text, 'c.toml', { commands, columns });

/** The sentence and line for a text that is wrong. */
function problem(text: string): string {
	try {
		parse(text);
	} catch (error) {
		if (error instanceof ConfigError)
			return `${error.line}: ${error.message.replace(/^cannot use configuration "c.toml"( line \d+)?: /, '')}`;
		throw error;
	}
	return 'none';
}

test('files by XDG, the system one underneath, --config alone', async () => {
	expect(configPaths({ env: { HOME: '/h' } })).toEqual([
		'/etc/criscope/config.toml',
		'/h/.config/criscope/config.toml',
	]);
	expect(configPaths({ env: { HOME: '/h', XDG_CONFIG_HOME: '/x/' } })[1]).toBe('/x/criscope/config.toml');
	expect(configPaths({ env: { HOME: '/h', XDG_CONFIG_HOME: 'x' } })[1]).toBe(
		'/h/.config/criscope/config.toml',
	);
	expect(configPaths({ env: {} })).toEqual(['/etc/criscope/config.toml']);
	expect(configPaths({ path: 'a', env: { HOME: '/h' } })).toEqual(['a']);
	expect(await load({})).toEqual(defaultConfig);
	await expect(load({}, { path: '/nope' })).rejects.toThrow(
		'cannot use configuration "/nope": there is no such file',
	);
});

test('a user wins setting by setting, but cannot lift read-only', async () => {
	const config = await load({
		'/etc/criscope/config.toml':
			'[ui]\ntheme = "dark"\nread_only = true\nrefresh_seconds = 5\n[keys]\n"app.quit" = ["Q"]\n',
		'/root/.config/criscope/config.toml':
			'[ui]\ntheme = "light"\nread_only = false\n[ui.columns]\npods = ["age", "name"]\n[runtime]\nendpoint = "/run/x.sock"\ntimeout_seconds = 2.5\n[pull]\nhistory_size = 3\n[keys]\nlist.down = "<c-n>"\ncontainer.shell = []\n',
	});
	expect(config.ui).toMatchObject({ theme: 'light', readOnly: true, refreshIntervalMs: 5000, mouse: false });
	expect(config.ui.columns.get('pods')).toEqual(['age', 'name']);
	expect(config.runtime).toEqual({
		endpoint: 'unix:///run/x.sock',
		imageEndpoint: undefined,
		timeoutMs: 2500,
	});
	expect(config.pull.historySize).toBe(3);
	expect(config.files).toHaveLength(2);
	expect(applyKeys(commands, config.keys).map(({ keys }) => keys)).toEqual([['Q'], ['ctrl+n'], ['S'], []]);
});

test('an unreadable file is told with its cause', async () => {
	const readFile = async () => {
		throw new Error('permission denied');
	};
	await expect(loadConfig({ env: {}, readFile, commands, columns })).rejects.toThrow(
		'cannot use configuration "/etc/criscope/config.toml": permission denied',
	);
});

test.each([
	['', 'none'],
	['# only a comment\r\n[ui]\r\nmouse = true\r\n', 'none'],
	['\n[ui]\nthme = "dark"', '3: unknown key "thme" in [ui] (did you mean "theme"?)'],
	['x = 1', '1: unknown table or key "x"'],
	['\n\n[uii]\ntheme = "dark"', '3: unknown table or key "uii" (did you mean "ui"?)'],
	['ui = 3', '1: "ui" must be a table, written [ui], not 3'],
	['[ui]\nmouse = "yes"', '2: "ui.mouse" must be true or false, not "yes"'],
	[
		'[ui]\ntheme = "drak"',
		'2: "ui.theme" must be one of "auto", "dark", "light", "mono", "ansi16", not "drak" (did you mean "dark"?)',
	],
	['[ui]\n\nrefresh_seconds = 0', '3: "ui.refresh_seconds" must be a number from 0.2 to 3600, not 0'],
	['[ui]\nstats_seconds = nan', '2: "ui.stats_seconds" must be a number from 0.5 to 3600, not NaN'],
	['[pull]\nhistory_size = 1.5', '2: "pull.history_size" must be a whole number from 0 to 10000, not 1.5'],
	[
		'[runtime]\nendpoint = "http://x"',
		'2: "runtime.endpoint" must be a path, unix:///path or tcp://host:port, not "http://x"',
	],
	['[ui.columns]\npods = ["nme"]', '2: pods have no column "nme" (did you mean "name"?)'],
	['[ui]\ncolumns.images = [\n "tag", "tag"]', '2: column "tag" is named twice'],
	['[ui.columns]\npods = []', '2: "ui.columns.pods" must name at least one column'],
	['[ui.columns]\nnodes = ["x"]', '2: unknown key "nodes" in [ui.columns]'],
	[
		'[keys]\n"container.stopp" = ["X"]',
		'2: there is no command "container.stopp" (did you mean "container.stop"?)',
	],
	[
		'[keys]\n"container.stop" = ["ctrl+"]',
		'2: "ctrl+" is not a key (write "j", "K", "enter", "ctrl+d" or "shift+tab")',
	],
	[
		'[keys]\n"container.stop" = [1]',
		'2: keys of "container.stop" must be a list of texts, such as ["ctrl+d"], not 1',
	],
	[
		'[keys]\n\ncontainer.stop = ["x"]',
		'3: "container.stop" changes the node and cannot be bound to the plain key "x"; use a capital letter',
	],
	[
		'[keys]\n"container.stop" = ["s"]',
		'2: "container.stop" changes the node and cannot be bound to the plain key "s"; use a capital letter',
	],
	['[keys]\n"list.down" = ["q"]', '2: key "q" of "list.down" is already bound to "app.quit"'],
	[
		'[keys]\n"app.quit" = ["x"]\n"list.down" = ["x y"]',
		'3: key "x" of "list.down" is already bound to "app.quit"',
	],
	['[keys]\n"app.quit" = ["x"]\n"list.down" = ["q"]', 'none'],
	[
		'[keys]\n"container.shell" = ["S"]',
		'2: key "S" of "container.shell" is already bound to "container.stop"',
	],
	['keys = { "list.down" = ["S"] }', '1: key "S" of "list.down" is already bound to "container.stop"'],
])('%j', (text, expected) => {
	expect(problem(text)).toBe(expected);
});

test('syntax errors are one sentence with the line', () => {
	for (const text of ['[ui]\ntheme = dark', '[ui\n', '[ui]\nmouse = true\nmouse = false', 'a = """\n']) {
		expect(problem(text)).toMatch(/^\d+: [^\n]+$/);
	}
	expect(problem('[ui]\ntheme = dark')).toMatch(/^2: /);
});

test('lines are found behind strings and lists that look like keys', () => {
	const lineOf = findKeyLines(`a = """
[x] # not a table
b = 1 ' " #
"""
c = [ # [
  "]", '''
d = 1''',
]
[t."u.v"] # comment
e.f = { g = 1, "h" = 2 }
'k' = '#'
z = 1
`);
	expect(
		[
			['a'],
			['b'],
			['x'],
			['c'],
			['d'],
			['t', 'u.v'],
			['t', 'u.v', 'e', 'f', 'h'],
			['t', 'u.v', 'k'],
			['t', 'u.v', 'z'],
		].map(lineOf),
	).toEqual([1, undefined, undefined, 5, undefined, 9, 10, 11, 12]);
});
