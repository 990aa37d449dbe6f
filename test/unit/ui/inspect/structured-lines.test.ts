import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { answerTree } from '../../../../src/ui/inspect/answer-tree.ts';
import { documentText, longestLine } from '../../../../src/ui/inspect/document.ts';
import { jsonLines } from '../../../../src/ui/inspect/json-lines.ts';
import { yamlLines } from '../../../../src/ui/inspect/yaml-lines.ts';

const unfit = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\ufeff]/u;
/** Any tree of JSON, with texts that YAML could take for something else and texts that a terminal must not see. */
const text = fc.oneof(
	fc.string({ unit: 'binary', maxLength: 12 }),
	fc.constantFrom(
		'no',
		'y',
		'~',
		'null',
		'1e3',
		'0x1f',
		'- a',
		'a: b',
		'a #b',
		"'",
		'"',
		'{',
		'&a',
		'*a',
		' a ',
		'',
	),
	fc.constantFrom(
		'2026-11-22',
		'12:30:45',
		'\u001B[2J',
		'\u202Eevil',
		'\u009b31m',
		'👩‍👩‍👧‍👦',
		'日本語',
		'a\tb\nc',
		'.inf',
		'=',
		'<<',
	),
);
const tree = fc.letrec<{ value: unknown }>((tie) => ({
	value: fc.oneof(
		{ depthSize: 'small' },
		text,
		fc.integer(),
		fc.boolean(),
		fc.constant(null),
		fc.array(tie('value'), { maxLength: 4 }),
		fc.dictionary(
			text.filter((key) => key !== '__proto__'),
			tie('value'),
			{ maxKeys: 4, noNullPrototype: true },
		),
	),
})).value;

describe('YAML and JSON of any answer', () => {
	test('JSON reads back as it was, and holds nothing a terminal must not see', () => {
		fc.assert(
			fc.property(tree, (value) => {
				const lines = jsonLines(value);
				expect(JSON.parse(documentText(lines))).toEqual(value);
				for (const line of lines) expect(line.text).not.toMatch(unfit);
			}),
			{ numRuns: 400 },
		);
	});

	test('YAML reads back as it was, and holds nothing a terminal must not see', () => {
		fc.assert(
			fc.property(tree, (value) => {
				const lines = yamlLines(value);
				expect(parse(documentText(lines), { merge: false })).toEqual(value);
				for (const line of lines) expect(line.text).not.toMatch(unfit);
			}),
			{ numRuns: 400 },
		);
	});

	test('looks like what crictl prints', () => {
		const value = { status: { id: 'abc', attempt: 0, list: [{ a: 1, b: [] }, 'x'] } };
		expect(documentText(yamlLines(value))).toBe(
			'status:\n  id: abc\n  attempt: 0\n  list:\n    - a: 1\n      b: []\n    - x\n',
		);
		expect(documentText(jsonLines(value))).toBe(`${JSON.stringify(value, null, 2)}
`);
	});

	test('a text of 1 MB is cut for the screen and whole again when saved', () => {
		const value = { big: 'é"x'.repeat(350_000) };
		for (const lines of [jsonLines(value), yamlLines(value)]) {
			expect(Math.max(...lines.map((line) => line.text.length))).toBeLessThanOrEqual(longestLine);
			expect(parse(documentText(lines))).toEqual(value);
		}
	});
});

test('the verbose map is parsed and hides no field of the answer', () => {
	const raw = {
		info: { info: '{"pid":7}', status: '{"x":1}', note: '{broken', plain: 'text' },
		status: { id: 'a' },
	};
	expect(answerTree(raw)).toEqual({
		status: { id: 'a' },
		info: { pid: 7 },
		'info.status': { x: 1 },
		note: '{broken',
		plain: 'text',
	});
	expect(Object.keys(answerTree(raw))[0]).toBe('status');
	expect(answerTree({ image: null })).toEqual({ image: null });
});
