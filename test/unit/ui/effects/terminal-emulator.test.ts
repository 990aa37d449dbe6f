import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
	createTerminalEmulator,
	type TerminalEmulator,
} from '../../../../src/ui/effects/terminal-emulator.ts';
import { lineWidthCells } from '../../../../src/ui/format/line.ts';
import type { Line } from '../../../../src/ui/theme/tokens.ts';

const size = { columns: 20, rows: 4 };

async function emulator(options: Partial<Parameters<typeof createTerminalEmulator>[0]> = {}) {
	return createTerminalEmulator({ ...size, onReply: () => undefined, ...options });
}

async function printed(terminal: TerminalEmulator, text: string | Uint8Array): Promise<TerminalEmulator> {
	await new Promise<void>((resolve) => terminal.write(Buffer.from(text), resolve));
	return terminal;
}

const textOf = (line: Line | undefined) => (line ?? []).map((span) => span.text).join('');

describe('the emulator of a session', () => {
	test('gives text as lines of the full width, and where the cursor is', async () => {
		const screen = (await printed(await emulator(), 'one\r\ntwo')).screen();
		expect(screen.lines.map(textOf)).toEqual(['one', 'two', '', ''].map((text) => text.padEnd(20)));
		expect(screen.cursor).toEqual({ column: 3, row: 1 });
		expect(screen.linesBelow).toBe(0);
	});

	test('gives attributes and colours as SGR parameters', async () => {
		const text =
			'\x1b[1;31mred\x1b[0m \x1b[38;5;208mo\x1b[0m \x1b[48;2;1;2;3mt\x1b[0m \x1b[2;3;4;7;9mall\x1b[0m';
		const [first] = (await printed(await emulator(), text)).screen().lines;
		expect(first).toEqual([
			{ text: 'red', sgr: '1;31' },
			{ text: ' ' },
			{ text: 'o', sgr: '38;5;208' },
			{ text: ' ' },
			{ text: 't', sgr: '48;2;1;2;3' },
			{ text: ' ' },
			{ text: 'all', sgr: '2;3;4;7;9' },
			{ text: ' '.repeat(9) },
		]);
	});

	test('keeps wide characters, marks and emoji in their cells', async () => {
		const [first] = (await printed(await emulator(), '日本e\u0301👩‍👩‍👧✅🇩🇪|')).screen().lines;
		expect(textOf(first)).toBe(`${'日本e\u0301👩‍👩‍👧✅🇩🇪|'}${' '.repeat(8)}`);
		expect(lineWidthCells(first ?? [])).toBe(20);
	});

	test('shows a full-screen program and what was before it', async () => {
		const terminal = await printed(await emulator(), 'prompt\x1b[?1049h\x1b[2J\x1b[2;3Hvim\x1b[?25l');
		expect(textOf(terminal.screen().lines[0]).trim()).toBe('');
		expect(textOf(terminal.screen().lines[1]).trim()).toBe('vim');
		expect(terminal.screen().cursor).toBeUndefined();
		await printed(terminal, '\x1b[?1049l\x1b[?25h');
		expect(textOf(terminal.screen().lines[0]).trim()).toBe('prompt');
		expect(terminal.screen().cursor).toEqual({ column: 6, row: 0 });
	});

	test('scrolls a region and leaves the rest', async () => {
		const terminal = await printed(await emulator(), 'top\r\na\r\nb\r\nfoot\x1b[2;3r\x1b[3;1H\nc');
		expect(terminal.screen().lines.map((line) => textOf(line).trim())).toEqual(['top', 'b', 'c', 'foot']);
	});

	test('answers where the cursor is', async () => {
		let reply = '';
		const terminal = await emulator({
			onReply: (text) => {
				reply += text;
			},
		});
		await printed(terminal, 'ab\x1b[6n\x1b[c');
		expect(reply).toMatch(/^\x1b\[1;3R\x1b\[\?[\d;]+c$/);
	});

	test('tells what the program asked of keyboard and mouse, until it resets', async () => {
		const terminal = await printed(await emulator(), '\x1b[?1h\x1b[?2004h\x1b[?1002;1006h');
		expect(terminal.modes()).toEqual({
			applicationCursor: true,
			bracketedPaste: true,
			mouse: 'drag',
			mouseSgr: true,
		});
		await printed(terminal, '\x1bc');
		expect(terminal.modes()).toEqual({
			applicationCursor: false,
			bracketedPaste: false,
			mouse: 'none',
			mouseSgr: false,
		});
	});

	test('looks back without being moved by what arrives', async () => {
		const terminal = await printed(await emulator(), '1\r\n2\r\n3\r\n4\r\n5\r\n6');
		terminal.scroll(-2);
		await printed(terminal, '\r\n7');
		const { lines, cursor, linesBelow } = terminal.screen();
		expect(lines.map((line) => textOf(line).trim())).toEqual(['1', '2', '3', '4']);
		expect([cursor, linesBelow]).toEqual([undefined, 3]);
		terminal.scrollToEnd();
		expect(textOf(terminal.screen().lines[3]).trim()).toBe('7');
	});

	test('takes our own notes off the screen', async () => {
		const notes: string[] = [];
		const terminal = await emulator({ onNote: (note) => notes.push(note) });
		await printed(terminal, '\x1b]7777;42\x07$ ');
		expect(notes).toEqual(['42']);
		expect(textOf(terminal.screen().lines[0]).trim()).toBe('$');
	});

	test('lets nothing but printable cells out, whatever a program prints', async () => {
		const piece = fc.oneof(
			fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
			fc
				.constantFrom(
					'\x1b]0;t\x07',
					'\x1b]52;c;aGk=\x07',
					'\u202e',
					'\x9b2J',
					'🇩',
					'\u200d',
					'👩',
					'字',
					'\u0301',
				)
				.map((text) => Buffer.from(text)),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
				const terminal = await printed(await emulator(), Buffer.concat(pieces));
				for (const line of terminal.screen().lines) {
					expect(lineWidthCells(line)).toBe(20);
					expect(textOf(line)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
					for (const { sgr } of line) expect(sgr ?? '').toMatch(/^[\d;:]*$/);
				}
				terminal[Symbol.dispose]();
			}),
			{ numRuns: 100 },
		);
	});
});
