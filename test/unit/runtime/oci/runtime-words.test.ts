import { expect, test } from 'vitest';
import { runtimeWords } from '../../../../src/runtime/oci/runtime-words.ts';

test.each([
	[
		'runc in logfmt',
		'time="2026-11-22T16:01:46Z" level=error msg="runc create failed: exec: \\"nope\\": not found"\n',
		'runc create failed: exec: "nope": not found',
	],
	[
		'runc in JSON',
		'{"level":"error","msg":"container does not exist","time":"x"}\n',
		'container does not exist',
	],
	[
		'crun',
		'2026-11-22T16:01:46.1Z: error opening file `/run/x`: No such file or directory\n',
		'error opening file `/run/x`: No such file or directory',
	],
	[
		'an error before a warning',
		'time="x" level=error msg="it failed"\ntime="x" level=warning msg="signal: killed"\n',
		'it failed',
	],
	['only a warning', 'time="x" level=warning msg=odd\n\n', 'odd'],
	['the last of several', 'first\nsecond\n', 'second'],
	['JSON that is none of runc’s', '{"a":1}\n{broken\n', '{broken'],
	['several lines in one message', 'level=error msg="one\\ntwo"', 'one↵two'],
	['what could fool a terminal', 'time="x" level=error msg="\\x1b[31mred"', '␛[31mred'],
	['nothing', '\n \n', ''],
])('the words of %s', (_, stderr, words) => {
	expect(runtimeWords(stderr)).toBe(words);
});
