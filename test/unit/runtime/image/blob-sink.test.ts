import { expect, test } from 'vitest';
import { openSink } from '../../../../src/runtime/image/blob-sink.ts';
import { createByteBudget } from '../../../../src/runtime/image/byte-budget.ts';

const parts = ['one', 'two', 'three'].map((text) => Buffer.from(text));

test('memory is filled in order', async () => {
	const memory = new Uint8Array(11);
	const sink = openSink(memory);
	for (const part of parts) await sink.take(part, false);
	await sink.settle();
	expect(Buffer.from(memory).toString()).toBe('onetwothree');
});

test('what waits is written in one piece, and all of it before the sink settles', async () => {
	const written: string[] = [];
	const sink = openSink(async (bytes) => {
		written.push(Buffer.from(bytes).toString());
	});
	await sink.take(Buffer.from('one'), false);
	await sink.take(Buffer.from('two'), true);
	await sink.take(Buffer.from('three'), false);
	await sink.settle();
	expect(written).toEqual(['onetwo', 'three']);
});

test('a failure to write is told when the sink settles', async () => {
	const sink = openSink(() => Promise.reject(new Error('the disk is full')));
	await sink.take(Buffer.from('one'), false);
	await expect(sink.settle()).rejects.toThrow('the disk is full');
});

test('a budget gives no more than it has, and takes back once', () => {
	const budget = createByteBudget(10);
	const first = budget.take(6);
	expect(budget.take(5)).toBeUndefined();
	first?.[Symbol.dispose]();
	first?.[Symbol.dispose]();
	expect(budget.take(11)).toBeUndefined();
	expect(budget.take(10)).toBeDefined();
});
