import { describe, expect, test } from 'vitest';
import { createEventFanout } from '../../../../src/runtime/store/event-fanout.ts';
import { containerName, newObjectId, podSandboxName } from '../../../../src/runtime/store/names.ts';
import { createOperationQueue } from '../../../../src/runtime/store/operation-queue.ts';
import { containerState, exitReason } from '../../../../src/runtime/store/states.ts';

describe('the queue', () => {
	test('runs the operations on one object in order, those on others beside them', async () => {
		const queue = createOperationQueue();
		const first = Promise.withResolvers<void>();
		const done: string[] = [];
		const one = queue.run('a', () => first.promise.then(() => void done.push('a1')));
		const two = queue.run('a', async () => void done.push('a2'));
		await queue.run('b', async () => void done.push('b'));
		expect(queue.isBusy('a')).toBe(true);
		first.resolve();
		await Promise.all([one, two]);
		expect(done).toEqual(['b', 'a1', 'a2']);
		await Promise.resolve();
		expect(queue.isBusy('a')).toBe(false);
	});

	test('goes on after a failure', async () => {
		const queue = createOperationQueue();
		await expect(queue.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
		expect(await queue.run('a', async () => 'yes')).toBe('yes');
	});

	test('who gives up waiting is not run, and holds up nobody; order is kept', async () => {
		const queue = createOperationQueue();
		const first = Promise.withResolvers<void>();
		const leave = new AbortController();
		const done: number[] = [];
		const one = queue.run('a', () => first.promise.then(() => void done.push(1)));
		const two = queue.run('a', async () => void done.push(2), { signal: leave.signal });
		const three = queue.run('a', async () => void done.push(3));
		leave.abort(new Error('left'));
		await expect(two).rejects.toThrow('left');
		expect(done).toEqual([]);
		first.resolve();
		await Promise.all([one, three]);
		expect(done).toEqual([1, 3]);
	});
});

describe('events', () => {
	test('reach every reader from when it asked, and end with its signal', async () => {
		const events = createEventFanout<number>();
		const leave = new AbortController();
		events.publish(0);
		const reader = events.subscribe({ signal: leave.signal })[Symbol.asyncIterator]();
		events.publish(1);
		events.publish(2);
		expect([(await reader.next()).value, (await reader.next()).value]).toEqual([1, 2]);
		const next = reader.next();
		leave.abort(new Error('left'));
		await expect(next).rejects.toThrow('left');
		expect(events.readers).toBe(0);
	});

	test('end with a reason where one is given, for readers that wait and those that come later', async () => {
		const events = createEventFanout<number>();
		const waiting = events.subscribe()[Symbol.asyncIterator]();
		events.publish(1);
		expect(await waiting.next()).toEqual({ done: false, value: 1 });
		const next = waiting.next();
		events.close(new Error('the end'));
		await expect(next).rejects.toThrow('the end');
		await expect(events.subscribe()[Symbol.asyncIterator]().next()).rejects.toThrow('the end');
		// What is closed once more keeps its reason.
		events.close();
		await expect(events.subscribe()[Symbol.asyncIterator]().next()).rejects.toThrow('the end');
	});

	test('are dropped for a reader that takes none, beyond a thousand, and it is told once', async () => {
		let drops = 0;
		const events = createEventFanout<number>(() => {
			drops += 1;
		});
		const reader = events.subscribe()[Symbol.asyncIterator]();
		for (let event = 0; event < 1500; event += 1) events.publish(event);
		expect(drops).toBe(1);
		events.close();
		const read: number[] = [];
		for (let next = await reader.next(); !next.done; next = await reader.next()) read.push(next.value);
		expect(read).toEqual(Array.from({ length: 1000 }, (_, event) => event));
	});
});

test('states and reasons follow from what happened', () => {
	const at = (startedAtNanos?: bigint, finishedAtNanos?: bigint) =>
		containerState({ startedAtNanos, finishedAtNanos });
	expect([at(), at(1n), at(1n, 2n), at(undefined, 2n)]).toEqual(['created', 'running', 'exited', 'exited']);
	const reason = (exitCode: number, oomKilled = false) => exitReason({ exitCode, oomKilled });
	expect([reason(0), reason(1), reason(137, true)]).toEqual(['Completed', 'Error', 'OOMKilled']);
});

test('names tell pods and attempts apart', () => {
	const pod = { name: 'p', namespace: 'n', uid: 'u', attempt: 1 };
	expect(podSandboxName(pod)).toBe('k8s_POD_p_n_u_1');
	expect(containerName({ name: 'c', attempt: 3 }, pod)).toBe('k8s_c_p_n_u_3');
	expect(newObjectId()).toMatch(/^[0-9a-f]{64}$/);
});
