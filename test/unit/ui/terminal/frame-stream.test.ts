import { describe, expect, it } from 'vitest';
import { createFrameStream } from '../../../../src/ui/terminal/frame-stream.ts';

describe('createFrameStream', () => {
	it('hands frames on, without their last newline, and answers callbacks', () => {
		const frames: string[] = [];
		const stream = createFrameStream({ columns: 80, rows: 24, onFrame: (frame) => frames.push(frame) });
		let called = 0;
		expect(stream.write('a\nb\n', () => called++)).toBe(true);
		stream.write('', () => called++);
		expect(frames).toEqual(['a\nb']);
		expect(called).toBe(2);
	});

	it('tells of a new size, not of the same', () => {
		const stream = createFrameStream({ columns: 80, rows: 24, onFrame: () => {} });
		const sizes: string[] = [];
		stream.on('resize', () => sizes.push(`${stream.columns}x${stream.rows}`));
		stream.resize({ columns: 80, rows: 24 });
		stream.resize({ columns: 40, rows: 12 });
		expect(sizes).toEqual(['40x12']);
	});
});
