import { expect, test, vi } from 'vitest';
import { createContainerHalts } from '../../../../src/runtime/server/container-halt.ts';
import type { PodParts } from '../../../../src/runtime/server/pod-parts.ts';
import { createOperationQueue } from '../../../../src/runtime/store/operation-queue.ts';

type Facts = { startedAtNanos: bigint | undefined; finishedAtNanos: bigint | undefined };

/** One container that ends when it is sent one of the given signals. */
function setUp(endsAt: readonly string[], facts: Partial<Facts> = {}) {
	const signals: string[] = [];
	const killedExecs: string[] = [];
	const ended = Promise.withResolvers<void>();
	const record = {
		id: 'c',
		stopSignal: 'SIGUSR1',
		runtimeHandler: '',
		startedAtNanos: 1n,
		finishedAtNanos: undefined as bigint | undefined,
		init: { pid: 5, startTimeTicks: 1n },
		...facts,
	};
	const parts = {
		containers: { get: (id: string) => (id === 'c' ? record : undefined) },
		queue: createOperationQueue(),
		handlers: { of: () => ({}) },
		execs: { killAll: (id: string) => killedExecs.push(id) },
		processes: {
			isAlive: () => record.finishedAtNanos === undefined,
			kill: async (_id: string, _handler: object, name: string) => {
				signals.push(name);
				if (!endsAt.includes(name)) return;
				record.finishedAtNanos = 2n;
				ended.resolve();
			},
		},
		ends: { ended: () => ended.promise, note: async () => undefined },
		log: () => undefined,
	} as unknown as PodParts;
	return { halts: createContainerHalts(parts), signals, killedExecs };
}

test('the stop signal is enough for one that heeds it', async () => {
	const { halts, signals, killedExecs } = setUp(['SIGUSR1']);
	const stopped = halts.stop('c', 3_600_000);
	expect(halts.isStopping('c')).toBe(true);
	await stopped;
	expect(signals).toEqual(['SIGUSR1']);
	expect(killedExecs).toEqual(['c']);
	expect(halts.isStopping('c')).toBe(false);
});

test('without grace it is killed at once', async () => {
	const { halts, signals } = setUp(['SIGKILL']);
	await halts.stop('c', 0);
	expect(signals).toEqual(['SIGKILL']);
});

test('one that was never started is killed, whatever the grace', async () => {
	const { halts, signals } = setUp(['SIGKILL'], { startedAtNanos: undefined });
	await halts.stop('c', 3_600_000);
	expect(signals).toEqual(['SIGKILL']);
});

test('one that has ended is left alone', async () => {
	const { halts, signals } = setUp([], { finishedAtNanos: 2n });
	await halts.stop('c', 0);
	await halts.stop('gone', 0);
	expect(signals).toEqual([]);
});

test('a later, shorter stop hurries one with a grace of an hour, and both are answered', async () => {
	const { halts, signals } = setUp(['SIGKILL']);
	const patient = halts.stop('c', 3_600_000);
	await vi.waitUntil(() => signals.length > 0);
	await halts.stop('c', 0);
	await patient;
	expect(signals).toEqual(['SIGUSR1', 'SIGKILL']);
});

test('who gives up waiting does not call the stop off', async () => {
	const { halts, signals } = setUp(['SIGKILL']);
	const leave = new AbortController();
	const patient = halts.stop('c', 3_600_000, { signal: leave.signal });
	leave.abort(new Error('left'));
	await expect(patient).rejects.toThrow('left');
	await vi.waitUntil(() => signals.length > 0);
	expect(halts.isStopping('c')).toBe(true);
	await halts.stop('c', 0);
	expect(signals).toEqual(['SIGUSR1', 'SIGKILL']);
});
