import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInputParser } from '../../../../src/ui/terminal/input-parser.ts';
import { keyToString, type TerminalInput } from '../../../../src/ui/terminal/terminal-input.ts';

function parse(...chunks: (string | Uint8Array)[]): TerminalInput[] {
	const events: TerminalInput[] = [];
	const parser = createInputParser((input) => events.push(input));
	for (const chunk of chunks) {
		parser.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
	}
	parser.flush();
	return events;
}

function keys(...chunks: (string | Uint8Array)[]): string[] {
	return parse(...chunks).map((input) => (input.kind === 'key' ? keyToString(input) : input.kind));
}

describe('createInputParser', () => {
	it.each([
		['typed characters', 'jK/ é日', ['j', 'K', '/', 'space', 'é', '日']],
		[
			'control keys',
			'\r\t\x7f\x08\x03\x1a\x00\x1d\n',
			'enter tab backspace backspace ctrl+c ctrl+z ctrl+space ctrl+] enter'.split(' '),
		],
		['alt', '\x1bx\x1bK\x1b\x7f\x1b\x01\x1bé', 'alt+x alt+K alt+backspace ctrl+alt+a alt+é'.split(' ')],
		[
			'xterm',
			'\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F\x1b[Z\x1b[1;5C\x1b[1;6A\x1b[3;3~',
			'up down right left home end shift+tab ctrl+right ctrl+shift+up alt+delete'.split(' '),
		],
		[
			'application cursor keys',
			'\x1bOA\x1bOH\x1bOP\x1bOS\x1bOM\x1bOj\x1bOp',
			'up home f1 f4 enter * 0'.split(' '),
		],
		[
			'the tilde keys',
			'\x1b[1~\x1b[2~\x1b[3~\x1b[4~\x1b[5~\x1b[6~\x1b[15~\x1b[24~',
			'home insert delete end pageup pagedown f5 f12'.split(' '),
		],
		['the Linux console', '\x1b[[A\x1b[[E\x1b[17~\x1b[[Z', 'f1 f5 f6'.split(' ')],
		[
			'rxvt',
			'\x1b[7~\x1b[8~\x1b[7$\x1b[5^\x1b[6@\x1b[a\x1bOd\x1b\x1b[A\x1b[11~',
			'home end shift+home ctrl+pageup ctrl+shift+pagedown shift+up ctrl+left alt+up f1'.split(' '),
		],
		[
			'modifyOtherKeys',
			'\x1b[27;5;105~\x1b[27;6;65~\x1b[27;3;13~\x1b[27;2;32~',
			['ctrl+i', 'ctrl+shift+a', 'alt+enter', 'space'],
		],
		[
			'kitty',
			'\x1b[97u\x1b[97;2u\x1b[97:65;2u\x1b[99;5u\x1b[27u\x1b[13;2u\x1b[57414u\x1b[57419;5u\x1b[49:33;2u',
			'a A A ctrl+c escape shift+enter enter ctrl+up !'.split(' '),
		],
		['kitty releases', '\x1b[97;1:1u\x1b[97;1:3u\x1b[1;1:3A', ['a']],
		['a lone ESC', '\x1b', ['escape']],
		['Escape twice', '\x1b\x1b', ['escape', 'escape']],
		['alt and a bracket', '\x1b[', ['alt+[']],
	])('understands %s', (_, bytes, wanted) => {
		expect(keys(bytes)).toEqual(wanted);
	});

	it.each([
		['a cursor report', '\x1b[?12;40$yj'],
		['device attributes', '\x1b[?64;1;2cj'],
		['an unknown sequence', '\x1b[12;34;56zj'],
		['a colour answer', '\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\j'],
		['an answer ended by BEL', '\x1b]52;c;REQ=\x07j'],
		['a device string', '\x1bP>|XTerm(370)\x1b\\j'],
		['focus reports', '\x1b[I\x1b[Oj'],
		['8-bit C1 controls', Buffer.from([0x9b, 0x8f, 0x6a])],
		['rubbish that is no UTF-8', Buffer.from([0xff, 0xc3, 0xe2, 0x82, 0x6a])],
		['a C1 control in UTF-8', '\u009bj'],
		['a sequence cut short by another', '\x1b[1;\x1b[999~j'],
		['super and its friends', '\x1b[97;9uj'],
	])('swallows %s', (_, bytes) => {
		expect(keys(bytes)).toEqual(['j']);
	});

	it('never takes the late rest of a sequence for typed commands', () => {
		const events: string[] = [];
		const parser = createInputParser((input) =>
			events.push(input.kind === 'key' ? keyToString(input) : input.kind),
		);
		parser.push(Buffer.from('\x1b[1;'));
		parser.flush();
		parser.push(Buffer.from('5D'));
		expect(events).toEqual(['ctrl+left']);
	});

	it('lets Escape out of a string that never ends', () => {
		const events: string[] = [];
		const parser = createInputParser((input) =>
			events.push(input.kind === 'key' ? keyToString(input) : input.kind),
		);
		parser.push(Buffer.from('\x1b]0;abc'));
		parser.flush();
		parser.push(Buffer.from('\x1b'));
		parser.flush();
		parser.push(Buffer.from('q'));
		expect(events).toEqual(['escape', 'q']);
	});

	it('reads the mouse', () => {
		expect(
			parse('\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<64;1;1M\x1b[<65;300;200M\x1b[<34;2;3M\x1b[<20;1;1M'),
		).toMatchObject([
			{ action: 'press', button: 0, column: 9, row: 4 },
			{ action: 'release', button: 0, column: 9, row: 4 },
			{ action: 'wheelUp', column: 0, row: 0 },
			{ action: 'wheelDown', column: 299, row: 199 },
			{ action: 'move', button: 2, column: 1, row: 2 },
			{ action: 'press', ctrl: true, shift: true },
		]);
		expect(keys('\x1b[M !!j')).toEqual(['mouse', 'j']);
	});

	it.each([
		['commands', 'D\rS'],
		['look-alikes of the end', 'a\x1b[201 ~b\x1b[0201~c\x1b[20\x1b[201'],
		['keys', '\x1b[A\x1bOP\x03'],
	])('keeps pasted %s together, as text without controls', (_, content) => {
		const events = parse(`\x1b[200~${content}\x1b[201~j`);
		expect(events.map((event) => event.kind)).toEqual(['paste', 'key']);
		const paste = events[0];
		expect(paste?.kind === 'paste' && paste.text).toBe(
			content.replace(/\r/g, '\n').replace(/[\x03\x1b]/g, ''),
		);
	});

	it('gives a huge paste in parts and loses nothing', () => {
		const content = '日本'.repeat(400_000);
		const events = parse(`\x1b[200~${content}\x1b[201~`);
		expect(events.length).toBeGreaterThan(1);
		expect(events.map((event) => (event.kind === 'paste' ? event.text : '?')).join('')).toBe(content);
	});

	it('gives the same events however the bytes are cut', () => {
		const unit = fc.oneof(
			fc.constantFrom(
				'\x1b[',
				'\x1bO',
				'\x1b',
				'\x1b]',
				'\x07',
				'\x1b\\',
				'\x1b[200~',
				'\x1b[201~',
				'\x1b[<0;1;1M',
				'\x1b[M',
			),
			fc.constantFrom(
				'A',
				'~',
				'u',
				'$',
				';',
				':',
				'1',
				'5',
				'27',
				'日',
				'é',
				'😀',
				'\r',
				'\x03',
				' ',
				'[',
				'\x1bP',
			),
			fc.string({ maxLength: 3 }),
		);
		const bytes = fc.oneof(
			fc.array(unit, { maxLength: 20 }).map((units) => Buffer.from(units.join(''))),
			fc.uint8Array({ maxLength: 30 }),
		);
		fc.assert(
			fc.property(bytes, fc.array(fc.nat(60), { maxLength: 12 }), (all, cuts) => {
				const places = [0, ...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
				const chunks = places.slice(1).map((end, index) => all.subarray(places[index], end));
				expect(parse(...chunks)).toEqual(parse(all));
				expect(parse(...Array.from(all, (byte) => Uint8Array.of(byte)))).toEqual(parse(all));
			}),
			{ numRuns: 150 },
		);
	});

	it('passes every byte through to a shell, with its meaning beside it', () => {
		const all = Buffer.from('ls\r\x1b[A\x1b]11;x\x07\x1b[200~a\x03b\x1b[201~é\x1d\x1b');
		const passed: Uint8Array[] = [];
		const meanings: string[] = [];
		const parser = createInputParser(() => expect.unreachable('nothing is ours now'));
		parser.setPassThrough((bytes, input) => {
			passed.push(bytes);
			meanings.push(input === undefined ? '-' : input.kind === 'key' ? keyToString(input) : input.kind);
		});
		parser.push(all.subarray(0, 5));
		parser.push(all.subarray(5));
		parser.flush();
		expect(Buffer.concat(passed)).toEqual(all);
		expect(meanings).toEqual(['l', 's', 'enter', 'up', '-', '-', 'paste', 'é', 'ctrl+]', 'escape']);
	});

	it('takes keys again from the very next one after the pass-through ends', () => {
		const events: string[] = [];
		const parser = createInputParser((input) => events.push(input.kind === 'key' ? input.name : input.kind));
		parser.setPassThrough((_, input) => {
			if (input?.kind === 'key' && keyToString(input) === 'ctrl+]') parser.setPassThrough(undefined);
		});
		parser.push(Buffer.from('q\x1dj'));
		expect(events).toEqual(['j']);
	});
});
