import { expect, test } from 'vitest';
import {
	chooseProtocol,
	headerWords,
	isRebound,
	upgradeKind,
} from '../../../../src/runtime/streaming/upgrade-request.ts';

test('lists may repeat, hold commas, and be in any case', () => {
	expect(headerWords('a, b ,,c')).toEqual(['a', 'b', 'c']);
	expect(headerWords(['a', 'b,c'])).toEqual(['a', 'b', 'c']);
	expect(headerWords(undefined)).toEqual([]);
	expect(upgradeKind({ connection: 'keep-alive, UPGRADE', upgrade: 'spdy/3.1' })).toBe('spdy');
	expect(upgradeKind({ connection: 'Upgrade', upgrade: 'WebSocket' })).toBe('websocket');
});

test('a plain request, and one for something else, is no upgrade', () => {
	expect(upgradeKind({ upgrade: 'SPDY/3.1' })).toBeUndefined();
	expect(upgradeKind({ connection: 'close', upgrade: 'SPDY/3.1' })).toBeUndefined();
	expect(upgradeKind({ connection: 'Upgrade', upgrade: 'h2c' })).toBeUndefined();
});

test("the client's order decides", () => {
	expect(chooseProtocol(['v9', 'v2', 'v4'], ['v4', 'v2'])).toBe('v2');
	expect(chooseProtocol(['v9'], ['v4'])).toBeUndefined();
});

test('a page under a foreign name of this machine is turned down, and nobody else', () => {
	expect(isRebound({ host: 'evil.example:8080', origin: 'http://evil.example:8080' })).toBe(true);
	expect(isRebound({ host: 'evil.example:8080', origin: 'https://evil.example' })).toBe(true);
	expect(isRebound({ host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' })).toBe(false);
	expect(isRebound({ host: '[::1]:8080', origin: 'http://[::1]:8080' })).toBe(false);
	// A kubelet passes on the host that it was reached by, and the origin of a dashboard.
	expect(isRebound({ host: 'node7:10250' })).toBe(false);
	expect(isRebound({ host: 'node7:10250', origin: 'https://dashboard.example' })).toBe(false);
	expect(isRebound({ host: '127.0.0.1.evil.example', origin: 'http://127.0.0.1.evil.example' })).toBe(true);
});
