import { afterEach, expect, test, vi } from 'vitest';
import { releaseAfterWork } from '../../../src/runtime/release-memory.ts';

afterEach(() => void vi.useRealTimers());

test('gives back after the start and after each spell of work, and not while nothing is done', () => {
	vi.useFakeTimers();
	const release = vi.fn();
	const memory = releaseAfterWork(release);
	vi.advanceTimersByTime(60_000);
	expect(release).toHaveBeenCalledTimes(1);
	memory.touch();
	memory.touch();
	vi.advanceTimersByTime(60_000);
	expect(release).toHaveBeenCalledTimes(2);
	memory.touch();
	memory[Symbol.dispose]();
	vi.advanceTimersByTime(60_000);
	expect(release).toHaveBeenCalledTimes(2);
});
