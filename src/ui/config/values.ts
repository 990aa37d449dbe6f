import { didYouMean } from '../../text/suggest.ts';

/** One table of a configuration file, read key by key; what is wrong is told through `fail` with the key's place. */
export type TableReader = {
	readonly boolean: (key: string) => boolean | undefined;
	/** A whole or broken number within bounds, both included. */
	readonly number: (key: string, least: number, greatest: number) => number | undefined;
	readonly integer: (key: string, least: number, greatest: number) => number | undefined;
	readonly text: (key: string) => string | undefined;
	readonly choice: <Choice extends string>(key: string, choices: readonly Choice[]) => Choice | undefined;
	/** Like `text`, which may not be empty. */
	readonly list: (key: string) => readonly string[] | undefined;
	readonly table: (key: string) => Readonly<Record<string, unknown>> | undefined;
	/** Refuses every key that was not asked for; to be called last. */
	readonly finish: () => void;
};

/** Tells that the value at a path is wrong; the sentence says how, without naming the file. */
export type Fail = (path: readonly string[], sentence: string) => never;

/**
 * Makes a reader of a parsed table.
 * @param path of the table in its file, `[]` for the whole.
 */
export function createTableReader(
	values: Readonly<Record<string, unknown>>,
	path: readonly string[],
	fail: Fail,
): TableReader {
	const asked: string[] = [];
	const own = (key: string): unknown => {
		asked.push(key);
		return Object.hasOwn(values, key) ? values[key] : undefined;
	};
	const wrong = (key: string, wanted: string, hint = '') =>
		fail(
			[...path, key],
			`"${[...path, key].join('.')}" must be ${wanted}, not ${describe(values[key])}${hint}`,
		);
	const number = (key: string, least: number, greatest: number, isWhole: boolean) => {
		const value = own(key);
		if (value === undefined) return undefined;
		const fits = typeof value === 'number' && value >= least && value <= greatest;
		if (fits && (!isWhole || Number.isInteger(value))) return value;
		return wrong(key, `a ${isWhole ? 'whole ' : ''}number from ${least} to ${greatest}`);
	};
	return {
		boolean: (key) => {
			const value = own(key);
			return value === undefined || typeof value === 'boolean' ? value : wrong(key, 'true or false');
		},
		number: (key, least, greatest) => number(key, least, greatest, false),
		integer: (key, least, greatest) => number(key, least, greatest, true),
		text: (key) => {
			const value = own(key);
			if (value === undefined || (typeof value === 'string' && value !== '')) return value;
			return wrong(key, 'a text in quotes');
		},
		choice: (key, choices) => {
			const value = own(key);
			if (value === undefined) return undefined;
			const found = choices.find((choice) => choice === value);
			const near = typeof value === 'string' ? didYouMean(value, choices) : '';
			return found ?? wrong(key, `one of ${choices.map((choice) => `"${choice}"`).join(', ')}`, near);
		},
		list: (key) => {
			const value = own(key);
			if (value === undefined) return undefined;
			if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
			return wrong(key, 'a list of texts, such as ["a", "b"]');
		},
		table: (key) => {
			const value = own(key);
			if (value === undefined || isTable(value)) return value;
			return wrong(key, `a table, written [${[...path, key].join('.')}]`);
		},
		finish: () => {
			for (const key of Object.keys(values)) {
				if (asked.includes(key)) continue;
				const where = path.length === 0 ? '' : ` in [${path.join('.')}]`;
				fail(
					[...path, key],
					`unknown ${path.length === 0 ? 'table or key' : 'key'} "${key}"${where}${didYouMean(key, asked)}`,
				);
			}
		},
	};
}

/** Whether a parsed value is a table, and not a list or a date. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Names a wrong value in a sentence, cut short. */
export function describe(value: unknown): string {
	if (Array.isArray(value)) return 'a list';
	if (value instanceof Date) return 'a date';
	if (isTable(value)) return 'a table';
	const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
	return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
