/** Reading of untrusted JSON, field by field; what is missing or of the wrong kind comes back as absent. */

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses a JSON object.
 * @throws Error whose message is one sentence part.
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
	let value: unknown;
	try {
		value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
	} catch (cause) {
		throw new Error('it is no JSON', { cause });
	}
	const object = asObject(value);
	if (object === undefined) throw new Error('it is no JSON object');
	return object;
}

export function asObject(value: unknown): JsonObject | undefined {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as JsonObject)
		: undefined;
}

export function asArray(value: unknown): readonly unknown[] | undefined {
	return Array.isArray(value) ? value : undefined;
}

export function asString(value: unknown): string | undefined {
	return typeof value === 'string' ? value : undefined;
}

export function asStrings(value: unknown): readonly string[] {
	return (asArray(value) ?? []).filter((item) => typeof item === 'string');
}

/** Annotations and labels: other kinds of values are left out. */
export function asStringMap(value: unknown): Readonly<Record<string, string>> {
	const entries = Object.entries(asObject(value) ?? {});
	return Object.fromEntries(
		entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
	);
}

/** Nanoseconds since 1970 of an RFC 3339 time with up to nine digits; undefined for anything else, and for Go's zero time. */
export function parseTimeNanos(value: unknown): bigint | undefined {
	const text = asString(value) ?? '';
	const match = /^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|z|[+-]\d\d:\d\d)$/.exec(text);
	if (match === null) return undefined;
	const [, base = '', fraction = '', zone = 'Z'] = match;
	const ms = Date.parse(`${base.replace(' ', 'T').toUpperCase()}${zone.toUpperCase()}`);
	if (Number.isNaN(ms) || ms <= Date.parse('0001-01-01T00:00:00Z')) return undefined;
	return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
