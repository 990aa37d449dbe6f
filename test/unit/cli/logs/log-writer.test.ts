import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import {
	createLogWriter,
	type LogWriterOptions,
	terminalLogText,
} from '../../../../src/cli/logs/log-writer.ts';
import type { LogPiece } from '../../../../src/node/logs/piece-splitter.ts';

const piece = (text: string, more: Partial<LogPiece> = {}): LogPiece => ({
	stampText: '2026-01-02T03:04:05.6+00:00',
	stream: 'stdout',
	content: Buffer.from(text, 'latin1'),
	partial: false,
	...more,
});

async function written(
	pieces: readonly LogPiece[],
	options: Partial<LogWriterOptions> & { readonly terminal?: boolean } = {},
): Promise<readonly [string, string]> {
	const texts = ['', ''];
	const collect = (index: number) =>
		new Writable({
			write(chunk: Buffer, _encoding, done) {
				texts[index] += chunk.toString(options.terminal ? 'utf8' : 'latin1');
				done();
			},
		});
	const writer = createLogWriter(
		{ timestamps: false, ...options },
		{
			stdout: collect(0),
			stderr: collect(1),
			stdoutIsTerminal: options.terminal ?? false,
			terminalSize: () => undefined,
			env: {},
		},
	);
	await writer.write(pieces);
	return [texts[0] ?? '', texts[1] ?? ''];
}

test('bytes as they are, each stream to its own, partials joined', async () => {
	const pieces = [piece('\xff\x1b[2J', { partial: true }), piece('e', { stream: 'stderr' }), piece('b\r')];
	expect(await written(pieces)).toEqual(['\xff\x1b[2Jb\r\n', 'e\n']);
});

test('times once a line, with nine digits', async () => {
	const pieces = [piece('a', { partial: true }), piece('b'), piece('no log line', { stampText: undefined })];
	expect(await written(pieces, { timestamps: true })).toEqual([
		'2026-01-02T03:04:05.600000000Z ab\nno log line\n',
		'',
	]);
});

test('a limit cuts amid a line, and counts times too', async () => {
	expect(await written([piece('abc'), piece('def')], { limitBytes: 5 })).toEqual(['abc\nd', '']);
	expect(await written([piece('abc')], { limitBytes: 0 })).toEqual(['', '']);
});

test('since and stream leave out', async () => {
	const pieces = [
		piece('old', { stampText: '2026-01-01T00:00:00Z' }),
		piece('goes with the old one', { stampText: undefined }),
		piece('new'),
		piece('err', { stream: 'stderr' }),
	];
	const sinceNanos = BigInt(Date.UTC(2026, 0, 2)) * 1_000_000n;
	expect(await written(pieces, { sinceNanos })).toEqual(['new\n', 'err\n']);
	expect(await written(pieces, { sinceNanos, stream: 'stderr' })).toEqual(['', 'err\n']);
});

test('onto a terminal only what is harmless, characters cut in two made whole', async () => {
	const pieces = [piece('\xc3', { partial: true }), piece('\xa4\x1b]0;title\x07\x07ok\r')];
	expect(await written(pieces, { terminal: true })).toEqual(['ä␇ok\n', '']);
});

test.each([
	['plain', 'plain'],
	['\x1b[31mred\x1b[0m', '\x1b[31mred\x1b[0m\x1b[0m'],
	['\x1b[8mhidden', 'hidden'],
	['\x1b[1;8mhidden', 'hidden'],
	['\x1b[2J\x1b[Hgone', 'gone'],
	['a\tb\rc\x00', 'a\tb␍c␀'],
	['\x1b]52;c;aGk=\x07x', 'x'],
	['\x9b31mx', '\x1b[31mx\x1b[0m'],
])('%j on a terminal', (text, shown) => {
	expect(terminalLogText(text, true)).toBe(shown);
});

test('without colours none', () => {
	expect(terminalLogText('\x1b[31mred', false)).toBe('red');
});
