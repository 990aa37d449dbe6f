const suffixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/**
 * Writes a count, at most 5 cells: `999`, `12.3k`, `4.0M`. Powers of 1000. Absent or no number: `-`.
 */
export function formatCount(count: number | bigint | undefined): string {
	if (count === undefined) return '-';
	let value = Number(count);
	if (!Number.isFinite(value)) return '-';
	if (Math.abs(value) < 999.5) return String(Math.round(value));
	let power = 0;
	while (Math.abs(value) >= 999.5 && power < suffixes.length - 1) {
		value /= 1000;
		power++;
	}
	if (Math.abs(value) >= 999.5) return value > 0 ? '>999E' : '<-99E';
	// A minus sign takes the cell of one digit.
	const oneDecimalBelow = value < 0 ? 9.95 : 99.95;
	const text = Math.abs(value) < oneDecimalBelow ? value.toFixed(1) : String(Math.round(value));
	return `${text}${suffixes[power]}`;
}

/**
 * Writes a count with its noun: `1 pod`, `2 pods`, `12.3k lines`.
 * @param plural needed only where an `s` does not make it.
 */
export function formatPlural(count: number, singular: string, plural: string = `${singular}s`): string {
	return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}
