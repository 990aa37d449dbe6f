import { expect, test } from 'vitest';
import { InvalidArgumentError } from '../../../../src/cri/errors.ts';
import { dialableUrl } from '../../../../src/cri/streaming/streaming-url.ts';

test.each([
	['http://127.0.0.1:4000/exec/abc', 'http://127.0.0.1:4000/exec/abc'],
	['http://0.0.0.0:4000/exec/abc', 'http://127.0.0.1:4000/exec/abc'],
	['https://[::]:4000/exec/abc', 'https://127.0.0.1:4000/exec/abc'],
	['http://:4000/exec/abc', 'http://127.0.0.1:4000/exec/abc'],
	['http:///exec/abc', 'http://127.0.0.1/exec/abc'],
	['http://[::1]:4000/exec/abc', 'http://[::1]:4000/exec/abc'],
	['https://node-1:10250/exec/abc?tty=1', 'https://node-1:10250/exec/abc?tty=1'],
])('%s is dialled at %s', (given, dialled) => {
	expect(dialableUrl(given).href).toBe(dialled);
});

test.each(['', '/exec/abc', 'ftp://host/x', 'unix:///run/x.sock'])('%j is no streaming URL', (given) => {
	expect(() => dialableUrl(given)).toThrow(InvalidArgumentError);
});
