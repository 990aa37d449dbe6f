import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTtyOutput } from '../../../../src/ui/terminal/tty-output.ts';

function failure(code: string): Error {
	return Object.assign(new Error(code), { code });
}

/** A terminal that takes a given number of bytes and then says EAGAIN. */
function setUp(room: number, openFails = false) {
	const taken: string[] = [];
	const calls: string[] = [];
	const state = { room, error: undefined as string | undefined, slept: 0 };
	const output = createTtyOutput({
		fd: 1,
		onDrain: () => calls.push('drain'),
		onLost: () => calls.push('lost'),
		system: {
			open: (path) => {
				if (openFails) throw failure('EACCES');
				calls.push(path);
				return 77;
			},
			write: (fd, bytes) => {
				if (state.error !== undefined) throw failure(state.error);
				if (state.room === 0) throw failure('EAGAIN');
				const count = Math.min(state.room, bytes.length);
				state.room -= count;
				taken.push(`${fd}:${Buffer.from(bytes.subarray(0, count)).toString('latin1')}`);
				return count;
			},
			close: (fd) => calls.push(`close ${fd}`),
			sleep: (milliseconds) => {
				state.slept += milliseconds;
			},
		},
	});
	return { output, taken, calls, state };
}

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

describe('createTtyOutput', () => {
	it('writes through a descriptor of its own', () => {
		const { output, taken, calls } = setUp(100);
		expect(output.write('abc')).toBe(true);
		expect(taken).toEqual(['77:abc']);
		output.close();
		output.close();
		expect(calls).toEqual(['/proc/self/fd/1', 'close 77']);
	});

	it('falls back to the shared one, which it never closes', () => {
		const { output, taken, calls } = setUp(100, true);
		output.write('abc');
		output.close();
		expect(taken).toEqual(['1:abc']);
		expect(calls).toEqual([]);
	});

	it('queues what does not fit, keeps the order, and says when all is out', () => {
		const { output, taken, calls, state } = setUp(2);
		expect(output.write('abcd')).toBe(false);
		expect(output.write('ef')).toBe(false);
		vi.advanceTimersByTime(1000);
		expect(calls).not.toContain('drain');
		state.room = 100;
		vi.advanceTimersByTime(1000);
		expect(taken.map((entry) => entry.slice(3)).join('')).toBe('abcdef');
		expect(calls.filter((call) => call === 'drain').length).toBe(1);
	});

	it.each(['EIO', 'EPIPE'])('says once that the terminal is lost on %s', (code) => {
		const { output, calls, state } = setUp(100);
		state.error = code;
		output.write('a');
		output.write('b');
		output.writeNow('c');
		expect(calls.filter((call) => call === 'lost').length).toBe(1);
	});

	it('drops what waits for the last words, and cancels a sequence cut short', () => {
		const { output, taken, state } = setUp(3);
		output.write('\x1b[31mlong');
		state.room = 100;
		output.writeNow('\x1b[m');
		expect(taken).toEqual(['77:\x1b[3', '77:\x18\x1b[m']);
	});

	it('gives up the last words after a moment on a terminal that takes nothing', () => {
		const { output, state } = setUp(0);
		output.writeNow('bye');
		expect(state.slept).toBeGreaterThan(100);
		expect(state.slept).toBeLessThanOrEqual(1000);
	});
});
