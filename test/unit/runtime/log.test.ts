import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createLog, type LogFormat, type LogLevel } from '../../../src/runtime/log.ts';

function logged(
	format: LogFormat,
	level: LogLevel,
	write: (log: ReturnType<typeof createLog>) => void,
): string {
	const stream = new PassThrough();
	write(createLog(stream, { level, format, now: () => new Date(0) }));
	let text = '';
	for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) text += chunk;
	return text;
}

test('a JSON line carries time, level, words and what is known', () => {
	const line = logged('json', 'info', (log) =>
		log('warn', 'x', { rpc: 'PullImage', ms: 1.5, none: undefined }),
	);
	expect(line.endsWith('\n')).toBe(true);
	expect(JSON.parse(line)).toEqual({
		time: '1970-01-01T00:00:00.000Z',
		level: 'warn',
		msg: 'x',
		rpc: 'PullImage',
		ms: 1.5,
	});
});

test('what is below the level is left out', () => {
	const all = (log: ReturnType<typeof createLog>) => {
		for (const level of ['debug', 'info', 'warn', 'error'] as const) log(level, level);
	};
	expect(logged('json', 'warn', all).match(/"msg":"\w+"/g)).toEqual(['"msg":"warn"', '"msg":"error"']);
	expect(logged('json', 'debug', all).trim().split('\n')).toHaveLength(4);
});

test('text for people quotes what could fool a terminal', () => {
	const line = logged('text', 'info', (log) =>
		log('info', 'pulled it', { object: 'a:1', error: 'no "x"\n\u001b[31m\u009b\u202e', names: ['a', 'b'] }),
	);
	expect(line).toBe(
		'1970-01-01T00:00:00.000Z INFO  pulled it object=a:1 ' +
			'error="no \\"x\\"\\n\\u001b[31m\\u009b\\u202e" names=["a","b"]\n',
	);
});

test.each([
	['https://me:secret@host/v2/', 'https://host/v2/'],
	['GET https://host/blob?token=abc.def&x=1 failed', 'GET https://host/blob?token=…&x=1 failed'],
	['https://s3/x?X-Amz-Signature=abc&access_token=q', 'https://s3/x?X-Amz-Signature=…&access_token=…'],
	['docker.io/library/a:1@sha256:ab', 'docker.io/library/a:1@sha256:ab'],
])('%s loses its secret', (text, expected) => {
	const line = logged('json', 'info', (log) => log('info', text, { error: text }));
	expect(JSON.parse(line)).toMatchObject({ msg: expected, error: expected });
});

test('a text without end is cut', () => {
	expect(
		logged('json', 'info', (log) => log('info', 'x', { error: 'y'.repeat(10 ** 6) })).length,
	).toBeLessThan(20_000);
});
