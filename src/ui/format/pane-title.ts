import type { Line, Span } from '../theme/tokens.ts';
import { lineWidthCells, truncateLine } from './line.ts';

/** The title line of a pane: a rule with the number key, the title, and remarks at the right. */
export function paneTitle(options: {
	readonly label: string;
	readonly title: Line;
	readonly remarks: Line;
	readonly focused: boolean;
	readonly columns: number;
}): Line {
	const { focused, columns } = options;
	const token = focused ? 'titleFocused' : 'muted';
	const rule = focused ? '━' : '─';
	const label: Span = {
		text: `${rule}${focused ? '▶' : rule}${options.label ? `${options.label} ` : ''}`,
		token,
	};
	const remarks: Line =
		lineWidthCells(options.remarks) > 0 ? [{ text: ' ' }, ...options.remarks, { text: ' ' }] : [];
	const left: Line = [label, ...options.title, { text: ' ' }];
	const room = columns - 2 - lineWidthCells(left);
	const right = truncateLine(remarks, Math.max(0, room));
	const gap = Math.max(0, columns - 1 - lineWidthCells(left) - lineWidthCells(right));
	return truncateLine([...left, { text: rule.repeat(gap), token }, ...right, { text: rule, token }], columns);
}
