/** Times as Go prints them, in the time zone of the process. Source: Go's package time (RFC3339Nano, Time.String). */

type Parts = {
	readonly date: string;
	readonly time: string;
	/** With its point; '' for a whole second. */
	readonly fraction: string;
	/** Minutes east of Greenwich. */
	readonly offsetMinutes: number;
	readonly at: Date;
};

const perMillisecond = 1_000_000n;
const perSecond = 1_000_000_000n;

function two(number: number): string {
	return String(number).padStart(2, '0');
}

function partsOf(nanos: bigint): Parts {
	const rest = ((nanos % perSecond) + perSecond) % perSecond;
	const at = new Date(Number((nanos - rest) / perMillisecond));
	return {
		date: `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
		time: `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
		fraction: rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/u, '')}`,
		offsetMinutes: -at.getTimezoneOffset(),
		at,
	};
}

function offsetText(minutes: number, colon: string): string {
	const size = Math.abs(minutes);
	return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}${colon}${two(size % 60)}`;
}

function zoneName(at: Date, offsetMinutes: number): string {
	const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(at);
	const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
	if (/^[A-Z]{2,5}$/u.test(name)) return name;
	return offsetText(offsetMinutes, '').replace(/00$/u, '');
}

/** The time that a variable has which nobody set. */
export const zeroTime = '0001-01-01T00:00:00Z';

/** `2026-11-22T18:20:52.219Z` */
export function rfc3339Nano(nanos: bigint): string {
	const { date, time, fraction, offsetMinutes } = partsOf(nanos);
	return `${date}T${time}${fraction}${offsetMinutes === 0 ? 'Z' : offsetText(offsetMinutes, ':')}`;
}

/** `2026-11-22 18:20:52.219 +0000 UTC` */
export function goTime(nanos: bigint): string {
	const { date, time, fraction, offsetMinutes, at } = partsOf(nanos);
	return `${date} ${time}${fraction} ${offsetText(offsetMinutes, '')} ${zoneName(at, offsetMinutes)}`;
}
