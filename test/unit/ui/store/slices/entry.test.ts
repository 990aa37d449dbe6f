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

const proposal = updateEntry(undefined, {
	kind: 'entryOpened',
	entry: 'pullImage',
	label: 'Pull image:',
	value: 'nginx:1',
	proposed: true,
});

test('what is typed first takes the place of a proposal, and is then a line like others', () => {
	const typed = updateEntry(proposal, { kind: 'entryEdited', edit: { op: 'insert', text: 'b' } });
	expect(typed).toMatchObject({ value: 'b', cursor: 1, proposed: false });
	const more = updateEntry(typed, { kind: 'entryEdited', edit: { op: 'insert', text: 'ox' } });
	expect(more?.value).toBe('box');
});

test.each(['end', 'left', 'home', 'backspace', 'newer'] as const)(
	'%s keeps a proposal to be changed',
	(op) => {
		const touched = updateEntry(proposal, { kind: 'entryEdited', edit: { op } });
		const typed = updateEntry(touched, { kind: 'entryEdited', edit: { op: 'insert', text: '2' } });
		expect(typed?.value).toMatch(/^2?nginx:2?1?2?$/);
		expect(typed?.value).toContain('nginx');
	},
);
