import { containerRows } from '../resources/container-rows.ts';
import { prepareSearch } from '../store/selectors.ts';
import type { UiState } from '../store/state.ts';
import type { KeyQuiet } from './key-quiet.ts';

/** A list shorter than this is made ready within the first key itself. */
const longList = 500;
const sliceMs = 4;
const betweenMs = 25;

/** Makes the filter of long lists ready between keys, so that its first letter is answered like the others. */
export type SearchWarmer = { readonly follow: () => void };

/** Works in slices of a few milliseconds, while no key is being pressed, until the signal aborts. */
export function createSearchWarmer(options: {
	readonly getState: () => UiState;
	readonly quiet: KeyQuiet;
	readonly signal: AbortSignal;
}): SearchWarmer {
	const { getState, quiet, signal } = options;
	let seen: unknown;
	let working = false;

	async function work(): Promise<void> {
		for (;;) {
			await quiet.wait(signal);
			if (signal.aborted || prepareSearch(getState(), sliceMs)) return;
			await new Promise((resolve) => setTimeout(resolve, betweenMs));
		}
	}

	return {
		follow() {
			const rows = containerRows(getState());
			if (rows === seen || rows.length < longList) return;
			seen = rows;
			if (working) return;
			working = true;
			void work().finally(() => {
				working = false;
			});
		},
	};
}
