import { expect, test } from 'vitest';
import { createLayerMeter } from '../../../../../src/runtime/storage/containers/usage-meter.ts';

/** A meter of a layer that grows by one byte each time it is measured. */
function growing({ costMs = 0 } = {}) {
	let nowMs = 0;
	let count = 0;
	const running = { now: 0, most: 0 };
	const meter = createLayerMeter(
		() => nowMs,
		async () => {
			running.now += 1;
			running.most = Math.max(running.most, running.now);
			await Promise.resolve();
			nowMs += costMs;
			count += 1;
			running.now -= 1;
			return { usedBytes: count, inodesUsed: 1 };
		},
	);
	const used = async (layer = 'a') => (await meter.measure(layer, '/x')).usedBytes;
	return { meter, used, running, pass: (ms: number) => (nowMs += ms) };
}

test('a layer is measured again after ten seconds, and not before', async () => {
	const { used, pass } = growing();
	expect(await used()).toBe(1);
	pass(9_999);
	expect(await used()).toBe(1);
	pass(1);
	expect(await used()).toBe(2);
});

test('what takes long to measure is measured less often', async () => {
	const { used, pass } = growing({ costMs: 5_000 });
	expect(await used()).toBe(1);
	pass(49_999);
	expect(await used()).toBe(1);
	pass(1);
	expect(await used()).toBe(2);
});

test('many who ask share one measuring, and layers are measured one by one', async () => {
	const { used, running } = growing();
	const all = await Promise.all([used('a'), used('a'), used('b'), used('c'), used('b')]);
	expect(all).toEqual([1, 1, 2, 3, 2]);
	expect(running.most).toBe(1);
});

test('a layer that went is forgotten', async () => {
	const { used, meter } = growing();
	await used();
	meter.forget('a');
	expect(await used()).toBe(2);
});

test('who no longer waits is let go, and a failure is not kept', async () => {
	let fails = true;
	const meter = createLayerMeter(
		() => 0,
		async () => {
			if (fails) throw new Error('EIO');
			return { usedBytes: 1, inodesUsed: 1 };
		},
	);
	await expect(meter.measure('a', '/x')).rejects.toThrow('EIO');
	fails = false;
	expect((await meter.measure('a', '/x')).usedBytes).toBe(1);
	await expect(meter.measure('b', '/x', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
});
