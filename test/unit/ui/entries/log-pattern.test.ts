import { describe, expect, test } from 'vitest';
import { compileLogMatcher } from '../../../../src/node/logs/log-matcher.ts';
import { parseLogPattern } from '../../../../src/ui/entries/log-pattern.ts';

describe('a pattern as typed', () => {
	test.each([
		['error', 'text', 'An ERROR here', true],
		['Error', 'text', 'an error here', false],
		['!health', 'text', 'GET /HEALTH', false],
		['!health', 'text', 'GET /', true],
		['~gtitm', 'fuzzy', 'GET /item', true],
		['/^get .*[0-9]$/', 'regex', 'GET /item/7', true],
		['/\\Sx/', 'regex', 'aX', true],
		['/GET/', 'regex', 'get', false],
		['/GET/i', 'regex', 'get', true],
		['!/2\\d\\d/', 'regex', '200', false],
		['\\!x', 'text', 'a!x', true],
		['/api/v1', 'text', 'GET /api/v1', true],
		['!', 'text', 'wow!', true],
		['~', 'text', 'a~b', true],
	])('%s is %s', (typed, kind, text, matches) => {
		const { matcher, text: kept } = parseLogPattern(typed);
		expect([matcher.kind, compileLogMatcher(matcher)(text), kept]).toEqual([kind, matches, typed]);
	});

	test('a bad expression or none is refused in words', () => {
		expect(() => parseLogPattern('/(/')).toThrow(/not a regular expression/u);
		expect(() => parseLogPattern('')).toThrow(/empty/u);
	});
});
