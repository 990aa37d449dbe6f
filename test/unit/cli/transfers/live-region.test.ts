import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openLiveRegion } from '../../../../src/cli/transfers/live-region.ts';
import { createEmulator, type Emulator, screenRows } from '../../../helpers/emulator.ts';

let emulator: Emulator;
let written: string;
/** What the terminal went through; played to the emulator once timers are real, since it has timers of its own. */
let played: (() => void)[];
const size = { columns: 40, rows: 8 };
const stderr = new Writable({
	decodeStrings: false,
	write(chunk: string, _encoding, done) {
		written += chunk;
		// A terminal makes CR LF of a newline.
		played.push(() => emulator.write(chunk.replaceAll('\n', '\r\n')));
		done();
	},
});

beforeEach(() => {
	vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
	emulator = createEmulator(size.columns, size.rows);
	written = '';
	played = [];
});
afterEach(() => vi.useRealTimers());

async function screen(): Promise<string> {
	vi.useRealTimers();
	for (const step of played) {
		step();
		await new Promise<void>((resolve) => emulator.write('', resolve));
	}
	return screenRows(emulator).join('\n').trimEnd();
}

test('lines are drawn over, other lines stay above, and nothing of them is left at the end', async () => {
	let lines = ['one', 'two', 'three'];
	{
		using region = openLiveRegion(
			stderr,
			() => size,
			() => lines,
		);
		region.addLine('note: stays');
		lines = ['uno'];
		vi.advanceTimersByTime(150);
		region.changed();
	}
	stderr.write('done\n');
	expect(await screen()).toBe('note: stays\ndone');
	expect(written.lastIndexOf('\x1b[?25h')).toBeGreaterThan(written.lastIndexOf('\x1b[?25l'));
});

test('a thousand changes at once are one paint, shown within a tenth of a second', () => {
	let count = 0;
	using region = openLiveRegion(
		stderr,
		() => size,
		() => [String(count)],
	);
	const before = written.length;
	for (; count < 1000; count++) region.changed();
	expect(written.length).toBe(before);
	vi.advanceTimersByTime(100);
	expect(written.slice(before)).toContain('1000');
	expect(written.slice(before).split('\x1b[J')).toHaveLength(2);
});

test('a terminal that became narrower is cleared of what now takes two rows', async () => {
	let columns = 40;
	const wide = 'x'.repeat(39);
	{
		using region = openLiveRegion(
			stderr,
			() => ({ columns, rows: 8 }),
			({ columns: room }) => [wide.slice(0, room - 1), 'end'],
		);
		played.push(() => emulator.resize(25, 8));
		columns = 25;
		vi.advanceTimersByTime(150);
		region.changed();
	}
	expect(await screen()).toBe('');
});

test('a closed region writes nothing more', () => {
	const region = openLiveRegion(
		stderr,
		() => size,
		() => ['x'],
	);
	region[Symbol.dispose]();
	const before = written.length;
	region.changed();
	region[Symbol.dispose]();
	vi.advanceTimersByTime(2000);
	expect(written.length).toBe(before);
});
