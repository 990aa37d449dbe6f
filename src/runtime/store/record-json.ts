/** Records as text: JSON in which whole numbers of any size keep their digits. */
import { asObject } from '../image/json-fields.ts';
import type { ContainerRecord, PodSandboxRecord } from './model.ts';

/** A bigint; no field of a record has this name. */
const bigintKey = '$bigint';

/** Either kind of record. */
export type ObjectRecord = PodSandboxRecord | ContainerRecord;

export function recordToJson(record: ObjectRecord): string {
	return `${JSON.stringify(record, (_key, value: unknown) =>
		typeof value === 'bigint' ? { [bigintKey]: String(value) } : value,
	)}\n`;
}

const phases: readonly unknown[] = ['creating', 'complete', 'removing'];

/**
 * Reads a record back. Fields that were undefined are absent, which reads the same.
 * @throws Error saying what is wrong: cut off, of another version, or another object's
 */
export function recordFromJson<Kept extends ObjectRecord>(text: string, id: string): Kept {
	const value: unknown = JSON.parse(text, (_key, field: unknown) => {
		const digits = asObject(field)?.[bigintKey];
		return typeof digits === 'string' && /^-?\d+$/.test(digits) ? BigInt(digits) : field;
	});
	const record = asObject(value);
	if (record === undefined) throw new Error('the record is no object');
	if (record['version'] !== 1) throw new Error(`the record has version ${JSON.stringify(record['version'])}`);
	if (record['id'] !== id) throw new Error(`the record is that of ${JSON.stringify(record['id'])}`);
	if (!phases.includes(record['phase']) || asObject(record['request']) === undefined) {
		throw new Error('the record is not whole');
	}
	return record as unknown as Kept;
}
