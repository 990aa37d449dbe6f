import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepAlive } from '../../../../../src/cri/transport/http2/keep-alive.ts';
import { createFloodGate } from '../../../../../src/cri/transport/http2/limits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('who is quiet is asked, and who does not answer is given up', () => {
	const ask = vi.fn();
	const giveUp = vi.fn();
	using alive = keepAlive({ quietMs: 100, answerMs: 20 }, ask, giveUp);
	vi.advanceTimersByTime(199);
	alive.heard();
	vi.advanceTimersByTime(100);
	expect(ask).not.toHaveBeenCalled();
	vi.advanceTimersByTime(1);
	expect(ask).toHaveBeenCalledTimes(1);
	vi.advanceTimersByTime(10);
	alive.heard();
	vi.advanceTimersByTime(50);
	expect(giveUp).not.toHaveBeenCalled();
	vi.advanceTimersByTime(200);
	expect(ask).toHaveBeenCalledTimes(2);
	vi.advanceTimersByTime(20);
	expect(giveUp).toHaveBeenCalledTimes(1);
});

test('nobody is asked when it is over', () => {
	const ask = vi.fn();
	keepAlive({ quietMs: 100, answerMs: 20 }, ask, ask)[Symbol.dispose]();
	vi.advanceTimersByTime(10_000);
	expect(ask).not.toHaveBeenCalled();
});

test('a flood is one that lasts: so many at once, and so many a second', () => {
	let nowMs = 0;
	const tooMany = createFloodGate(() => nowMs);
	const allowed = (tries: number) => Array.from({ length: tries }, tooMany).filter((no) => !no).length;
	expect(allowed(20_000)).toBeGreaterThanOrEqual(10_000);
	nowMs += 1000;
	const later = allowed(20_000);
	expect(later).toBeGreaterThan(1_000);
	expect(later).toBeLessThan(10_000);
	nowMs += 60_000;
	expect(allowed(20_000)).toBeGreaterThanOrEqual(9_000);
});
