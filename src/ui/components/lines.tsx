import { Box, type DOMElement } from 'ink';
import { useLayoutEffect, useRef, useSyncExternalStore } from 'react';
import { keptLines } from '../format/line.ts';
import { useUiContext } from '../hooks/use-ui.ts';
import type { UiState } from '../store/state.ts';
import type { Line } from '../theme/tokens.ts';

/** Size of a block of text, and what it lies over: 0 the panes, 1 a dialog. */
type Block = { readonly columns: number; readonly rows: number; readonly layer?: number | undefined };

/** A block of text rows of an exact size: what is too long is cut, what is missing is blank. */
export function Lines({ lines, columns, rows, layer = 0 }: Block & { readonly lines: readonly Line[] }) {
	const { surfaces } = useUiContext();
	const box = useRef<DOMElement>(null);
	useLayoutEffect(() => {
		const node = box.current;
		if (node) surfaces.put(node, { lines, columns, rows, layer });
	}, [surfaces, lines, columns, rows, layer]);
	useLayoutEffect(() => {
		const node = box.current;
		return () => {
			if (node) surfaces.remove(node);
		};
	}, [surfaces]);
	return <Box ref={box} width={Math.max(0, columns)} height={Math.max(0, rows)} flexShrink={0} />;
}

/**
 * A block of text made from the state. React is left alone, and with it the whole frame, as long as the text
 * comes out the same: a tick or an unchanged answer costs no more than making these lines.
 */
export function StateLines({
	linesOf,
	...block
}: Block & { readonly linesOf: (state: UiState) => readonly Line[] }) {
	const { store } = useUiContext();
	const last = useRef<{
		readonly state: UiState;
		readonly linesOf: (state: UiState) => readonly Line[];
		readonly lines: readonly Line[];
	}>(undefined);
	const lines = useSyncExternalStore(store.subscribe, () => {
		const state = store.getShown();
		const before = last.current;
		if (before?.state === state && before.linesOf === linesOf) return before.lines;
		const made = linesOf(state);
		const kept = before ? keptLines(before.lines, made) : made;
		last.current = { state, linesOf, lines: kept };
		return kept;
	});
	return <Lines lines={lines} {...block} />;
}
