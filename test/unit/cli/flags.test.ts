import { describe, expect, test } from 'vitest';
import { parseDurationMs } from '../../../src/cli/duration-flag.ts';
import { parseFlags } from '../../../src/cli/flags.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';

const specs = {
	quiet: { kind: 'switch', short: 'q', help: '' },
	verbose: { kind: 'switch', short: 'v', help: '' },
	output: { kind: 'text', short: 'o', value: 'FORMAT', help: '' },
	filter: { kind: 'list', short: 'f', value: 'CONDITION', help: '' },
	kind: { kind: 'text', value: 'KIND', choices: ['gzip', 'zstd'], help: '' },
	'pull-timeout': { kind: 'duration', aliases: ['pt'], value: 'DURATION', help: '', env: 'PULL_TIMEOUT' },
} as const;

const absent = {
	quiet: false,
	verbose: false,
	output: undefined,
	filter: [],
	kind: undefined,
	'pull-timeout': undefined,
};

describe('flags are read as crictl reads them', () => {
	test.each([
		[[], {}, []],
		[['-q', 'a'], { quiet: true }, ['a']],
		[['a', '-q', 'b'], { quiet: true }, ['a', 'b']],
		[['-qv'], { quiet: true, verbose: true }, []],
		[['-qo', 'json'], { quiet: true, output: 'json' }, []],
		[['-ojson'], { output: 'json' }, []],
		[['-o=json'], { output: 'json' }, []],
		[['--output=a=b'], { output: 'a=b' }, []],
		[['-output', 'json'], { output: 'json' }, []],
		[['--quiet=false'], { quiet: false }, []],
		[['-f', 'a', '--filter', 'b'], { filter: ['a', 'b'] }, []],
		[['-pt', '2m'], { 'pull-timeout': 120_000 }, []],
		[['-o', '-'], { output: '-' }, []],
		[['-', 'b'], {}, ['-', 'b']],
		[['a', '--', '-q'], {}, ['a', '-q']],
		[['-o', '--', '-q'], { output: '--', quiet: true }, []],
	] as const)('%j', (args, flags, operands) => {
		expect(parseFlags(args, specs)).toMatchObject({ flags: { ...absent, ...flags }, operands });
	});

	test('a variable stands in for a flag that is not written', () => {
		const env = { PULL_TIMEOUT: '5s' };
		expect(parseFlags([], specs, { env }).flags['pull-timeout']).toBe(5000);
		expect(parseFlags(['--pull-timeout', '1s'], specs, { env }).flags['pull-timeout']).toBe(1000);
	});

	test('what follows the first operand can belong to somebody else', () => {
		const { flags, operands } = parseFlags(['-q', 'id', 'ls', '-q', '--', 'x'], specs, {
			endAtFirstOperand: true,
		});
		expect(flags.quiet).toBe(true);
		expect(operands).toEqual(['id', 'ls', '-q', '--', 'x']);
	});

	test('of two flags with the same letter the first one has it', () => {
		const both = { tty: { kind: 'switch', short: 'o', help: '' }, ...specs } as const;
		expect(parseFlags(['-o', 'x'], both)).toMatchObject({ flags: { tty: true }, operands: ['x'] });
	});
});

test.each([
	[['--quite'], /unknown flag "--quite" \(did you mean "--quiet"\?\)/],
	[['-x'], /unknown flag "-x"; there are --quiet, /],
	[['-qx'], /unknown flag "-x"/],
	[['-o'], /flag -o needs a value/],
	[['--output='], /flag --output needs a value/],
	[['--quiet=perhaps'], /flag --quiet is true or false, not "perhaps"/],
	[['--kind', 'rar'], /flag --kind knows no "rar"; there are gzip, zstd/],
	[['-pt', 'soon'], /flag -pt is a duration such as 30s or 2m, not "soon"/],
] as const)('%j is one sentence', (args, sentence) => {
	expect(() => parseFlags(args, specs)).toThrow(UsageError);
	expect(() => parseFlags(args, specs)).toThrow(sentence);
});

test.each([
	['30s', 30_000],
	['1m30s', 90_000],
	['1.5h', 5_400_000],
	['500ms', 500],
	['2', 2000],
	['0', 0],
])('the duration %s', (text, ms) => expect(parseDurationMs(text, '-t')).toBe(ms));

test.each(['', '-1s', 'm', '1s!', '1d', '1s 2s'])('the duration "%s" is refused', (text) => {
	expect(() => parseDurationMs(text, '-t')).toThrow(/-t is a duration/);
});
