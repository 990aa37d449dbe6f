import type { InspectPlace } from '../store/slices/inspect.ts';
import type { UiState } from '../store/state.ts';
import {
	inspectDocument,
	inspectFlow,
	inspectPageRows,
	inspectPlace,
	inspectWindow,
} from './inspect-document.ts';
import { placeAt } from './place.ts';

/** The place so many rows further down (or up); undefined while there is nothing to move in. */
export function placeMovedBy(state: UiState, rows: number): InspectPlace | undefined {
	const lines = inspectDocument(state);
	if (!state.inspect || lines.length === 0) return undefined;
	const { top, cursor } = inspectWindow(state);
	return placeAt(lines, inspectFlow(state), cursor + rows, {
		// A page moves the page, not only the cursor to its edge.
		top: top + (Math.abs(rows) > 1 ? rows : 0),
		pageRows: inspectPageRows(state),
		column: inspectPlace(state.inspect).column,
	});
}
