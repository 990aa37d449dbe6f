import { describe, expect, test } from 'vitest';
import { parseJsonLog, prettyJson } from '../../../../src/ui/format/json-log.ts';

describe('a JSON line', () => {
	test.each([
		['zap', '{"level":"info","ts":1750000000.5,"msg":"up","port":80}', ['INFO', 1750000000500, 'up']],
		['pino', '{"level":50,"time":1750000000123,"msg":"no"}', ['ERROR', 1750000000123, 'no']],
		[
			'logstash',
			'{"@timestamp":"2026-01-02T03:04:05.678901Z","message":"m","log.level":"warn"}',
			['WARN', 1767323045678, 'm'],
		],
		['structlog', '{"event":"started","level":"debug"}', ['DEBUG', undefined, 'started']],
		['bare', '{"a":1}', ['', undefined, '']],
	])('of %s', (_, text, [level, timeMs, message]) => {
		expect(parseJsonLog(text)).toMatchObject({ level, timeMs, message });
	});

	test('folds the rest as key=value in its own order', () => {
		const parsed = parseJsonLog(
			'{"user":{"id":7},"msg":"m","n":1,"s":"plain","q":"two words","e":"","z":null}',
		);
		expect(parsed?.rest).toEqual([
			['user', '{"id":7}'],
			['n', '1'],
			['s', 'plain'],
			['q', '"two words"'],
			['e', '""'],
			['z', 'null'],
		]);
	});

	test('a key that is no level, time or message stays in the rest', () => {
		const parsed = parseJsonLog('{"level":{"deep":1},"time":"soon","msg":5}');
		expect(parsed).toMatchObject({ level: '', timeMs: undefined, message: '' });
		expect(parsed?.rest.map(([key]) => key)).toEqual(['level', 'time', 'msg']);
	});

	test.each(['', 'plain', '[1]', '"x"', '{"cut":', '{not json}', 'null'])('%j is none', (text) => {
		expect(parseJsonLog(text)).toBeUndefined();
		expect(prettyJson(text)).toBeUndefined();
	});
});

describe('spread out', () => {
	test('a stack trace shows line by line', () => {
		expect(prettyJson(String.raw`{"a":1,"stack":"Error: x\n\tat f\n\tat g"}`)).toEqual([
			'{',
			'  "a": 1,',
			'  "stack": "Error: x',
			'        at f',
			'        at g"',
			'}',
		]);
	});

	test('an escaped backslash before n is no newline', () => {
		expect(prettyJson(String.raw`{"path":"C:\\new"}`)).toEqual(['{', String.raw`  "path": "C:\\new"`, '}']);
	});
});
