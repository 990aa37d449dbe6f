/** Careful reading of JSON of unknown shape: what is not of the wanted kind is absent. */
import type { JsonObject } from '../../cri/verbose-info.ts';

/** An object, or undefined. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject | undefined {
	let at = value;
	for (const key of path) {
		if (typeof at !== 'object' || at === null) return undefined;
		at = (at as JsonObject)[key];
	}
	return typeof at === 'object' && at !== null && !Array.isArray(at) ? (at as JsonObject) : undefined;
}

/** A text, or a number or boolean as text; '' and everything else is undefined. */
export function textAt(value: JsonObject | undefined, key: string): string | undefined {
	const at = value?.[key];
	if (typeof at === 'number' || typeof at === 'boolean' || typeof at === 'bigint') return `${at}`;
	return typeof at === 'string' && at !== '' ? at : undefined;
}

/** The items of a list; [] for anything else. */
export function listAt(value: JsonObject | undefined, key: string): readonly unknown[] {
	const at = value?.[key];
	return Array.isArray(at) ? at : [];
}

/** The texts of a list. */
export function textsAt(value: JsonObject | undefined, key: string): readonly string[] {
	return listAt(value, key).filter((item): item is string => typeof item === 'string');
}

/** The texts of a map; values of another kind are left out. */
export function textMapAt(value: JsonObject | undefined, key: string): Readonly<Record<string, string>> {
	return Object.fromEntries(
		Object.entries(objectAt(value, key) ?? {}).filter(
			(entry): entry is [string, string] => typeof entry[1] === 'string',
		),
	);
}

/** The object inside the JSON text of a verbose answer's entry; undefined where there is none. */
export function verboseObject(
	info: Readonly<Record<string, string>> | undefined,
	name = 'info',
): JsonObject | undefined {
	const text = info?.[name];
	if (!text) return undefined;
	try {
		return objectAt(JSON.parse(text));
	} catch {
		return undefined;
	}
}

/** A command as one could type it: words with blanks or signs in quotes. */
export function commandText(words: readonly string[]): string {
	return words
		.map((word) => (/^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
		.join(' ');
}
