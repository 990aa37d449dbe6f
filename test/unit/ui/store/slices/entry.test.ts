import { expect, test } from 'vitest';
import { updateEntry } from '../../../../../src/ui/store/slices/entry.ts';

const hostile = '\x1b]0;owned\x07\x1b[31mimage\n\u202e\x9b2J:1';
const opened = updateEntry(undefined, {
	kind: 'entryOpened',
	entry: 'pullImage',
	label: `Pull of ${hostile}`,
	value: hostile,
	history: [hostile],
});

test('a name prefilled from the runtime, a label and a history from a file hold no control characters', () => {
	expect(opened?.value).toBe(']0;owned[31mimage 2J:1');
	expect(opened?.cursor).toBe(opened?.value.length);
	expect(opened?.label).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
	const older = updateEntry(opened, { kind: 'entryEdited', edit: { op: 'older' } });
	expect(older?.value).toBe(']0;owned[31mimage 2J:1');
});

test('pasted lines become one line', () => {
	const pasted = updateEntry(
		updateEntry(undefined, { kind: 'entryOpened', entry: 'listFilter', label: '/' }),
		{ kind: 'entryEdited', edit: { op: 'insert', text: 'one\r\ntwo\x1b[A\u2066three' } },
	);
	expect(pasted?.value).toBe('one two[Athree');
});
