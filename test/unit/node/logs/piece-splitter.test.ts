import { expect, test } from 'vitest';
import { createPieceSplitter, type LogPiece } from '../../../../src/node/logs/piece-splitter.ts';

const stamp = '2026-01-02T03:04:05.678901234Z';
const shown = (pieces: readonly LogPiece[]) =>
	pieces.map(
		({ stream, content, partial }) => `${stream} ${partial ? 'P' : 'F'} ${content.toString('latin1')}`,
	);

test('pieces do not depend on where the bytes were cut', () => {
	const bytes = Buffer.from(
		`${stamp} stdout P a\n${stamp} stderr F \xff\r\n${stamp} stdout F b\nno log line\n${stamp} stdout F \n${stamp} stdout F cut`,
		'latin1',
	);
	for (const size of [1, 7, 50, bytes.length]) {
		const splitter = createPieceSplitter();
		const pieces: LogPiece[] = [];
		for (let at = 0; at < bytes.length; at += size) {
			pieces.push(...splitter.push(bytes.subarray(at, at + size), 'cri'));
		}
		pieces.push(...splitter.finish('cri'));
		expect(shown(pieces)).toEqual([
			'stdout P a',
			'stderr F \xff\r',
			'stdout F b',
			'stdout F no log line',
			'stdout F ',
			'stdout P cut',
		]);
		expect(splitter.finish('cri')).toEqual([]);
	}
});

test('a line without an end goes through in parts, in bounded memory', () => {
	const splitter = createPieceSplitter();
	const chunk = Buffer.alloc(300_000, 'x');
	let bytes = 0;
	const take = (pieces: readonly LogPiece[]) => {
		for (const piece of pieces) {
			bytes += piece.content.length;
			expect([piece.stream, piece.stampText]).toEqual(['stderr', stamp]);
		}
		return pieces;
	};
	take(splitter.push(Buffer.from(`${stamp} stderr F `), 'cri'));
	for (let count = 0; count < 10; count++) take(splitter.push(chunk, 'cri'));
	const last = take(splitter.push(Buffer.from('\n'), 'cri'));
	expect(bytes).toBe(3_000_000);
	expect(last.at(-1)?.partial).toBe(false);
	expect(shown(splitter.push(Buffer.from(`${stamp} stdout F next\n`), 'cri'))).toEqual(['stdout F next']);
});

test('Docker lines are decoded', () => {
	const splitter = createPieceSplitter();
	const line = `${JSON.stringify({ log: 'hi\n', stream: 'stderr', time: stamp })}\n`;
	expect(shown(splitter.push(Buffer.from(line), 'dockerJson'))).toEqual(['stderr F hi']);
});
