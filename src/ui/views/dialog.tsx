import { Box } from 'ink';
import { Lines } from '../components/lines.tsx';
import { lineWidthCells } from '../format/line.ts';
import { useUi } from '../hooks/use-ui.ts';
import { dialogLines } from './dialog-text.ts';

/** The confirmation in the middle of the body, over the panes: what is asked about stays in sight. */
export function Dialog({
	columns,
	rows,
	top,
}: {
	readonly columns: number;
	readonly rows: number;
	/** Rows above the body. */
	readonly top: number;
}) {
	const state = useUi((all) => all);
	const lines = dialogLines(state, { columns, rows });
	const [first] = lines;
	if (!first) return null;
	const width = lineWidthCells(first);
	return (
		<Box
			position="absolute"
			marginLeft={(columns - width) >> 1}
			marginTop={top + ((rows - lines.length) >> 1)}
		>
			<Lines lines={lines} columns={width} rows={lines.length} layer={1} />
		</Box>
	);
}
