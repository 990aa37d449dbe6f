/** Strict reading of files that an administrator or a vendor wrote: what is wrong is named, never passed over. */

export type JsonRecord = Readonly<Record<string, unknown>>;

/** @throws Error whose message is one sentence part, as of all readers here */
export function readRecord(value: unknown, what: string): JsonRecord {
	if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord;
	throw new Error(`${what} is no object`);
}

/** Absent and null are empty. */
export function readList(value: unknown, what: string): readonly unknown[] {
	if (value === undefined || value === null) return [];
	if (Array.isArray(value)) return value;
	throw new Error(`${what} is no list`);
}

export function readText(value: unknown, what: string): string {
	if (typeof value === 'string') return value;
	throw new Error(`${what} is no text`);
}

/** Absent and null are empty. */
export function readTexts(value: unknown, what: string): readonly string[] {
	return readList(value, what).map((entry) => readText(entry, what));
}

/** Numbers of the kernel's; larger ones would be rounded on their way there. Absent and null are undefined. */
export function readCount(value: unknown, what: string): number | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
	throw new Error(`${what} ${String(value)} is not a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
}

/** Absent and null are undefined. */
export function readFlag(value: unknown, what: string): boolean | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value === 'boolean') return value;
	throw new Error(`${what} is neither true nor false`);
}
