/**
 * Values of templates, as Go's fmt prints them.
 * Source: Go's text/template (missing values, truth), fmt (maps, lists).
 */

/** A number of the document. crictl's templates hold it as its text, so that it is never empty, not even 0. */
export class DocumentNumber {
	readonly text: string;
	constructor(text: string) {
		this.text = text;
	}
}

/** What a template works with. */
export type Value =
	| null
	| string
	| boolean
	/** Written in the template, or counted by `len`. */
	| number
	| DocumentNumber
	| readonly Value[]
	| ValueMap;

/** An object of the document. */
export type ValueMap = { readonly [key: string]: Value };

/** Makes values of a JSON document. */
export function templateValue(json: unknown): Value {
	if (json === null || json === undefined) return null;
	if (typeof json === 'number' || typeof json === 'bigint') return new DocumentNumber(String(json));
	if (typeof json === 'string' || typeof json === 'boolean') return json;
	if (Array.isArray(json)) return json.map(templateValue);
	// Without a prototype: a label may be called "constructor".
	const map: Record<string, Value> = Object.create(null);
	for (const [key, item] of Object.entries(json as object)) map[key] = templateValue(item);
	return map;
}

/** A map, among values. */
export function isMap(value: Value): value is ValueMap {
	return (
		typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof DocumentNumber)
	);
}

/** A list, among values. */
export function isList(value: Value): value is readonly Value[] {
	return Array.isArray(value);
}

/** A map's keys in the order in which Go prints and ranges over them. */
export function keysOf(map: ValueMap): readonly string[] {
	return Object.keys(map).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** What `if` takes for true: whatever is not empty. */
export function isTrue(value: Value): boolean {
	if (value === null || value === false || value === 0 || value === '') return false;
	if (isList(value)) return value.length > 0;
	if (isMap(value)) return Object.keys(value).length > 0;
	return true;
}

/** What kind of value it is, for errors. */
export function kindOf(value: Value): string {
	if (value === null) return 'nothing';
	if (isList(value)) return 'a list';
	if (isMap(value)) return 'an object';
	if (typeof value === 'number' || value instanceof DocumentNumber) return 'a number';
	return typeof value === 'string' ? 'a text' : 'true or false';
}

/** The number that a value is; undefined for anything else. */
export function numberOf(value: Value): number | undefined {
	if (typeof value === 'number') return value;
	return value instanceof DocumentNumber ? Number(value.text) : undefined;
}

/** A value as fmt's %v writes it. */
export function textOf(value: Value): string {
	if (value === null) return '<nil>';
	if (value instanceof DocumentNumber) return value.text;
	if (isList(value)) return `[${value.map(textOf).join(' ')}]`;
	if (isMap(value)) {
		return `map[${keysOf(value)
			.map((key) => `${key}:${textOf(value[key] ?? null)}`)
			.join(' ')}]`;
	}
	return String(value);
}

/** A value as an action prints it. */
export function printedText(value: Value): string {
	return value === null ? '<no value>' : textOf(value);
}

function escapeForHtml(json: string): string {
	return json.replace(
		/[<>&\u2028\u2029]/gu,
		(character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
}

/** A value as Go's encoding/json writes it, on one line. */
export function jsonOf(value: Value): string {
	if (value instanceof DocumentNumber) return value.text;
	if (isList(value)) return `[${value.map(jsonOf).join(',')}]`;
	if (isMap(value)) {
		const fields = keysOf(value).map(
			(key) => `${escapeForHtml(JSON.stringify(key))}:${jsonOf(value[key] ?? null)}`,
		);
		return `{${fields.join(',')}}`;
	}
	return escapeForHtml(JSON.stringify(value));
}
