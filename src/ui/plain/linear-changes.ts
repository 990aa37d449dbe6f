/** What changed between two answers of a runtime, one line a change. Not sanitised. */

import { containerRows } from '../resources/container-rows.ts';
import { imageRows } from '../resources/image-rows.ts';
import { podRows } from '../resources/pod-rows.ts';
import type { Row } from '../resources/rows.ts';
import type { UiState } from '../store/state.ts';
import { linearName } from './linear-names.ts';
import { containerStateText } from './linear-text.ts';

function stateOf(row: Row): string {
	switch (row.kind) {
		case 'pod':
			return row.stateText;
		case 'container':
			return containerStateText(row);
		case 'image':
			return '';
	}
}

function changesOf(before: readonly Row[], after: readonly Row[]): readonly string[] {
	const known = new Map(before.map((row) => [row.id, row]));
	const present = new Set(after.map(({ id }) => id));
	const lines: string[] = [];
	for (const row of after) {
		const earlier = known.get(row.id);
		const label = `${row.kind} ${linearName(row)}`;
		const now = stateOf(row);
		if (!earlier) {
			const attempt = row.kind === 'container' ? row.container.metadata.attempt : 0;
			const words = [now, attempt > 0 && `attempt ${attempt}`].filter(Boolean).join(', ');
			lines.push(`${label}: new${words ? `, ${words}` : ''}`);
			continue;
		}
		// A pod's state tells of its containers: its own line only where it says something new.
		if (stateOf(earlier) !== now) lines.push(`${label}: ${stateOf(earlier)} -> ${now}`);
	}
	for (const row of before) {
		if (!present.has(row.id))
			lines.push(`${row.kind} ${linearName(row)}: gone (was ${stateOf(row) || 'there'})`);
	}
	return lines;
}

/** The changes between two states: pods first, then containers, then images; and whether the runtime answers. */
export function changeLines(before: UiState, after: UiState): readonly string[] {
	const lines: string[] = [];
	const { problem } = after.connection;
	if (problem !== undefined && before.connection.problem === undefined) {
		lines.push(`runtime: does not answer: ${problem}`);
	} else if (problem === undefined && before.connection.problem !== undefined) {
		lines.push('runtime: answers again');
	}
	return [
		...lines,
		...changesOf(podRows(before), podRows(after)),
		...changesOf(containerRows(before), containerRows(after)),
		...changesOf(imageRows(before), imageRows(after)),
	];
}
