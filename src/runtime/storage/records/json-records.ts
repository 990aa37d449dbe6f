/**
 * The record files of a store: each a JSON array of objects. What is not ours must survive our rewriting: unknown keys,
 * records of other programs, and numbers that a double cannot hold.
 */
import { errorMessage, FailedPreconditionError } from '../../../cri/errors.ts';

/** One record as it stands in the file. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Only texts with such a number pay for the slow way; it may also stand in a string, which does no harm. */
const unsafeNumberPattern = /\d{16}|\d[.eE]/;

/**
 * @param file for the message
 * @throws DamagedRecordsError naming the file where it is cut short or no array of records; nothing may write it then
 */
export function parseRecords(text: string, file: string): readonly JsonRecord[] {
	// c/storage reads an empty file as no records, and so must we, or it would never be usable again.
	if (text.length === 0) return [];
	let parsed: unknown;
	try {
		parsed = unsafeNumberPattern.test(text) ? JSON.parse(text, keepNumber) : JSON.parse(text);
	} catch (error) {
		throw new DamagedRecordsError(file, errorMessage(error), { cause: error });
	}
	if (parsed === null) return [];
	if (!Array.isArray(parsed)) throw new DamagedRecordsError(file, 'it holds no list of records');
	for (const record of parsed as readonly unknown[]) {
		if (typeof record !== 'object' || record === null || Array.isArray(record)) {
			throw new DamagedRecordsError(file, 'one of its records is no object');
		}
	}
	return parsed as readonly JsonRecord[];
}

/** The text of a record file. */
export function serializeRecords(records: readonly JsonRecord[]): string {
	return JSON.stringify(records);
}

/** Makes texts of record files that differ little from each other: a record that did not change is not gone through again. */
export function createRecordSerializer(): (records: readonly JsonRecord[]) => string {
	const texts = new WeakMap<JsonRecord, string>();
	const textOf = (record: JsonRecord): string => {
		const known = texts.get(record);
		if (known !== undefined) return known;
		const text = JSON.stringify(record);
		texts.set(record, text);
		return text;
	};
	return (records) => `[${records.map(textOf).join(',')}]`;
}

/** A record file that cannot be read, and is not to be written. */
export class DamagedRecordsError extends FailedPreconditionError {
	readonly file: string;
	/** One sentence part. */
	readonly damage: string;

	constructor(file: string, damage: string, options?: ErrorOptions) {
		super(`cannot read records "${file}": ${damage}; move the file away and pull the images again`, options);
		this.file = file;
		this.damage = damage;
	}
}

/** A reviver that keeps a number's own digits where a double would change them. Source: ECMA-262, JSON.rawJSON */
function keepNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
	if (typeof value !== 'number' || context?.source === undefined) return value;
	return String(value) === context.source ? value : rawJson(context.source);
}

/** TypeScript's library does not know JSON.rawJSON yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** A string field; undefined where it is absent, empty or of another type. */
export function textField(record: JsonRecord, key: string): string | undefined {
	const value = record[key];
	return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A list of strings; empty where it is absent. */
export function textListField(record: JsonRecord, key: string): readonly string[] {
	const value = record[key];
	return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** A number that a double holds. */
export function numberField(record: JsonRecord, key: string): number | undefined {
	const value = record[key];
	return typeof value === 'number' ? value : undefined;
}

/** A map; empty where it is absent. */
export function mapField(record: JsonRecord, key: string): Readonly<Record<string, unknown>> {
	const value = record[key];
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as Readonly<Record<string, unknown>>)
		: {};
}
