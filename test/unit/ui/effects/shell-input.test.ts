import { describe, expect, test } from 'vitest';
import { type InnerModes, inputForProgram } from '../../../../src/ui/effects/shell-input.ts';
import { createInputParser } from '../../../../src/ui/terminal/input-parser.ts';

const normal: InnerModes = {
	applicationCursor: false,
	bracketedPaste: false,
	mouse: 'none',
	mouseSgr: false,
};
const application: InnerModes = { ...normal, applicationCursor: true };
const area = { column: 0, row: 3, columns: 80, rows: 20 };

/** What reaches the program when a terminal sends these bytes. */
function through(sent: string, modes: InnerModes): string {
	let received = '';
	const parser = createInputParser(() => undefined);
	parser.setPassThrough((bytes, input) => {
		received += Buffer.from(inputForProgram(bytes, input, modes, area)).toString('latin1');
	});
	parser.push(Buffer.from(sent, 'latin1'));
	parser.flush();
	return received;
}

describe('keys for the program inside', () => {
	test.each([
		['up', '\x1b[A', '\x1bOA'],
		['left', '\x1b[D', '\x1bOD'],
		['home', '\x1b[H', '\x1bOH'],
		['end', '\x1b[F', '\x1bOF'],
	])('%s follows the mode of the program, not ours', (_name, sent, wanted) => {
		expect(through(sent, normal)).toBe(sent);
		expect(through(sent, application)).toBe(wanted);
		expect(through(wanted, normal)).toBe(sent);
	});

	test('arrows with modifiers have one form', () => {
		expect(through('\x1b[1;5C', application)).toBe('\x1b[1;5C');
	});

	test('keys of the Linux console and of rxvt become those of an xterm', () => {
		expect(through('\x1b[1~', normal)).toBe('\x1b[H');
		expect(through('\x1b[4~', normal)).toBe('\x1b[F');
		expect(through('\x1b[[A', normal)).toBe('\x1bOP');
	});

	test.each(['a', 'é', '\r', '\t', '\x03', '\x7f', '\x1b', '\x1bx', '\x1b[3~', '\x1b[15~', '\x1b[Z'])(
		'%j goes through as it came',
		(sent) => {
			expect(through(sent, application)).toBe(sent);
		},
	);

	test('a paste keeps its brackets where the program asked for them, and loses them where not', () => {
		const paste = '\x1b[200~one\rtwo\x1b[201~';
		expect(through(paste, { ...normal, bracketedPaste: true })).toBe(paste);
		expect(through(paste, normal)).toBe('one\rtwo');
	});

	test('the mouse is told where the program draws, in the form it asked for', () => {
		const press = '\x1b[<0;5;6M';
		expect(through(press, normal)).toBe('');
		expect(through(press, { ...normal, mouse: 'vt200', mouseSgr: true })).toBe('\x1b[<0;5;3M');
		expect(through(press, { ...normal, mouse: 'vt200' })).toBe('\x1b[M %#');
		expect(through('\x1b[<0;5;6m', { ...normal, mouse: 'vt200', mouseSgr: true })).toBe('\x1b[<0;5;3m');
		expect(through('\x1b[<64;1;4M', { ...normal, mouse: 'any', mouseSgr: true })).toBe('\x1b[<64;1;1M');
	});

	test('the mouse on our own lines is not the program’s', () => {
		expect(through('\x1b[<0;5;1M', { ...normal, mouse: 'any', mouseSgr: true })).toBe('');
	});

	test('moves are told only to who asked for moves', () => {
		const drag = '\x1b[<32;5;6M';
		expect(through(drag, { ...normal, mouse: 'vt200', mouseSgr: true })).toBe('');
		expect(through(drag, { ...normal, mouse: 'drag', mouseSgr: true })).toBe('\x1b[<32;5;3M');
	});
});
