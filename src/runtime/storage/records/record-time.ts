/** Times as Go writes them into JSON. Source: RFC 3339 with nanoseconds. */

const timePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds since 1970; 0 for what is no time, and for Go's zero time. */
export function parseRecordTime(text: string | undefined): bigint {
	const [, seconds, fraction = '', zone] = timePattern.exec(text ?? '') ?? [];
	const milliseconds = Date.parse(`${seconds}${zone}`);
	if (Number.isNaN(milliseconds) || milliseconds < -62_000_000_000_000) return 0n;
	return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** @param nanos since 1970, in UTC, without trailing zeros */
export function formatRecordTime(nanos: bigint): string {
	const fraction = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
	const seconds = new Date(Number((nanos - fraction) / 1_000_000n)).toISOString().slice(0, 19);
	const digits = fraction.toString().padStart(9, '0').replace(/0+$/, '');
	return `${seconds}${digits === '' ? '' : `.${digits}`}Z`;
}
