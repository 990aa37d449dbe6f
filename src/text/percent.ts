/**
 * Writes a percentage, at most 5 cells: `37%`, `0.4%`, `100%`. Absent or no number: `-`.
 * 100 % is written for what has reached it, never by rounding: "full" and "nearly full" differ to whoever is paged.
 * @param percent 0–100; more than 100 is possible (over a request), less than 0 is shown as 0.
 */
export function formatPercent(percent: number | undefined): string {
	if (percent === undefined || !Number.isFinite(percent)) return '-';
	if (percent <= 0) return '0%';
	if (percent < 0.1) return '<0.1%';
	// Truncated below one hundred, for the reason above.
	if (percent < 1) return `${(Math.floor(percent * 10 + 1e-9) / 10).toFixed(1)}%`;
	if (percent < 100) return `${Math.min(99, Math.round(percent))}%`;
	return percent < 9999.5 ? `${Math.round(percent)}%` : '>999%';
}

/**
 * Writes a share of a whole as a percentage; see `formatPercent`.
 * @param ratio 0–1.
 */
export function formatRatio(ratio: number | undefined): string {
	return formatPercent(ratio === undefined ? undefined : ratio * 100);
}
