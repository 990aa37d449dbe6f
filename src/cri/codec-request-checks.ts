/**
 * Reads single fields of a request that a runtime is to act on. Where codec-fields.ts makes the best of whatever an answer
 * holds, these refuse: a request that was misread would become a container that nobody asked for.
 * Every function names the field as the protocol's JSON form writes it, `config.metadata.name`.
 */
import { readBigint, readFlag, readOptional, readTexts, type WireMessage } from './codec-fields.ts';
import { InvalidArgumentError } from './errors.ts';
import type { StringMap } from './model.ts';

/** Longest single text, in UTF-16 units: longer ones are no use to anybody and cost a copy in every list. */
const maxTextLength = 1 << 20;

/** Longest part of a name; it becomes an argument of other programs. */
const maxNameLength = 512;

/** @throws InvalidArgumentError `<field> <cause>` */
export function refuse(field: string, cause: string): never {
	throw new InvalidArgumentError(`${field} ${cause}`);
}

/** A message that must be there. */
export function demandMessage(value: unknown, field: string): WireMessage {
	return readOptional(value) ?? refuse(field, 'is missing');
}

/** A text without NUL, which no argument, path or variable can hold. */
export function checkText(value: unknown, field: string): string {
	const text = typeof value === 'string' ? value : '';
	if (text.length > maxTextLength) refuse(field, `has ${text.length} characters, more than ${maxTextLength}`);
	if (text.includes('\0')) refuse(field, 'has a NUL in it');
	return text;
}

/** A name that must be there: one line without control characters. */
export function demandName(value: unknown, field: string): string {
	const name = checkText(value, field);
	if (name === '') refuse(field, 'is missing');
	if (name.length > maxNameLength) refuse(field, `has ${name.length} characters, more than ${maxNameLength}`);
	if (hasControl(name)) refuse(field, `${JSON.stringify(name)} has control characters in it`);
	return name;
}

/** True where a text would break out of one line of a file or a terminal. */
export function hasControl(text: string): boolean {
	return /[\p{Cc}\u2028\u2029]/u.test(text);
}

/** '' or an absolute path. */
export function checkPath(value: unknown, field: string): string {
	const path = checkText(value, field);
	if (path !== '' && !path.startsWith('/')) refuse(field, `"${path}" must be an absolute path`);
	return path;
}

/** An absolute path that must be there. */
export function demandPath(value: unknown, field: string): string {
	const path = checkPath(value, field);
	return path === '' ? refuse(field, 'is missing') : path;
}

/** Texts, each without NUL. */
export function checkTexts(value: unknown, field: string): readonly string[] {
	return readTexts(value).map((text, index) => checkText(text, `${field}[${index}]`));
}

/** Maps a repeated message; the mapper is told the name of each. */
export function checkList<Model>(
	value: unknown,
	field: string,
	map: (message: WireMessage, field: string) => Model,
): readonly Model[] {
	if (!Array.isArray(value)) return [];
	return value.map((item, index) => map(demandMessage(item, `${field}[${index}]`), `${field}[${index}]`));
}

/** Labels, annotations, sysctls. Without a prototype, so that no key is lost to a name such as __proto__. */
export function checkMap(value: unknown, field: string): StringMap {
	const map: Record<string, string> = Object.create(null);
	let length = 0;
	for (const [key, text] of Object.entries(readOptional(value) ?? {})) {
		if (key === '') refuse(field, 'has an empty key');
		if (hasControl(key)) refuse(field, `has the key ${JSON.stringify(key)} with control characters in it`);
		map[key] = checkText(text, `${field}["${key}"]`);
		length += key.length + map[key].length;
	}
	// Every list shows them: one object could make lists too large for crictl and a kubelet, which take 16 MiB.
	if (length > maxTextLength) refuse(field, `has ${length} characters in all, more than ${maxTextLength}`);
	return map;
}

/** An int64 within limits. */
export function checkInteger(
	value: unknown,
	field: string,
	[lowest, highest]: readonly [bigint, bigint],
): bigint {
	const number = readBigint(value);
	if (number >= lowest && number <= highest) return number;
	return refuse(field, `is ${number}, and must be from ${lowest} to ${highest}`);
}

/** The number in an Int64Value, within limits; undefined where it is absent. */
export function checkWrapped(
	value: unknown,
	field: string,
	limits: readonly [bigint, bigint],
): bigint | undefined {
	const message = readOptional(value);
	return message === undefined ? undefined : checkInteger(message['value'], field, limits);
}

/** The word for an enum's value. @throws InvalidArgumentError for one that this definition does not list */
export function checkEnum<Word extends string>(
	value: unknown,
	field: string,
	words: ReadonlyMap<unknown, Word>,
): Word {
	const word = words.get(value);
	if (word !== undefined) return word;
	const known = [...words.keys()].filter((key) => typeof key === 'string').join(', ');
	return refuse(field, `has the unknown value ${JSON.stringify(value) ?? 'nothing'}; known are ${known}`);
}

/** True only for true; here for a uniform look of the readers. */
export const checkFlag: (value: unknown) => boolean = readFlag;
