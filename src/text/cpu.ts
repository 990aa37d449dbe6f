/**
 * Writes an amount of CPU, at most 5 cells: `250m` below one core, `1.5` above. Absent or no number: `-`.
 * A trace of use is `<1m`, so that a busy loop that just began is told from a process that sleeps.
 * @param millicores thousandths of one core.
 */
export function formatCpu(millicores: number | undefined): string {
	if (millicores === undefined || !Number.isFinite(millicores)) return '-';
	if (millicores <= 0) return '0m';
	if (millicores < 0.5) return '<1m';
	if (millicores < 999.5) return `${Math.round(millicores)}m`;
	const cores = millicores / 1000;
	if (cores < 9.95) return cores.toFixed(1);
	return cores < 99_999.5 ? String(Math.round(cores)) : '>99k';
}
