const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;

/**
 * Writes a span of time as `kubectl` does, at most 6 cells: `12s`, `119s`, `5m30s`, `3d4h`, `400d`, `2y35d`.
 * Precision falls with length: a second matters in a minute, not in a day. Negative spans, which come from clocks that
 * disagree, are `0s`; absent or no number is `-`.
 */
export function formatDuration(ms: number | undefined): string {
	if (ms === undefined || !Number.isFinite(ms)) return '-';
	const span = Math.max(0, ms);
	if (span < 2 * minuteMs) return `${Math.floor(span / secondMs)}s`;
	if (span < 10 * minuteMs) return pair(span, minuteMs, 'm', secondMs, 's');
	if (span < 3 * hourMs) return `${Math.floor(span / minuteMs)}m`;
	if (span < 8 * hourMs) return pair(span, hourMs, 'h', minuteMs, 'm');
	if (span < 2 * dayMs) return `${Math.floor(span / hourMs)}h`;
	if (span < 8 * dayMs) return pair(span, dayMs, 'd', hourMs, 'h');
	if (span < 2 * yearMs) return `${Math.floor(span / dayMs)}d`;
	if (span < 8 * yearMs) return pair(span, yearMs, 'y', dayMs, 'd');
	const years = Math.floor(span / yearMs);
	return years > 99_999 ? '>9999y' : `${years}y`;
}

/**
 * Writes a span that is being watched, second by second: `0:07`, `12:34`, `1:02:03`. Absent or no number: `-`.
 */
export function formatClock(ms: number | undefined): string {
	if (ms === undefined || !Number.isFinite(ms)) return '-';
	const seconds = Math.floor(Math.max(0, ms) / secondMs);
	const two = (value: number) => String(value).padStart(2, '0');
	const hours = Math.floor(seconds / 3600);
	const minutes = Math.floor(seconds / 60) % 60;
	return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Two neighbouring units, the smaller one left out when it is nought. */
function pair(span: number, largeMs: number, large: string, smallMs: number, small: string): string {
	const whole = Math.floor(span / largeMs);
	const rest = Math.floor((span % largeMs) / smallMs);
	return rest === 0 ? `${whole}${large}` : `${whole}${large}${rest}${small}`;
}
