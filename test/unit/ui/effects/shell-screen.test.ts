import { describe, expect, test } from 'vitest';
import { createScreenPump } from '../../../../src/ui/effects/shell-screen.ts';

/** An emulator that takes output only when told. */
function slowEmulator() {
	const waiting: (() => void)[] = [];
	return {
		waiting,
		write: (_bytes: Uint8Array, done?: () => void) => {
			waiting.push(done ?? (() => undefined));
		},
		screen: () => ({ lines: [], cursor: undefined, linesBelow: 0 }),
		takeAll() {
			for (const done of waiting.splice(0)) done();
		},
	};
}

function pumpOn(emulator: ReturnType<typeof slowEmulator>, isShown = () => true) {
	const calls: string[] = [];
	let screens = 0;
	const pump = createScreenPump({
		emulator,
		isShown,
		onScreen: () => {
			screens++;
		},
		flush: () => undefined,
	});
	pump.attach({ pause: () => calls.push('pause'), resume: () => calls.push('resume') });
	return { pump, calls, screens: () => screens };
}

describe('the way of output onto the screen', () => {
	test('a flood holds the session back until the emulator has caught up', async () => {
		const emulator = slowEmulator();
		const { pump, calls } = pumpOn(emulator);
		for (let count = 0; count < 5; count++) pump.take(new Uint8Array(64 << 10));
		expect(calls).toEqual(['pause']);
		emulator.takeAll();
		await expect.poll(() => calls).toEqual(['pause', 'resume']);
		pump[Symbol.dispose]();
	});

	test('a flood before the session is open holds it back from the start', () => {
		const emulator = slowEmulator();
		const calls: string[] = [];
		const pump = createScreenPump({
			emulator,
			isShown: () => false,
			onScreen: () => undefined,
			flush: () => undefined,
		});
		pump.take(new Uint8Array(1 << 20));
		pump.attach({ pause: () => calls.push('pause'), resume: () => calls.push('resume') });
		expect(calls).toEqual(['pause']);
		pump[Symbol.dispose]();
	});

	test('a thousand pieces make few pictures', async () => {
		const emulator = slowEmulator();
		const { pump, screens } = pumpOn(emulator);
		for (let count = 0; count < 1000; count++) pump.take(new Uint8Array(10));
		emulator.takeAll();
		await expect.poll(screens).toBeGreaterThan(0);
		expect(screens()).toBeLessThan(20);
		pump[Symbol.dispose]();
	});

	test('nothing is pictured in the background', async () => {
		const emulator = slowEmulator();
		const { pump, screens } = pumpOn(emulator, () => false);
		pump.take(new Uint8Array(10));
		emulator.takeAll();
		const settled = pump.settled();
		emulator.takeAll();
		await settled;
		expect(screens()).toBe(0);
	});
});
