import { sanitizeLine } from '../../../text/sanitize.ts';
import { graphemeSegmenter } from '../../../text/width.ts';

/** Purposes a line of typed text can have; entries/index.ts says what each does with it. */
export type EntryKind =
	| 'listFilter'
	| 'palette'
	| 'logSearch'
	| 'logFilter'
	| 'logTime'
	| 'logSave'
	| 'inspectSearch'
	| 'inspectSave'
	| 'pullImage'
	| 'pullUsername'
	| 'pullPassword'
	| 'confirmName'
	| 'forwardPorts'
	| 'graceSeconds';

/** The one line of text that is being typed, if any. `cursor` counts UTF-16 units from the start. */
export type EntryState =
	| {
			readonly kind: EntryKind;
			readonly label: string;
			readonly value: string;
			readonly cursor: number;
			readonly masked: boolean;
			/** Why the text is not acceptable yet. */
			readonly problem: string | undefined;
			/** Earlier values, newest first; `historyIndex` -1 is the line being typed. */
			readonly history: readonly string[];
			readonly historyIndex: number;
			readonly draft: string;
			/** The text is only proposed: what is typed first takes its place, any other key keeps it to be changed. */
			readonly proposed: boolean;
	  }
	| undefined;

/** Changes that keys make to the line. */
export type EntryEdit =
	| { readonly op: 'insert'; readonly text: string }
	| { readonly op: 'backspace' | 'delete' | 'left' | 'right' | 'home' | 'end' }
	| { readonly op: 'deleteWord' | 'deleteToStart' | 'deleteToEnd' | 'wordLeft' | 'wordRight' }
	| { readonly op: 'older' | 'newer' };

export type EntryEvent =
	| {
			readonly kind: 'entryOpened';
			readonly entry: EntryKind;
			readonly label: string;
			readonly value?: string | undefined;
			/** What is typed first replaces the value. */
			readonly proposed?: boolean | undefined;
			readonly masked?: boolean | undefined;
			readonly history?: readonly string[] | undefined;
	  }
	| { readonly kind: 'entryEdited'; readonly edit: EntryEdit }
	| { readonly kind: 'entryRefused'; readonly problem: string }
	| { readonly kind: 'entryClosed' };

/** Text as it may stand in the line: pasted, or a name that the runtime gave. It is shown as it is. */
function lineText(text: string): string {
	return text.replace(/[\r\n\t]+/gu, ' ').replace(/[\p{Cc}\p{Bidi_Control}\p{Cs}]/gu, '');
}

/** Index of the grapheme border before (-1) or after (+1) `cursor`. */
function step(value: string, cursor: number, direction: -1 | 1): number {
	const borders = [0];
	for (const { index, segment } of graphemeSegmenter().segment(value)) borders.push(index + segment.length);
	if (direction > 0) return borders.find((border) => border > cursor) ?? value.length;
	return borders.findLast((border) => border < cursor) ?? 0;
}

function wordBorder(value: string, cursor: number, direction: -1 | 1): number {
	if (direction < 0) return value.slice(0, cursor).replace(/[^\s/:,=.]*[\s/:,=.]*$/u, '').length;
	return cursor + (/^[\s/:,=.]*[^\s/:,=.]*/u.exec(value.slice(cursor))?.[0].length ?? 0);
}

function edited(entry: NonNullable<EntryState>, edit: EntryEdit): NonNullable<EntryState> {
	const { value, cursor } = entry;
	const put = (next: string, at: number): NonNullable<EntryState> => ({
		...entry,
		value: next,
		cursor: at,
		problem: undefined,
		historyIndex: -1,
		draft: next,
		proposed: false,
	});
	switch (edit.op) {
		case 'insert': {
			const text = lineText(edit.text);
			if (entry.proposed) return put(text, text.length);
			return put(value.slice(0, cursor) + text + value.slice(cursor), cursor + text.length);
		}
		case 'backspace': {
			const from = step(value, cursor, -1);
			return put(value.slice(0, from) + value.slice(cursor), from);
		}
		case 'delete':
			return put(value.slice(0, cursor) + value.slice(step(value, cursor, 1)), cursor);
		case 'deleteWord': {
			const from = wordBorder(value, cursor, -1);
			return put(value.slice(0, from) + value.slice(cursor), from);
		}
		case 'deleteToStart':
			return put(value.slice(cursor), 0);
		case 'deleteToEnd':
			return put(value.slice(0, cursor), cursor);
		case 'left':
			return { ...entry, proposed: false, cursor: step(value, cursor, -1) };
		case 'right':
			return { ...entry, proposed: false, cursor: step(value, cursor, 1) };
		case 'home':
			return { ...entry, proposed: false, cursor: 0 };
		case 'end':
			return { ...entry, proposed: false, cursor: value.length };
		case 'wordLeft':
			return { ...entry, proposed: false, cursor: wordBorder(value, cursor, -1) };
		case 'wordRight':
			return { ...entry, proposed: false, cursor: wordBorder(value, cursor, 1) };
		case 'older':
		case 'newer': {
			const index = Math.max(
				-1,
				Math.min(entry.history.length - 1, entry.historyIndex + (edit.op === 'older' ? 1 : -1)),
			);
			const text = index < 0 ? entry.draft : (entry.history[index] ?? entry.draft);
			const read = { value: text, cursor: text.length, historyIndex: index, problem: undefined };
			return { ...entry, ...read, proposed: false };
		}
	}
}

/** Applies one event. */
export function updateEntry(state: EntryState, event: EntryEvent): EntryState {
	switch (event.kind) {
		case 'entryOpened': {
			const value = lineText(event.value ?? '');
			return {
				kind: event.entry,
				label: sanitizeLine(event.label),
				value,
				cursor: value.length,
				masked: event.masked ?? false,
				problem: undefined,
				history: (event.history ?? []).map(lineText),
				historyIndex: -1,
				draft: value,
				proposed: event.proposed === true && value !== '',
			};
		}
		case 'entryEdited':
			return state && edited(state, event.edit);
		case 'entryRefused':
			return state && { ...state, problem: event.problem };
		case 'entryClosed':
			return undefined;
	}
}
