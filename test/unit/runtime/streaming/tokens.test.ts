import { expect, test } from 'vitest';
import { createTokens } from '../../../../src/runtime/streaming/tokens.ts';

function make(limit = 3) {
	let now = 0;
	const tokens = createTokens<string>({ limit, ttlMs: 60_000, nowMs: () => now });
	return {
		tokens,
		pass: (ms: number) => {
			now += ms;
		},
	};
}

test('a token is good once', () => {
	const { tokens } = make();
	const token = tokens.issue('a');
	expect(token).toMatch(/^[\w-]{32}$/);
	expect(tokens.take(token)).toBe('a');
	expect(tokens.take(token)).toBeUndefined();
	expect(tokens.take('')).toBeUndefined();
	expect(tokens.take('constructor')).toBeUndefined();
});

test('a token expires after its time, and not before', () => {
	const { tokens, pass } = make();
	const [first, second] = [tokens.issue('a'), tokens.issue('b')];
	pass(59_999);
	expect(tokens.take(first)).toBe('a');
	pass(1);
	expect(tokens.take(second)).toBeUndefined();
});

test('beyond the limit no more are given out until one is used or expires', () => {
	const { tokens, pass } = make();
	const token = tokens.issue('a');
	tokens.issue('b');
	tokens.issue('c');
	const refused = () => tokens.issue('d');
	expect(refused).toThrow('cannot prepare a stream: 3 URLs');
	expect(refused).toThrow(expect.objectContaining({ code: 'resourceExhausted' }));
	tokens.take(token);
	expect(tokens.take(tokens.issue('d'))).toBe('d');
	tokens.issue('e');
	expect(refused).toThrow();
	pass(60_000);
	for (let count = 0; count < 3; count++) tokens.issue('f');
});

test('no two tokens are alike', () => {
	const { tokens } = make(1000);
	expect(new Set(Array.from({ length: 1000 }, () => tokens.issue('x'))).size).toBe(1000);
});
