import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createKeyQuiet } from '../../../../src/ui/effects/key-quiet.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

async function waited(keysEveryMs: number | undefined, forMs: number): Promise<boolean> {
	const quiet = createKeyQuiet(() => performance.now());
	quiet.pressed();
	let done = false;
	void quiet.wait(new AbortController().signal).then(() => {
		done = true;
	});
	for (let passed = 0; passed < forMs; passed += 50) {
		if (keysEveryMs !== undefined && passed % keysEveryMs === 0) quiet.pressed();
		await vi.advanceTimersByTimeAsync(50);
	}
	return done;
}

test('nothing waits when no key was pressed', async () => {
	await createKeyQuiet(() => performance.now()).wait(new AbortController().signal);
});

test('work goes on a moment after the last key', async () => {
	expect(await waited(undefined, 300)).toBe(false);
	expect(await waited(undefined, 500)).toBe(true);
});

test('a key held down holds work up, but not for ever', async () => {
	expect(await waited(50, 4_000)).toBe(false);
	expect(await waited(50, 5_500)).toBe(true);
});

test('the end of the program ends the wait', async () => {
	const abort = new AbortController();
	const quiet = createKeyQuiet(() => performance.now());
	quiet.pressed();
	const wait = quiet.wait(abort.signal);
	abort.abort();
	await wait;
});
