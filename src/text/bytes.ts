const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
const compactUnits = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];

/**
 * Writes a size for a sentence or a wide column: `1.4 GiB`, `512 B`. Absent or no number: `-`.
 * Units are powers of 1024, as in Kubernetes quantities.
 */
export function formatBytes(bytes: number | bigint | undefined): string {
	const scaled = scale(bytes);
	return scaled === undefined ? '-' : `${scaled.text} ${units[scaled.power]}`;
}

/**
 * Writes a size for a narrow column, at most 5 cells: `1.4G`, `512B`, `-1.4G`. Absent or no number: `-`.
 */
export function formatBytesCompact(bytes: number | bigint | undefined): string {
	const scaled = scale(bytes);
	return scaled === undefined ? '-' : `${scaled.text}${compactUnits[scaled.power]}`;
}

/** Finds the unit in which the number has at most three digits. */
function scale(bytes: number | bigint | undefined): { text: string; power: number } | undefined {
	if (bytes === undefined) return undefined;
	let value = Number(bytes);
	if (!Number.isFinite(value)) return undefined;
	let power = 0;
	// 999.5 rounds to 1000, one digit too many for the column.
	while (Math.abs(value) >= 999.5 && power < units.length - 1) {
		value /= 1024;
		power++;
	}
	if (Math.abs(value) >= 999.5) return { text: value > 0 ? '>999' : '<-99', power };
	if (power === 0) return { text: String(Math.round(value)), power };
	// 9.95 would become 10.0.
	return { text: Math.abs(value) < 9.95 ? value.toFixed(1) : String(Math.round(value)), power };
}
