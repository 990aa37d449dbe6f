import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColorDepth } from '../../../../src/text/terminal-capabilities.ts';
import { createLineParser } from '../../../../src/ui/terminal/cell-grid.ts';
import { createScreenPainter, type ScreenPainter } from '../../../../src/ui/terminal/screen-painter.ts';
import { type CellStyle, DEFAULT_STYLE } from '../../../../src/ui/terminal/text-style.ts';
import { createEmulator, describeLine } from './emulator.ts';

type Given = {
	columns?: number;
	rows?: number;
	colors?: ColorDepth;
	synchronized?: boolean;
	unicode?: boolean;
};

function setUp(given: Given = {}) {
	const written: string[] = [];
	let accepts = true;
	const capabilities = {
		colors: given.colors ?? 'truecolor',
		styledUnderline: false,
		unicode: given.unicode ?? true,
		synchronized: given.synchronized ?? false,
	} as const;
	const painter: ScreenPainter = createScreenPainter({
		columns: given.columns ?? 20,
		rows: given.rows ?? 4,
		capabilities,
		write: (bytes) => {
			written.push(bytes);
			return accepts;
		},
	});
	return {
		painter,
		capabilities,
		written,
		take: () => written.splice(0).join(''),
		accept: (value: boolean) => {
			accepts = value;
		},
	};
}

const sgr = fc
	.oneof(
		fc.constantFrom('0', '1', '2', '3', '4', '4:3', '7', '9', '22', '23', '24', '27', '29', '39', '49', ''),
		fc.integer({ min: 30, max: 37 }).map(String),
		fc.integer({ min: 100, max: 107 }).map(String),
		fc.integer({ min: 0, max: 255 }).map((index) => `38;5;${index}`),
		fc.integer({ min: 0, max: 255 }).map((index) => `48:5:${index}`),
		fc
			.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.constantFrom('38', '48'))
			.map(([r, g, b, which]) => `${which};2;${r};${g};${b}`),
		fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map(([r, g, b]) => `1;38:2::${r}:${g}:${b}`),
	)
	.map((parameters) => `\x1b[${parameters}m`);
// Only characters whose width this emulator (Unicode 6 tables) agrees about, and hostile sequences.
const piece = fc.oneof(
	{ weight: 8, arbitrary: fc.constantFrom('a', 'bc', ' ', '   ', '          ', 'word', '│', '──', '█▁') },
	{ weight: 2, arbitrary: fc.constantFrom('é', 'e\u0301', '日本', '한', 'ｆ', 'я', '…') },
	{ weight: 3, arbitrary: sgr },
	{ weight: 1, arbitrary: fc.constantFrom('\x1b[2J', '\x1b]0;t\x07', '\r', '\b', '\x9b3A', '\x1bc', '\t') },
);
const line = fc.oneof(
	{ weight: 1, arbitrary: fc.constant('') },
	{ weight: 4, arbitrary: fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join('')) },
);
const frame = fc.array(line, { maxLength: 7 }).map((lines) => lines.join('\n'));
/** A frame, and frames that differ from it in a few lines only, as real ones do. */
const frames = fc.array(
	fc.record({
		frame,
		keep: fc.boolean(),
		edit: fc.tuple(fc.nat(6), piece),
		size: fc.option(fc.tuple(fc.integer({ min: 2, max: 24 }), fc.integer({ min: 1, max: 6 })), { freq: 5 }),
	}),
	{ minLength: 1, maxLength: 6 },
);

