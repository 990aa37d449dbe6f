import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTurns } from '../../../src/runtime/turns.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Work that ends when the test says so, and what of it has begun. */
function setUp(limits: { readonly atOnce: number; readonly patienceMs?: number }) {
	const turns = createTurns(limits);
	const begun: string[] = [];
	const start = (
		name: string,
		{ longestWaitMs = 600_000, continues = false, signal = undefined as AbortSignal | undefined } = {},
	) => {
		const { promise, resolve, reject } = Promise.withResolvers<string>();
		const work = () => {
			begun.push(name);
			return promise;
		};
		return {
			ended: turns.run(work, { longestWaitMs, continues, signal }),
			end: () => resolve(name),
			fail: reject,
		};
	};
	const settle = () => vi.advanceTimersByTimeAsync(0);
	return { begun, start, settle };
}

test('as many as there are turns run at once, the others in the order in which they came', async () => {
	const { begun, start, settle } = setUp({ atOnce: 2 });
	const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => start(name)) as [
		ReturnType<typeof start>,
		ReturnType<typeof start>,
		ReturnType<typeof start>,
		ReturnType<typeof start>,
	];
	await settle();
	expect(begun).toEqual(['a', 'b']);
	b.end();
	expect(await b.ended).toBe('b');
	await settle();
	expect(begun).toEqual(['a', 'b', 'c']);
	// One that fails gives its turn back, too.
	a.fail(new Error('no'));
	await expect(a.ended).rejects.toThrow('no');
	await settle();
	expect(begun).toEqual(['a', 'b', 'c', 'd']);
	for (const one of [c, d]) {
		one.end();
		await one.ended;
	}
	const [e, f, g] = ['e', 'f', 'g'].map((name) => start(name)) as [typeof a, typeof a, typeof a];
	await settle();
	expect(begun.slice(4)).toEqual(['e', 'f']);
	for (const one of [e, f, g]) one.end();
	expect(await Promise.all([e.ended, f.ended, g.ended])).toEqual(['e', 'f', 'g']);
	expect(vi.getTimerCount()).toBe(0);
});

test('what takes long gives its turn up once, and not again at its end', async () => {
	const { begun, start, settle } = setUp({ atOnce: 1, patienceMs: 2000 });
	const hanging = start('hanging');
	start('next');
	await vi.advanceTimersByTimeAsync(1999);
	expect(begun).toEqual(['hanging']);
	await vi.advanceTimersByTimeAsync(1);
	expect(begun).toEqual(['hanging', 'next']);
	start('third');
	hanging.end();
	expect(await hanging.ended).toBe('hanging');
	await settle();
	expect(begun).toEqual(['hanging', 'next']);
});

test('nobody waits longer than they can, and who is late takes no turn from the others', async () => {
	const { begun, start } = setUp({ atOnce: 1, patienceMs: 600_000 });
	const first = start('first');
	const late = start('late', { longestWaitMs: 500 });
	start('second');
	await vi.advanceTimersByTimeAsync(500);
	expect(begun).toEqual(['first', 'late']);
	late.end();
	await late.ended;
	expect(begun).toEqual(['first', 'late']);
	first.end();
	await first.ended;
	await vi.advanceTimersByTimeAsync(0);
	expect(begun).toEqual(['first', 'late', 'second']);
});

test('who gives up leaves the line, with the reason of the signal', async () => {
	const { begun, start, settle } = setUp({ atOnce: 1 });
	const first = start('first');
	const leaving = new AbortController();
	const gone = start('gone', { signal: leaving.signal });
	const last = start('last');
	leaving.abort(new Error('enough'));
	await expect(gone.ended).rejects.toThrow('enough');
	await expect(start('never', { signal: leaving.signal }).ended).rejects.toThrow('enough');
	first.end();
	await first.ended;
	await settle();
	expect(begun).toEqual(['first', 'last']);
	last.end();
	await last.ended;
	expect(vi.getTimerCount()).toBe(0);
});

test('what goes on with something begun comes before all that is new', async () => {
	const { begun, start, settle } = setUp({ atOnce: 1 });
	const first = start('a1');
	const others = [
		start('b1'),
		start('c1'),
		start('a2', { continues: true }),
		start('d2', { continues: true }),
	];
	for (const one of [first, others[2], others[3], others[0], others[1]]) {
		await settle();
		one?.end();
		await one?.ended;
	}
	expect(begun).toEqual(['a1', 'a2', 'd2', 'b1', 'c1']);
});
