import { parse, TomlError } from 'smol-toml';
import { FailedPreconditionError } from '../../../cri/errors.ts';
import { isShortName } from '../../../cri/image-reference.ts';
import type { ConfFile, MirrorConf, MirrorUse, RegistryConf, ShortNameMode } from './conf-model.ts';

type Table = Readonly<Record<string, unknown>>;

const topKeys = [
	'registry',
	'unqualified-search-registries',
	'credential-helpers',
	'short-name-mode',
	'additional-layer-store-auth-helper',
	'aliases',
];
const registryKeys = ['prefix', 'location', 'insecure', 'blocked', 'mirror', 'mirror-by-digest-only'];
const mirrorKeys = ['location', 'insecure', 'pull-from-mirror'];
const hostPattern = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?$/;

/**
 * Reads one file of registries.conf, version 2.
 *
 * @throws FailedPreconditionError that names file, line or key, and what is wrong with it
 * Source: containers-registries.conf(5).
 */
export function parseRegistriesConf(text: string, path: string): ConfFile {
	const fail = (cause: string, error?: unknown): never => {
		throw new FailedPreconditionError(`cannot use registries.conf "${path}": ${cause}`, { cause: error });
	};
	let top: Table;
	try {
		top = parse(text) as Table;
	} catch (error) {
		if (!(error instanceof TomlError)) throw error;
		const message = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
		return fail(`line ${error.line}, column ${error.column}: ${message}`, error);
	}
	// Version 1 had one table [registries]; reading it as version 2 would silently unblock what it blocks.
	if ('registries' in top) {
		fail('it is in version 1 of the format ([registries.search] …); write it in version 2 ([[registry]] …)');
	}
	const unknownKeys: string[] = [];
	const look = (table: Table, keys: readonly string[], place: string) => {
		unknownKeys.push(
			...Object.keys(table)
				.filter((key) => !keys.includes(key))
				.map((key) => `${place}${key}`),
		);
	};
	look(top, topKeys, '');

	function read<T>(
		table: Table,
		key: string,
		place: string,
		kind: string,
		is: (value: unknown) => value is T,
	) {
		const value = table[key];
		if (value === undefined) return undefined;
		return is(value) ? value : fail(`${place}${key} must be ${kind}`);
	}
	const string = (table: Table, key: string, place = '') =>
		read(table, key, place, 'a string', (value) => typeof value === 'string');
	const flag = (table: Table, key: string, place = '') =>
		read(table, key, place, 'true or false', (value) => typeof value === 'boolean') ?? false;
	const strings = (table: Table, key: string) =>
		read(
			table,
			key,
			'',
			'a list of strings',
			(value): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string'),
		);
	const tables = (table: Table, key: string, place = '') =>
		read(
			table,
			key,
			place,
			'a list of tables',
			(value): value is Table[] => Array.isArray(value) && value.every(isTable),
		) ?? [];
	const location = (value: string, place: string): string => {
		if (/^https?:\/\//.test(value)) fail(`${place} "${value}" must be without ${value.split('/')[0]}//`);
		return value.replace(/\/+$/, '');
	};

	function mirrorOf(table: Table, place: string, byDigestOnly: boolean): MirrorConf {
		look(table, mirrorKeys, place);
		const where = location(string(table, 'location', place) ?? '', `${place}location`);
		if (where === '') fail(`${place}location is missing`);
		const use = string(table, 'pull-from-mirror', place) ?? '';
		if (use !== '' && byDigestOnly) fail(`${place}pull-from-mirror cannot go with mirror-by-digest-only`);
		if (!['', 'all', 'digest-only', 'tag-only'].includes(use)) {
			fail(`${place}pull-from-mirror is "${use}", not all, digest-only or tag-only`);
		}
		return {
			location: where,
			insecure: flag(table, 'insecure', place),
			use: byDigestOnly ? 'digest-only' : use === '' ? 'all' : (use as MirrorUse),
		};
	}

	function registryOf(table: Table, index: number): RegistryConf {
		const place = `registry[${index}].`;
		if ('pull-from-mirror' in table) fail(`${place}pull-from-mirror is for mirrors only`);
		look(table, registryKeys, place);
		const where = location(string(table, 'location', place) ?? '', `${place}location`);
		const prefix = location(string(table, 'prefix', place) ?? '', `${place}prefix`) || where;
		if (prefix === '') fail(`registry[${index}] has neither location nor prefix`);
		if (where === '' && !prefix.startsWith('*.')) fail(`${place}location is missing`);
		if (prefix.startsWith('*.') && /[/@:]/.test(prefix)) {
			fail(`${place}prefix is "${prefix}": after "*." only a domain may stand`);
		}
		const byDigestOnly = flag(table, 'mirror-by-digest-only', place);
		return {
			prefix,
			location: where,
			insecure: flag(table, 'insecure', place),
			blocked: flag(table, 'blocked', place),
			mirrors: tables(table, 'mirror', place).map((mirror, at) =>
				mirrorOf(mirror, `${place}mirror[${at}].`, byDigestOnly),
			),
		};
	}

	const mode = string(top, 'short-name-mode') ?? '';
	if (!['', 'enforcing', 'permissive', 'disabled'].includes(mode)) {
		fail(`short-name-mode is "${mode}", not enforcing, permissive or disabled`);
	}
	const search = strings(top, 'unqualified-search-registries')?.map((entry) =>
		location(entry, 'unqualified-search-registries:'),
	);
	const badSearch = search?.find((entry) => !hostPattern.test(entry));
	if (badSearch !== undefined) fail(`unqualified-search-registries: "${badSearch}" is no host[:port]`);
	const registries = tables(top, 'registry').map(registryOf);
	const conflict = conflictAmong(registries);
	if (conflict !== undefined) fail(conflict);
	return {
		path,
		searchRegistries: search,
		shortNameMode: mode === '' ? undefined : (mode as ShortNameMode),
		credentialHelpers: strings(top, 'credential-helpers'),
		aliases: aliasesOf(top['aliases'] ?? {}, fail),
		registries,
		unknownKeys,
	};
}

function isTable(value: unknown): value is Table {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same place may be named by several prefixes, but not as safe by one and unsafe by another. */
function conflictAmong(registries: readonly RegistryConf[]): string | undefined {
	const seen = new Map<string, RegistryConf>();
	for (const registry of registries) {
		const key = registry.location || registry.prefix;
		const other = seen.get(key);
		if (other && other.insecure !== registry.insecure) return `"${key}" is both insecure and not`;
		if (other && other.blocked !== registry.blocked) return `"${key}" is both blocked and not`;
		seen.set(key, registry);
	}
	return undefined;
}

function aliasesOf(value: unknown, fail: (cause: string) => never): ReadonlyMap<string, string> {
	if (!isTable(value)) return fail('aliases must be a table');
	const aliases = new Map<string, string>();
	for (const [name, target] of Object.entries(value)) {
		if (typeof target !== 'string') return fail(`aliases: "${name}" must be a string`);
		if (!isShortName(name) || /[:@]/.test(name)) fail(`aliases: "${name}" is no short name without tag`);
		const named = target === '' || (!isShortName(target) && !/@|:[^/]*$/.test(target));
		if (!named) fail(`aliases: "${name}" must name registry and repository, without tag, not "${target}"`);
		aliases.set(name, target);
	}
	return aliases;
}
