import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameReader } from '../../../../../src/cri/streaming/spdy/frame-reader.ts';
import {
	controlFrame,
	controlType,
	dataFrameHeader,
	flagFin,
} from '../../../../../src/cri/streaming/spdy/frames.ts';

const wire = Buffer.concat([
	controlFrame(controlType.ping, 0, Buffer.from([0, 0, 0, 2])),
	dataFrameHeader(3, 0, 5),
	Buffer.from('hello'),
	dataFrameHeader(5, 0, 0),
	controlFrame(controlType.settings, 0, Buffer.alloc(0)),
	dataFrameHeader(3, flagFin, 6),
	Buffer.from(' world'),
	dataFrameHeader(5, flagFin, 0),
]);

function readAll(chunks: readonly Buffer[]) {
	const text = new Map<number, string>();
	const ended: number[] = [];
	const controls: string[] = [];
	const read = createFrameReader({
		onData: (id, bytes, fin) => {
			expect(ended).not.toContain(id);
			text.set(id, (text.get(id) ?? '') + bytes.toString());
			if (fin) ended.push(id);
		},
		onControl: (type, _flags, payload) => controls.push(`${type}:${payload.toString('hex')}`),
	});
	for (const chunk of chunks) read(chunk);
	return { text: [...text], ended, controls };
}

const whole = {
	text: [
		[3, 'hello world'],
		[5, ''],
	],
	ended: [3, 5],
	controls: ['6:00000002', '4:'],
};

test('frames are found however the bytes are cut', () => {
	expect(readAll([wire])).toEqual(whole);
	expect(readAll([...wire].map((byte) => Buffer.from([byte])))).toEqual(whole);
	fc.assert(
		fc.property(fc.array(fc.nat(wire.length)), (cuts) => {
			const edges = [0, ...cuts.sort((a, b) => a - b), wire.length];
			const chunks = edges.slice(1).map((edge, index) => wire.subarray(edges[index], edge));
			expect(readAll(chunks)).toEqual(whole);
		}),
	);
});

test('a part of a large data frame is passed on before the rest came', () => {
	const read = readAll([dataFrameHeader(1, flagFin, 1 << 20), Buffer.from('start')]);
	expect(read.text).toEqual([[1, 'start']]);
	expect(read.ended).toEqual([]);
});

test('another version and an enormous control frame are refused', () => {
	expect(() => readAll([Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0])])).toThrow('version 2');
	expect(() => readAll([Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0, 0])])).toThrow('16711680 bytes');
});
