import { Box, Text } from 'ink';
import { useMemo } from 'react';
import { fitLine } from '../format/line.ts';
import { useUiContext } from '../hooks/use-ui.ts';
import { lineToAnsi } from '../theme/themes.ts';
import type { Line } from '../theme/tokens.ts';

/** A block of text rows of an exact size: what is too long is cut, what is missing is blank. */
export function Lines({
	lines,
	columns,
	rows,
}: {
	readonly lines: readonly Line[];
	readonly columns: number;
	readonly rows: number;
}) {
	const { theme } = useUiContext();
	const text = useMemo(() => {
		const blank: Line = [];
		const shown = Array.from({ length: rows }, (_, index) => lines[index] ?? blank);
		return shown.map((line) => lineToAnsi(fitLine(line, columns), theme)).join('\n');
	}, [lines, columns, rows, theme]);
	if (rows <= 0 || columns <= 0) return null;
	return (
		<Box width={columns} height={rows} flexShrink={0}>
			<Text wrap="truncate">{text}</Text>
		</Box>
	);
}
