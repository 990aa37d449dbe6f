import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { listenForShutdown } from '../../../src/runtime/shutdown-signals.ts';

test('the first signal asks, the second insists, and SIGHUP is none of them', async () => {
	const source = new EventEmitter();
	let reloads = 0;
	const signals = listenForShutdown(() => (reloads += 1), source as unknown as NodeJS.Process);
	source.emit('SIGHUP', 'SIGHUP');
	expect([reloads, signals.second.aborted]).toEqual([1, false]);
	source.emit('SIGINT', 'SIGINT');
	expect([await signals.first, signals.second.aborted]).toEqual(['SIGINT', false]);
	source.emit('SIGTERM', 'SIGTERM');
	expect(signals.second.aborted).toBe(true);
	signals[Symbol.dispose]();
	expect(source.eventNames()).toEqual([]);
});
