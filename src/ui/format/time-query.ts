/**
 * What a person types to say "there": `5m`, `14:03`, `yesterday 14:00`, `Nov 22 14:03`, an ISO time, epoch seconds.
 * Times without a zone are those of the process, as the clock on the wall has it.
 */

const secondMs = 1_000;
const unitMs: Readonly<Record<string, number>> = {
	ms: 1,
	s: secondMs,
	m: 60 * secondMs,
	h: 3_600 * secondMs,
	d: 86_400 * secondMs,
	w: 7 * 86_400 * secondMs,
};
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

type Clock = { readonly hours: number; readonly minutes: number; readonly ms: number };

/**
 * The moment that a text means, in nanoseconds since the epoch. A clock time alone is its last occurrence.
 * @param nowMs what "ago" and "today" are counted from.
 * @throws Error with one sentence for a text that is no time.
 */
export function parseTimeQuery(text: string, nowMs: number): bigint {
	const wanted = text.trim().toLowerCase();
	const ms =
		wanted === 'now'
			? nowMs
			: (agoOf(wanted, nowMs) ?? epochOf(wanted) ?? dayOf(wanted, nowMs) ?? isoOf(text.trim()));
	if (ms === undefined || !Number.isFinite(ms)) {
		throw new Error(`"${text.trim()}" is no time: write 5m, 14:03, yesterday 14:00 or 2026-01-31T14:00Z.`);
	}
	return BigInt(Math.round(ms * 1000)) * 1000n;
}

/** `5m`, `1h30m`, `-90s`, `2d ago`. */
function agoOf(text: string, nowMs: number): number | undefined {
	const body = text
		.replace(/^-/u, '')
		.replace(/\s*ago$/u, '')
		.replaceAll(' ', '');
	if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/u.test(body)) return undefined;
	let span = 0;
	for (const [, amount, unit] of body.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/gu)) {
		span += Number(amount) * (unitMs[unit ?? ''] ?? 0);
	}
	return nowMs - span;
}

/** Seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by their length. */
function epochOf(text: string): number | undefined {
	const match = /^(\d{9,19})(\.\d+)?$/u.exec(text);
	const digits = match?.[1];
	if (!digits) return undefined;
	const value = Number(digits);
	if (digits.length <= 11) return (value + Number(match[2] ?? 0)) * 1000;
	return digits.length <= 14 ? value : digits.length <= 17 ? value / 1e3 : value / 1e6;
}

function clockOf(text: string): Clock | undefined {
	const match = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?$/u.exec(text);
	if (!match) return undefined;
	const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
	if (hours > 24 || minutes > 59 || seconds > 60) return undefined;
	return { hours, minutes, ms: seconds * 1000 + Number(`0.${match[4] ?? 0}`) * 1000 };
}

function at(year: number, month: number, day: number, clock: Clock | undefined): number {
	const date = new Date(year, month, day, clock?.hours ?? 0, clock?.minutes ?? 0);
	return date.getTime() + (clock?.ms ?? 0);
}

/** A clock time, with or without a day before it: `yesterday 14:00`, `mon 9:00`, `nov 22 14:03`, `22 nov`. */
function dayOf(text: string, nowMs: number): number | undefined {
	const now = new Date(nowMs);
	const words = text.split(/\s+/u);
	const clock = clockOf(words.at(-1) ?? '');
	const day = (clock ? words.slice(0, -1) : words).join(' ');
	const dayAt = (back: number): number => at(now.getFullYear(), now.getMonth(), now.getDate() - back, clock);
	if (day === '') {
		if (!clock) return undefined;
		return dayAt(0) > nowMs ? dayAt(1) : dayAt(0);
	}
	if (day === 'today') return dayAt(0);
	if (day === 'yesterday') return dayAt(1);
	const weekday = day.length >= 3 ? dayNames.findIndex((name) => day.startsWith(name)) : -1;
	if (weekday >= 0 && /^[a-z]+$/u.test(day)) {
		const back = (now.getDay() - weekday + 7) % 7;
		return dayAt(back) > nowMs ? dayAt(back + 7) : dayAt(back);
	}
	const named = /^([a-z]{3,9})\.? (\d{1,2})$/u.exec(day) ?? /^(\d{1,2})\.? ([a-z]{3,9})$/u.exec(day);
	if (named) {
		const [first = '', second = ''] = named.slice(1);
		const month = monthNames.indexOf((/\d/u.test(first) ? second : first).slice(0, 3));
		if (month < 0) return undefined;
		const date = Number(/\d/u.test(first) ? first : second);
		const thisYear = at(now.getFullYear(), month, date, clock);
		return thisYear > nowMs ? at(now.getFullYear() - 1, month, date, clock) : thisYear;
	}
	const numeric = /^(\d{4})-(\d{1,2})-(\d{1,2})$/u.exec(day);
	if (!numeric) return undefined;
	return at(Number(numeric[1]), Number(numeric[2]) - 1, Number(numeric[3]), clock);
}

/** An ISO time with `T`, with or without a zone; fractions beyond milliseconds are dropped. */
function isoOf(text: string): number | undefined {
	if (!/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}/u.test(text)) return undefined;
	const ms = Date.parse(text.replace(' ', 'T').replace(/(\.\d{3})\d+/u, '$1'));
	return Number.isNaN(ms) ? undefined : ms;
}
