import { expect, test } from 'vitest';
import { formatEndpoint, parseEndpoint } from '../../../src/cri/endpoint-address.ts';

test.each([
	['unix:///run/x.sock', 'unix:///run/x.sock'],
	['/run/x.sock', 'unix:///run/x.sock'],
	['unix:/run/x.sock', 'unix:///run/x.sock'],
	[' unix:///run/a b.sock ', 'unix:///run/a b.sock'],
	['tcp://localhost:10010', 'tcp://localhost:10010'],
	['TCP://[::1]:80/', 'tcp://[::1]:80'],
])('%s is %s', (text, canonical) => {
	expect(formatEndpoint(parseEndpoint(text))).toBe(canonical);
	expect(formatEndpoint(parseEndpoint(canonical))).toBe(canonical);
});

test.each([
	['', 'it is empty'],
	['run/x.sock', 'neither an absolute path'],
	['unix://run/x.sock', 'needs an absolute path'],
	['http://localhost:80', 'scheme "http" is not known'],
	['npipe:////./pipe/x', 'scheme "npipe" is not known'],
	['tcp://localhost', 'tcp://host:port'],
	['tcp://localhost:70000', 'tcp://host:port'],
	['tcp://localhost:0', 'tcp://host:port'],
])('%j is refused in one sentence', (text, cause) => {
	expect(() => parseEndpoint(text)).toThrow(cause);
	expect(() => parseEndpoint(text)).toThrow(`cannot use endpoint "${text}": `);
});
