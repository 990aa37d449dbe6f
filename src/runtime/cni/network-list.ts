/** Network configurations as files have them: a list of plugins, or one plugin alone. Source: CNI spec 1.1, section 1 */

/** Configuration of one plugin, as it stands in the file. */
export type PluginConf = Readonly<Record<string, unknown>> & { readonly type: string };

/** Plugins that make one network together, in the order of ADD. */
export type NetworkList = {
	readonly name: string;
	/** Those that the file allows, best last; at least one. */
	readonly cniVersions: readonly string[];
	readonly disableCheck: boolean;
	readonly disableGc: boolean;
	readonly plugins: readonly [PluginConf, ...PluginConf[]];
};

/** Versions whose results this program reads. Older than 0.3.0 have no chains. */
const knownVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];

/**
 * Reads a configuration file's text.
 * @param fallbackName for a network without a name
 * @throws Error saying what is wrong, without the file's name
 */
export function parseNetworkList(text: string, form: 'list' | 'single', fallbackName: string): NetworkList {
	const conf = objectOf(parseJson(text), 'it');
	const name = networkName(conf['name'] ?? fallbackName);
	const cniVersions = versionsOf(conf);
	// A file of the single form may hold a list nevertheless: what it says counts.
	const entries = form === 'list' || conf['plugins'] !== undefined ? conf['plugins'] : [conf];
	if (!Array.isArray(entries) || entries.length === 0)
		throw new Error('plugins is no list with at least one plugin');
	const plugins = entries.map((entry, index) =>
		pluginOf(entry, entries.length === 1 ? 'the plugin' : `plugins[${index}]`),
	);
	return {
		name,
		cniVersions,
		disableCheck: flag(conf, 'disableCheck'),
		disableGc: flag(conf, 'disableGC'),
		plugins: plugins as [PluginConf, ...PluginConf[]],
	};
}

/** True where a plugin of the list asks for the capability. */
export function declares(list: Pick<NetworkList, 'plugins'>, capability: string): boolean {
	return list.plugins.some((plugin) => capabilitiesOf(plugin).includes(capability));
}

/** Names of the capabilities that a plugin asks for. */
export function capabilitiesOf(plugin: PluginConf): readonly string[] {
	const capabilities = plugin['capabilities'];
	if (typeof capabilities !== 'object' || capabilities === null) return [];
	return Object.entries(capabilities).flatMap(([name, wanted]) => (wanted === true ? [name] : []));
}

/** Orders versions: negative where `left` is older. */
export function compareVersions(left: string, right: string): number {
	const [a, b] = [left, right].map((version) => version.split('.').map(Number));
	for (const index of [0, 1, 2]) {
		const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new Error(`it is not valid JSON: ${error instanceof Error ? error.message : error}`);
	}
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
	if (typeof value === 'object' && value !== null && !Array.isArray(value))
		return value as Record<string, unknown>;
	throw new Error(`${what} is no JSON object`);
}

function networkName(value: unknown): string {
	// Source: the spec; plugins make file names of it.
	if (typeof value === 'string' && /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(value)) return value;
	throw new Error(`name ${JSON.stringify(value)} is no network name: letters, digits, _ . and - only`);
}

function versionsOf(conf: Readonly<Record<string, unknown>>): readonly string[] {
	const single = conf['cniVersion'] ?? '0.1.0';
	const several = conf['cniVersions'] ?? [];
	if (!Array.isArray(several)) throw new Error('cniVersions is no list');
	const all = [...new Set([single, ...several])];
	const known = all.filter((version): version is string => knownVersions.includes(version as string));
	if (known.length === 0) {
		throw new Error(
			`cniVersion ${all.map((version) => JSON.stringify(version)).join(', ')} is unknown, known are ${knownVersions.join(', ')}`,
		);
	}
	return known.sort(compareVersions);
}

function pluginOf(value: unknown, what: string): PluginConf {
	const conf = objectOf(value, what);
	const type = conf['type'];
	if (typeof type !== 'string' || type === '') throw new Error(`${what} has no type`);
	// It is looked up in the folders of plugins, and nowhere else.
	if (type.includes('/') || type.includes('\0'))
		throw new Error(`${what} has type "${type}", which is no plain name`);
	return { ...conf, type };
}

function flag(conf: Readonly<Record<string, unknown>>, key: string): boolean {
	const value = conf[key] ?? false;
	if (value === true || value === 'true') return true;
	if (value === false || value === 'false') return false;
	throw new Error(`${key} is neither true nor false`);
}
