import { expect, onTestFinished, test } from 'vitest';
import { createCreations } from '../../../../src/runtime/store/creations.ts';

function setUp() {
	const abandoned: string[] = [];
	let nowMs = 0;
	const creations = createCreations((id) => abandoned.push(id), { now: () => nowMs });
	onTestFinished(() => creations[Symbol.dispose]());
	return {
		creations,
		abandoned,
		pass: (ms: number) => {
			nowMs += ms;
		},
	};
}

test('who asks for the same joins: it is made once', async () => {
	const { creations } = setUp();
	const made = Promise.withResolvers<string>();
	let makings = 0;
	const make = () => {
		makings += 1;
		return made.promise;
	};
	const asked = [creations.join('n', make), creations.join('n', make)];
	made.resolve('id');
	expect(await Promise.all(asked)).toEqual(['id', 'id']);
	expect(makings).toBe(1);
});

test('a failure is told to all, and frees the name', async () => {
	const { creations } = setUp();
	const fail = () => Promise.reject(new Error('no'));
	const asked = [creations.join('n', fail), creations.join('n', fail)];
	expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
	expect(await creations.join('n', async () => 'second')).toBe('second');
});

test('a client that vanishes does not take the object along; the next one gets it', async () => {
	const { creations, abandoned, pass } = setUp();
	const made = Promise.withResolvers<string>();
	const gone = new AbortController();
	const first = creations.join('n', () => made.promise, { signal: gone.signal });
	gone.abort(new Error('gone'));
	await expect(first).rejects.toThrow('gone');
	const second = creations.join('n', async () => 'never made');
	made.resolve('id');
	expect(await second).toBe('id');
	pass(3_600_000);
	creations.sweep();
	expect(abandoned).toEqual([]);
});

test('what nobody comes back for is abandoned after some minutes, unless it is claimed', async () => {
	const { creations, abandoned, pass } = setUp();
	for (const id of ['kept', 'lost']) {
		const gone = new AbortController();
		const made = Promise.withResolvers<string>();
		const asked = creations.join(id, () => made.promise, { signal: gone.signal });
		gone.abort(new Error('gone'));
		await asked.catch(() => undefined);
		made.resolve(id);
		await creations.settled();
	}
	creations.claim('kept');
	pass(60_000);
	creations.sweep();
	expect(abandoned).toEqual([]);
	pass(10 * 60_000);
	creations.sweep();
	expect(abandoned).toEqual(['lost']);
	creations.sweep();
	expect(abandoned).toEqual(['lost']);
});

test('cancelling ends what fits, and waits until it has been undone', async () => {
	const { creations } = setUp();
	let undone = false;
	const made = creations.join('pod one', async (signal) => {
		const cancelled = Promise.withResolvers<string>();
		signal.addEventListener('abort', () => cancelled.reject(signal.reason));
		try {
			return await cancelled.promise;
		} finally {
			await Promise.resolve();
			undone = true;
		}
	});
	made.catch(() => undefined);
	const other = Promise.withResolvers<string>();
	const untouched = creations.join('other', () => other.promise);
	await creations.cancel((name) => name.startsWith('pod '), new Error('stopped'));
	expect(undone).toBe(true);
	await expect(made).rejects.toThrow('stopped');
	other.resolve('fine');
	expect(await untouched).toBe('fine');
});
