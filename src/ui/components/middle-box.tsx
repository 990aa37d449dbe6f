import { Box } from 'ink';
import { lineWidthCells } from '../format/line.ts';
import type { Line } from '../theme/tokens.ts';
import { Lines } from './lines.tsx';

/** Where a body lies on the screen, in cells. */
export type BodyPlace = {
	readonly columns: number;
	readonly rows: number;
	/** Rows above the body. */
	readonly top: number;
};

/** Lines of one width in the middle of the body, over the panes; nothing where there are none. */
export function MiddleBox({ lines, columns, rows, top }: BodyPlace & { readonly lines: readonly Line[] }) {
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
