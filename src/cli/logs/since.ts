import { UsageError } from '../usage-error.ts';

const unitsMs: Readonly<Record<string, number>> = {
	ns: 1e-6,
	us: 1e-3,
	µs: 1e-3,
	ms: 1,
	s: 1e3,
	m: 6e4,
	h: 3.6e6,
};

const datePattern =
	/^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|z|[+-]\d\d:?\d\d)?$/u;

function badSince(text: string): UsageError {
	return new UsageError(
		`flag --since is a time (2026-01-02T13:23:37, with Z or an offset if it is not local) or an age (42m), not "${text}"`,
	);
}

function offsetMinutes(zone: string): number {
	if (zone.toUpperCase() === 'Z') return 0;
	const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
	return zone.startsWith('-') ? -minutes : minutes;
}

function dateMs(text: string): { readonly ms: number; readonly nanos: bigint } | undefined {
	const match = datePattern.exec(text);
	if (match === null) return undefined;
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
		.slice(1, 7)
		.map((part) => Number(part ?? 0));
	const zone = match[8];
	const inRange =
		month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 61;
	if (!inRange) return undefined;
	const ms =
		zone === undefined
			? new Date(year, month - 1, day, hour, minute, second).getTime()
			: Date.UTC(year, month - 1, day, hour, minute, second) - offsetMinutes(zone) * 60_000;
	return { ms, nanos: BigInt((match[7] ?? '').padEnd(9, '0')) };
}

/**
 * Reads what `--since` takes: an age as Go writes durations (`42m`, `1h30m`), a time (without a zone: local time), or seconds
 * since the epoch.
 * @returns nanoseconds since the epoch
 * @throws UsageError that quotes the value.
 * Source: moby api/types/time, GetTimestamp, which crictl 1.36 uses.
 */
export function parseSince(text: string, nowMs: number): bigint {
	const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/gu)];
	if (text !== '' && parts.map(([part]) => part).join('') === text) {
		const ageMs = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitsMs[unit ?? ''] ?? 0), 0);
		return BigInt(Math.round(nowMs - ageMs)) * 1_000_000n;
	}
	const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/u.exec(text) ?? [];
	if (seconds !== undefined) return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
	const date = dateMs(text);
	if (date === undefined || Number.isNaN(date.ms)) throw badSince(text);
	return BigInt(date.ms) * 1_000_000n + date.nanos;
}
