import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { leaveWhenIdle } from '../../../src/runtime/idle-exit.ts';

beforeEach(() => {
	vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
	vi.useRealTimers();
});

test('leaves once, when nobody has needed it for the whole span', () => {
	let isNeeded = true;
	const leave = vi.fn();
	using idle = leaveWhenIdle({ isNeeded: () => isNeeded, afterMs: 10_000 }, leave);
	vi.advanceTimersByTime(60_000);
	expect(leave).not.toHaveBeenCalled();
	isNeeded = false;
	vi.advanceTimersByTime(9_000);
	idle.touch();
	vi.advanceTimersByTime(9_000);
	expect(leave).not.toHaveBeenCalled();
	vi.advanceTimersByTime(2_000);
	expect(leave).toHaveBeenCalledTimes(1);
	vi.advanceTimersByTime(60_000);
	expect(leave).toHaveBeenCalledTimes(1);
});

test('never leaves without a span, and not after it was disposed of', () => {
	const leave = vi.fn();
	using _never = leaveWhenIdle({ isNeeded: () => false, afterMs: Number.POSITIVE_INFINITY }, leave);
	leaveWhenIdle({ isNeeded: () => false, afterMs: 1_000 }, leave)[Symbol.dispose]();
	vi.advanceTimersByTime(600_000);
	expect(leave).not.toHaveBeenCalled();
});
