import { containerRows } from '../resources/container-rows.ts';
import { imageRows } from '../resources/image-rows.ts';
import { podRows } from '../resources/pod-rows.ts';
import type { Row } from '../resources/rows.ts';
import type { UiState } from '../store/state.ts';

/** The list row of the object under inspection; undefined when nothing is inspected or it is listed no more. */
export function inspectedRow(state: UiState): Row | undefined {
	const subject = state.inspect?.subject;
	switch (subject?.list) {
		case 'pods':
			return podRows(state).find(({ id }) => id === subject.id);
		case 'containers':
			return containerRows(state).find(({ id }) => id === subject.id);
		case 'images':
			return imageRows(state).find(({ id }) => id === subject.id);
		case undefined:
			return undefined;
	}
}
