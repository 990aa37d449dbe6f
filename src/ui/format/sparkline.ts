const unicodeLevels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/** The space is the lowest level: quiet stretches stay empty. */
const asciiLevels = [' ', '.', ':', '-', '=', '+', '*', '#'];

/** How a row of values becomes a row of cells. */
export type SparklineOptions = {
	/** Exact width of the answer. */
	readonly widthCells: number;
	/** Value of an empty cell; default 0. */
	readonly min?: number | undefined;
	/** Value of a full cell, such as a limit; default the largest value shown. Larger values are cut to it. */
	readonly max?: number | undefined;
	/** For terminals without Unicode. */
	readonly ascii?: boolean | undefined;
};

/**
 * Draws the course of a value, the newest at the right, older ones than fit left out. Moments without a value (absent,
 * NaN) are blank; blanks also fill up at the left until there is history. All equal and without a `max` of its own:
 * a flat line at the lowest level for the minimum, else at the highest.
 */
export function sparkline(values: readonly (number | undefined)[], options: SparklineOptions): string {
	const width = Number.isFinite(options.widthCells) ? Math.max(0, Math.floor(options.widthCells)) : 0;
	if (width === 0) return '';
	const shown = values.slice(-width);
	const levels = options.ascii ? asciiLevels : unicodeLevels;
	const min = options.min ?? 0;
	let max = options.max;
	if (max === undefined || !Number.isFinite(max)) {
		max = shown.reduce<number>((top, value) => (isValue(value) && value > top ? value : top), min);
	}
	const span = max - min;
	const cells = shown.map((value) => {
		if (value === undefined || Number.isNaN(value)) return ' ';
		const share = span > 0 ? (value - min) / span : value > min ? 1 : 0;
		const top = levels.length - 1;
		// A value above the minimum never looks like the minimum.
		const level = share > 0 ? Math.max(1, Math.round(share * top)) : 0;
		return levels[Math.min(top, level)] ?? ' ';
	});
	return cells.join('').padStart(width, ' ');
}

function isValue(value: number | undefined): value is number {
	return value !== undefined && Number.isFinite(value);
}