describe('createScreenPainter', () => {
	it.each(['truecolor', '256', '16', 'none'] as const)(
		'leaves exactly the frame on a real emulator, in %s',
		async (colors) => {
			await fc.assert(
				fc.asyncProperty(frames, fc.boolean(), async (steps, synchronized) => {
					let columns = 20;
					let rows = 4;
					const emulator = createEmulator(columns, rows);
					// Garbage from before: nothing may be taken for granted about the screen.
					await emulator.feed('\x1b[?1049h\x1b[41;1mgarbage\r\nand more of it');
					const { painter, capabilities, take } = setUp({ colors, synchronized });
					let previous = '';
					for (const step of steps) {
						if (step.size !== null) {
							[columns, rows] = step.size;
							emulator.resize(columns, rows);
							painter.resize({ columns, rows });
						}
						const lines = previous.split('\n');
						lines[step.edit[0]] = (lines[step.edit[0]] ?? '') + step.edit[1];
						previous = step.keep ? lines.join('\n') : step.frame;
						painter.paint(previous);
						await emulator.feed(take());
						const parser = createLineParser(capabilities);
						let style: CellStyle = DEFAULT_STYLE;
						const wanted = [];
						const source = previous.split('\n');
						for (let row = 0; row < rows; row++) {
							const parsed = parser.parse(source[row] ?? '', columns, style);
							style = parsed.styleAfter;
							wanted.push(describeLine(parsed));
						}
						expect(emulator.cells()).toEqual(wanted);
						expect(emulator.scrolled()).toBe(false);
						expect(painter.paint(previous)).toBe(0);
					}
				}),
				{ numRuns: 15 },
			);
		},
	);

	it('writes nothing at all for an equal frame', () => {
		const { painter, written } = setUp();
		painter.paint('one\n\x1b[31mtwo\x1b[39m');
		written.length = 0;
		expect(painter.paint('one\n\x1b[31mtwo\x1b[39m')).toBe(0);
		expect(written).toEqual([]);
	});

	it('writes nothing for a frame that only looks different as a string', () => {
		const { painter, take } = setUp();
		painter.paint('one\n\x1b[31mtwo\x1b[39m');
		take();
		expect(painter.paint('one   \n\x1b[0;31mtwo\x1b[0m')).toBe(0);
	});

	it('writes one cell and a short move for one changed cell', () => {
		const { painter, take } = setUp();
		painter.paint('a load of 1.52\nnext');
		take();
		painter.paint('a load of 1.53\nnext');
		expect(take()).toBe('\x1b[1;14H3');
	});

	it('writes over a short unchanged gap instead of stepping over it', () => {
		const { painter, take } = setUp();
		painter.paint('abcdef');
		take();
		painter.paint('XbYdeZ');
		expect(take()).toBe('\x1b[HXbYdeZ');
	});

	it('erases a long tail and blanks a short one', () => {
		const { painter, take } = setUp();
		painter.paint('abcdefghijkl');
		take();
		painter.paint('abc');
		expect(take()).toBe('\x1b[1;4H\x1b[K');
		painter.paint('a');
		expect(take()).toBe('\b\b  ');
	});

	it('keeps a coloured background up to where the frame says, and not further', async () => {
		const { painter, take } = setUp({ columns: 10, rows: 1 });
		const emulator = createEmulator(10, 1);
		painter.paint('\x1b[44mab   \x1b[49m');
		await emulator.feed(take());
		const cells = emulator.cells()[0] ?? [];
		expect(cells.map((cell) => cell.includes(',4,'))).toEqual([
			...Array(5).fill(true),
			...Array(5).fill(false),
		]);
	});

	it('shows the cursor where asked, and hides it again', async () => {
		const { painter, take } = setUp();
		const emulator = createEmulator(20, 4);
		painter.paint('shell', { column: 5, row: 2 });
		const first = take();
		expect(first.endsWith('\x1b[?25h')).toBe(true);
		await emulator.feed(first);
		expect(emulator.cursor()).toEqual({ column: 5, row: 2 });
		expect(painter.paint('shell', { column: 5, row: 2 })).toBe(0);
		painter.paint('shell', { column: 6, row: 2 });
		expect(take()).toBe('\x1b[C');
		painter.paint('shell');
		expect(take()).toBe('\x1b[?25l');
		painter.paint('shell', { column: 99, row: 2 });
		expect(take()).toBe('');
	});

	it('brackets a large paint, not a small one, and only where that is known', () => {
		const { painter, take } = setUp({ columns: 80, synchronized: true });
		painter.paint('x'.repeat(80));
		expect(take()).toMatch(/^\x1b\[\?2026h.*\x1b\[\?2026l$/s);
		painter.paint(`y${'x'.repeat(79)}`);
		expect(take()).not.toContain('2026');
		const other = setUp({ columns: 80 });
		other.painter.paint('x'.repeat(80));
		expect(other.take()).not.toContain('2026');
	});

	it('paints only the newest of the frames that came while the terminal was busy', async () => {
		const { painter, take, accept } = setUp();
		const emulator = createEmulator(20, 4);
		accept(false);
		painter.paint('one');
		await emulator.feed(take());
		expect(painter.paint('two')).toBe(0);
		expect(painter.paint('three')).toBe(0);
		accept(true);
		expect(painter.drained()).toBeGreaterThan(0);
		const bytes = take();
		expect(bytes).not.toContain('wo');
		await emulator.feed(bytes);
		expect(
			emulator
				.cells()[0]
				?.slice(0, 5)
				.map((cell) => cell[0]),
		).toEqual([...'three']);
		expect(painter.drained()).toBe(0);
	});

	it('repaints whole after invalidate and repaint', () => {
		const { painter, take } = setUp();
		painter.paint('one\ntwo');
		take();
		painter.invalidate();
		painter.paint('one\ntwo');
		expect(take()).toContain('two');
		expect(painter.repaint()).toBeGreaterThan(0);
		expect(take()).toContain('one');
	});

	it('keeps every other cell in place where a terminal differs about an emoji', async () => {
		const { painter, take } = setUp({ columns: 20, rows: 2 });
		// This emulator gives the family six cells and a plain emoji one; we count two for each.
		const emulator = createEmulator(20, 2);
		painter.paint('a👨‍👩‍👧b │ x\n😀 ok │ y');
		await emulator.feed(take());
		painter.paint('c👨‍👩‍👧d │ x\n😀 no │ y');
		await emulator.feed(take());
		const column = (row: number, index: number) => emulator.cells()[row]?.[index]?.split('|')[0];
		expect([column(0, 3), column(0, 4), column(0, 7)]).toEqual(['d', ' ', 'x']);
		expect([column(1, 3), column(1, 4), column(1, 8)]).toEqual(['n', 'o', 'y']);
		painter.paint('\n');
		await emulator.feed(take());
		expect(emulator.cells()[0]?.every((cell) => cell.startsWith(' |'))).toBe(true);
	});

	it('writes ASCII only where there is no Unicode', () => {
		const { painter, take } = setUp({ unicode: false });
		painter.paint('┌─┐ ▁█ • … 日本 é');
		expect(take()).toContain('+-+ _# * ~ ???? e');
	});
});
