import { expect, test } from 'vitest';
import { outputFormat } from '../../../../src/cli/output/format-flag.ts';
import { humanSize } from '../../../../src/cli/output/human-size.ts';
import { jsonText, yamlText } from '../../../../src/cli/output/json.ts';
import { statusDocument, statusText } from '../../../../src/cli/output/status-entry.ts';
import { tableText } from '../../../../src/cli/output/table.ts';

const pipe = { stdoutIsTerminal: false };
const terminal = { stdoutIsTerminal: true };

test('columns are crictl’s: twenty cells at least, three between, the last one open', () => {
	const text = tableText([
		['IMAGE', 'TAG', 'SIZE'],
		['registry.example.com/shop/spare', '5', '4MB'],
	]);
	expect(text).toBe(
		'IMAGE                             TAG                 SIZE\nregistry.example.com/shop/spare   5                   4MB\n',
	);
});

test('a cell breaks no row, whatever is in it, and wide characters keep the columns', () => {
	const text = tableText([
		['a\nb\x1b[2J', 'x'],
		['日本', 'x'],
	]);
	expect(text.split('\n')).toHaveLength(3);
	expect(text).not.toContain('\x1b');
	expect(text).toContain(`日本${' '.repeat(16)}x`);
});

test.each([
	[0n, 3, '0B'],
	[999n, 3, '999B'],
	[1000n, 3, '1kB'],
	[1_984_750n, 3, '1.98MB'],
	[6_733_824n, 4, '6.734MB'],
	[100_000_000n, 3, '100MB'],
	[999_900n, 3, '1e+03kB'],
	[1_200_000_000n, 3, '1.2GB'],
] as const)('%s bytes in %s digits: %s', (bytes, digits, text) => {
	expect(humanSize(bytes, digits)).toBe(text);
});

test('on a terminal JSON hides nothing and moves no cursor, and is the same document', () => {
	const value = { name: 'a\u009b2J\u202eb\u200b é日' };
	expect(jsonText(value, pipe)).toContain('\u009b');
	const shown = jsonText(value, terminal);
	expect(shown).toContain('\\u009b2J\\u202eb\\u200b é日');
	expect(JSON.parse(shown)).toEqual(value);
});

test('YAML is sorted, its lists are not indented, and its words stay words', async () => {
	const text = await yamlText({ b: ['no', '1'], a: 'x: y' }, pipe);
	expect(text).toBe('a: "x: y"\nb:\n- "no"\n- "1"\n');
});

test('info is unpacked beside the status, as crictl does', async () => {
	const info = { info: '{"z":1,"a":{"c":[],"b":2}}', plain: '"quoted"', broken: '{"a":' };
	const entry = { status: { id: 'x' }, info };
	expect(statusDocument([entry])).toEqual({
		status: { id: 'x' },
		info: { a: { b: 2, c: [] }, z: 1 },
		plain: 'quoted',
		broken: '{"a":',
	});
	expect(statusDocument([entry, entry])).toHaveLength(2);
	const text = await statusText([{ status: { label: '<a&b>' }, info: {} }], { format: 'json' }, pipe);
	expect(text).toContain('\\u003ca\\u0026b\\u003e');
	expect(JSON.parse(text)).toEqual({ status: { label: '<a&b>' } });
});

test('a format that is not there is refused by name', () => {
	expect(outputFormat({ output: undefined }, 'table')).toBe('table');
	expect(() => outputFormat({ output: 'xml' }, 'table')).toThrow(/unknown output "xml"; there are json/);
	expect(() => outputFormat({ output: 'go-template' }, 'table')).toThrow(/unknown output "go-template"/);
});
