/**
 * Reads single fields of a decoded protocol message. An old runtime leaves fields out and a broken one may
 * send anything that the wire format allows, so that every reader has an answer for every value.
 * Two shapes are read here, both made by transport/wire.ts: camelCase names, bytes as Uint8Array, an absent
 * message as null, and either int64 as decimal strings and enums by name (by number where the name is not
 * known), or, for the items of long lists, int64 as pairs of 32-bit halves and enums by number.
 */
import type { StringMap } from './model.ts';

/** A decoded message whose fields nobody has looked at yet. */
export type WireMessage = Readonly<Record<string, unknown>>;

const noFields: WireMessage = Object.freeze({});
const noStrings: StringMap = Object.freeze({});

/** A string, '' where it is none. */
export function readText(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** True only for true. */
export function readFlag(value: unknown): boolean {
	return value === true;
}

/** A 32-bit integer or double; 0 where it is none or not finite. */
export function readNumber(value: unknown): number {
	return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** An int64 or uint64; 0n where it is none. */
export function readBigint(value: unknown): bigint {
	if (typeof value === 'bigint') return value;
	if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : 0n;
	if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
	const halves = readOptional(value);
	if (Number.isInteger(halves?.['low']) && Number.isInteger(halves?.['high'])) {
		const bits = (BigInt(halves?.['high'] as number) << 32n) | BigInt((halves?.['low'] as number) >>> 0);
		return halves?.['unsigned'] === true ? BigInt.asUintN(64, bits) : bits;
	}
	return 0n;
}

/**
 * A point in time in nanoseconds. 0 and less is undefined: 0 is how proto3 writes "not yet", and the Go
 * zero time comes out negative from runtimes that forgot to check for it.
 */
export function readNanos(value: unknown): bigint | undefined {
	const nanos = readBigint(value);
	return nanos > 0n ? nanos : undefined;
}

/** An int64 where 0 means that nothing was said. */
export function readSet(value: unknown): bigint | undefined {
	const number = readBigint(value);
	return number === 0n ? undefined : number;
}

/** The number inside an Int64Value or UInt64Value; undefined where the message is absent. */
export function readWrapped(value: unknown): bigint | undefined {
	const message = readOptional(value);
	return message === undefined ? undefined : readBigint(message['value']);
}

/** A nested message; one without fields where it is absent. */
export function readMessage(value: unknown): WireMessage {
	return readOptional(value) ?? noFields;
}

/** A nested message; undefined where it is absent. */
export function readOptional(value: unknown): WireMessage | undefined {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as WireMessage)
		: undefined;
}

/** Maps a nested message that may be absent. */
export function mapOptional<Model>(value: unknown, map: (message: WireMessage) => Model): Model | undefined {
	const message = readOptional(value);
	return message === undefined ? undefined : map(message);
}

/** Maps a repeated message, in the order it came in. */
export function mapList<Model>(value: unknown, map: (message: WireMessage) => Model): readonly Model[] {
	return Array.isArray(value) ? value.map((item) => map(readMessage(item))) : [];
}

/** A repeated string. */
export function readTexts(value: unknown): readonly string[] {
	return Array.isArray(value) ? value.map(readText) : [];
}

/** A map of strings. The decoder made the object for this message alone, so that it is not copied. */
export function readStringMap(value: unknown): StringMap {
	return (readOptional(value) as StringMap | undefined) ?? noStrings;
}

/** Bytes; none where they are absent. */
export function readBytes(value: unknown): Uint8Array {
	return value instanceof Uint8Array ? value : new Uint8Array();
}

/** The model's word for an enum value; 'unknown' for a value this definition does not list. */
export function readEnum<Word extends string>(
	value: unknown,
	words: ReadonlyMap<unknown, Word>,
): Word | 'unknown' {
	return words.get(value) ?? 'unknown';
}
