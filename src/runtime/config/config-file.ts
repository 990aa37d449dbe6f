/** Reads one file of the configuration: every key is known, fits, and is told where it does nothing. */
import { parse, TomlError } from 'smol-toml';
import { InvalidArgumentError } from '../../cri/errors.ts';
import { didYouMean } from '../../text/suggest.ts';
import { findKeyLines } from '../../text/toml-lines.ts';
import { actingKeys } from './acting-keys.ts';
import { idleKeys } from './idle-keys.ts';
import { isTable } from './key-kinds.ts';
import type { ConfigKey } from './key-model.ts';

/** What a file sets, by whole name such as `crio.runtime.runtimes.crun.runtime_path`. */
export type ConfigValues = ReadonlyMap<string, ConfigValue>;

/** A value as the program uses it, and where it stands. */
export type ConfigValue = {
	readonly value: unknown;
	readonly file: string;
	readonly line: number | undefined;
};

/** A file that was read. */
export type ConfigFile = {
	readonly values: ConfigValues;
	/** Sentences about keys that do nothing here. */
	readonly notes: readonly string[];
};

const keysByTable = Map.groupBy([...actingKeys, ...idleKeys], ({ table }) => table);

/** Tables that hold tables of any name. */
const namedTables = new Set(
	[...keysByTable.keys()].filter((table) => table.endsWith('.*')).map((table) => table.slice(0, -2)),
);

/** Tables on the way to those that have keys, and these. */
const knownTables = new Set(
	[...keysByTable.keys()].flatMap((table) => {
		const parts = table.replace(/\.\*$/, '').split('.');
		return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
	}),
);

/**
 * Parses and checks.
 * @throws InvalidArgumentError for the first thing that is wrong, naming file and line
 */
export function parseConfigFile(text: string, file: string): ConfigFile {
	const clean = text.replace(/^\uFEFF/, '');
	const fail: (line: number | undefined, cause: string) => never = (line, cause) => {
		throw new InvalidArgumentError(
			`cannot use configuration "${file}"${line === undefined ? '' : ` line ${line}`}: ${cause}`,
		);
	};
	let document: Readonly<Record<string, unknown>>;
	try {
		document = parse(clean);
	} catch (error) {
		if (!(error instanceof TomlError)) throw error;
		// What follows the first line is a drawing.
		return fail(
			error.line,
			error.message.split('\n', 1)[0]?.replace(/^Invalid TOML document: /, '') ?? 'not TOML',
		);
	}
	const lineOf = findKeyLines(clean);
	const values = new Map<string, ConfigValue>();
	const notes: string[] = [];

	function readKey(path: readonly string[], key: ConfigKey, value: unknown): void {
		const name = path.join('.');
		const line = lineOf(path);
		let read: unknown;
		try {
			read = key.kind.read(value);
		} catch (error) {
			fail(line, `"${name}" ${error instanceof Error ? error.message : error}`);
		}
		switch (key.acts) {
			case 'never':
				notes.push(
					`"${name}" (${file}${line === undefined ? '' : ` line ${line}`}) has no effect here: ${key.why}`,
				);
				return;
			case 'refused':
				if (!key.harmless.includes(value)) fail(line, `"${name}" cannot be honoured: ${key.why}`);
				return;
			default:
				values.set(name, { value: read, file, line });
		}
	}

	function readTable(
		path: readonly string[],
		pattern: string,
		table: Readonly<Record<string, unknown>>,
	): void {
		const keys = keysByTable.get(pattern) ?? [];
		for (const [name, value] of Object.entries(table)) {
			const own = [...path, name];
			const inside = pattern === '' ? name : `${pattern}.${name}`;
			const key = keys.find((known) => known.key === name);
			if (key !== undefined) readKey(own, key, value);
			else if (namedTables.has(pattern)) readNamed(own, `${pattern}.*`, value);
			else if (knownTables.has(inside)) {
				if (!isTable(value))
					fail(lineOf(own), `"${own.join('.')}" must be a table, written [${own.join('.')}]`);
				else readTable(own, inside, value);
			} else unknown(own, pattern, keys);
		}
	}

	function readNamed(path: readonly string[], pattern: string, value: unknown): void {
		const name = path.at(-1) ?? '';
		if (!isTable(value))
			fail(lineOf(path), `"${path.join('.')}" must be a table, written [${path.join('.')}]`);
		if (!/^[\w-]{1,63}$/.test(name)) {
			fail(
				lineOf(path),
				`a handler cannot be named ${JSON.stringify(name)}: use letters, digits, "_" and "-"`,
			);
		}
		// A table without keys says something: there is such a handler.
		values.set(path.join('.'), { value: true, file, line: lineOf(path) });
		readTable(path, pattern, value);
	}

	function unknown(path: readonly string[], pattern: string, keys: readonly ConfigKey[]): never {
		const name = path.at(-1) ?? '';
		const tables = [...knownTables]
			.filter((table) => table.slice(0, Math.max(0, table.lastIndexOf('.'))) === pattern)
			.map((table) => table.slice(table.lastIndexOf('.') + 1));
		const near = didYouMean(name, [...keys.map(({ key }) => key), ...tables]);
		const elsewhere = [...actingKeys, ...idleKeys].find(({ key }) => key === name);
		const hint =
			elsewhere === undefined ? near : ` (it belongs into [${elsewhere.table.replace('*', 'NAME')}])`;
		const where = path.length === 1 ? '' : ` in [${path.slice(0, -1).join('.')}]`;
		return fail(
			lineOf(path),
			`unknown ${path.length === 1 ? 'table or key' : 'key'} "${name}"${where}${hint}`,
		);
	}

	readTable([], '', document);
	return { values, notes };
}
