/** Runs of code points that share one ASCII stand-in, `[first, last, stand-in]`, in ascending order. */
const RANGES: readonly (readonly [number, number, string])[] = [
	[0x00a0, 0x00a0, ' '],
	[0x00ab, 0x00ab, '<'],
	[0x00b5, 0x00b5, 'u'],
	[0x00b7, 0x00b7, '.'],
	[0x00bb, 0x00bb, '>'],
	[0x00d7, 0x00d7, 'x'],
	[0x2010, 0x2015, '-'],
	[0x2018, 0x201b, "'"],
	[0x201c, 0x201f, '"'],
	[0x2022, 0x2023, '*'],
	[0x2026, 0x2026, '~'],
	[0x2039, 0x2039, '<'],
	[0x203a, 0x203a, '>'],
	[0x2190, 0x2190, '<'],
	[0x2191, 0x2191, '^'],
	[0x2192, 0x2192, '>'],
	[0x2193, 0x2193, 'v'],
	[0x2195, 0x2195, '|'],
	[0x21b5, 0x21b5, '$'],
	[0x2212, 0x2212, '-'],
	[0x2400, 0x2421, '^'],
	[0x2500, 0x2501, '-'],
	[0x2502, 0x2503, '|'],
	[0x2504, 0x2505, '-'],
	[0x2506, 0x2507, '|'],
	[0x2508, 0x2509, '-'],
	[0x250a, 0x250b, '|'],
	[0x250c, 0x254b, '+'],
	[0x254c, 0x254d, '-'],
	[0x254e, 0x254f, '|'],
	[0x2550, 0x2550, '='],
	[0x2551, 0x2551, '|'],
	[0x2552, 0x2570, '+'],
	[0x2571, 0x2571, '/'],
	[0x2572, 0x2572, '\\'],
	[0x2573, 0x2573, 'X'],
	[0x2574, 0x257f, '-'],
	// Eighths of a block from below: the levels of a sparkline, rising in weight.
	[0x2581, 0x2581, '_'],
	[0x2582, 0x2582, '.'],
	[0x2583, 0x2583, ','],
	[0x2584, 0x2584, '-'],
	[0x2585, 0x2585, '='],
	[0x2586, 0x2586, '+'],
	[0x2587, 0x2587, '*'],
	[0x2588, 0x258b, '#'],
	[0x258c, 0x258f, '|'],
	[0x2590, 0x2590, '|'],
	[0x2591, 0x2591, '.'],
	[0x2592, 0x2592, ':'],
	[0x2593, 0x2593, '#'],
	[0x2594, 0x2595, '|'],
	[0x25a0, 0x25a1, '#'],
	[0x25aa, 0x25ab, '*'],
	[0x25b2, 0x25b5, '^'],
	[0x25b6, 0x25bb, '>'],
	[0x25bc, 0x25bf, 'v'],
	[0x25c0, 0x25c5, '<'],
	[0x25c6, 0x25ca, '*'],
	[0x25cb, 0x25cc, 'o'],
	[0x25cf, 0x25cf, '*'],
	[0x25d0, 0x25d5, 'o'],
	[0x25e6, 0x25ef, 'o'],
	[0x2605, 0x2606, '*'],
	[0x26a0, 0x26a0, '!'],
	[0x2713, 0x2714, '+'],
	[0x2715, 0x2718, 'x'],
	[0x276e, 0x276e, '<'],
	[0x276f, 0x276f, '>'],
	[0x2800, 0x2800, ' '],
	[0x2801, 0x28ff, ':'],
];

/**
 * What stands for a character on a terminal or in a locale without Unicode: lines become `-|+`, sparklines and
 * bullets the nearest ASCII, accented letters lose the accent, the rest is `?`.
 *
 * @returns exactly `widthCells` ASCII characters, so that nothing on the line moves.
 */
export function asciiFallback(grapheme: string, widthCells: number): string {
	const code = grapheme.codePointAt(0) ?? 0x3f;
	if (widthCells === 1) {
		if (code < 0x7f) {
			return grapheme.charAt(0);
		}
		const range = RANGES.find(([first, last]) => code >= first && code <= last);
		if (range !== undefined) {
			return range[2];
		}
		const base = grapheme.normalize('NFKD').charCodeAt(0);
		return base > 0x20 && base < 0x7f ? String.fromCharCode(base) : '?';
	}
	// Full-width forms are plain ASCII underneath.
	const narrow = grapheme.normalize('NFKC');
	const first = narrow.charCodeAt(0);
	const shown = narrow.length === 1 && first > 0x20 && first < 0x7f ? narrow : '?';
	return shown.padEnd(widthCells, shown === '?' ? '?' : ' ');
}
