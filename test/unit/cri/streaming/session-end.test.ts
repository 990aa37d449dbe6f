import { afterEach, expect, test, vi } from 'vitest';
import { createSessionEnd, resizeMessage } from '../../../../src/cri/streaming/session-end.ts';

afterEach(() => {
	vi.useRealTimers();
});

test('a server that falls silent after its report is given up, but not while output comes or reading is held', () => {
	vi.useFakeTimers();
	const onStalled = vi.fn();
	const end = createSessionEnd(onStalled);
	end.touched(false);
	vi.advanceTimersByTime(60_000);
	end.reported(Buffer.from('{"status":"Success"}'));
	vi.advanceTimersByTime(9000);
	end.touched(false);
	vi.advanceTimersByTime(9000);
	end.touched(true);
	vi.advanceTimersByTime(60_000);
	expect(onStalled).not.toHaveBeenCalled();
	end.touched(false);
	vi.advanceTimersByTime(10_000);
	expect(onStalled).toHaveBeenCalledOnce();
});

test('the end counts once, and stops the clock', async () => {
	vi.useFakeTimers();
	const end = createSessionEnd(() => {});
	end.ended('cut');
	end.reported(Buffer.from('{"status":"Success"}'));
	end.ended('again');
	expect(vi.getTimerCount()).toBe(0);
	expect(await end.exited).toEqual({ kind: 'disconnected', message: 'cut' });
});

test('sizes stay within what a server reads', () => {
	expect(resizeMessage({ columns: 80, rows: 24 })).toBe('{"Width":80,"Height":24}\n');
	expect(resizeMessage({ columns: Number.NaN, rows: 70_000.5 })).toBe('{"Width":1,"Height":65535}\n');
});
