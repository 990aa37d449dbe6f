import { expect, test } from 'vitest';
import { UnavailableError } from '../../../../src/cri/errors.ts';
import { createSharedTransfers } from '../../../../src/runtime/image/shared-transfers.ts';

test('tells who waits for a transfer that the runtime ends, and who asks for one after that', async () => {
	const transfers = createSharedTransfers();
	const began = Promise.withResolvers<void>();
	let cleanedUp = false;
	const events = transfers.run('one', async (_log, signal) => {
		began.resolve();
		await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
		cleanedUp = true;
		signal.throwIfAborted();
	});
	const outcome = (async () => {
		for await (const _ of events);
	})();
	const told = expect(outcome).rejects.toThrow(new UnavailableError('the runtime is shutting down'));
	await began.promise;
	await transfers[Symbol.asyncDispose]();
	expect(cleanedUp).toBe(true);
	await told;

	const late = transfers.run('two', async () => undefined);
	await expect(late[Symbol.asyncIterator]().next()).rejects.toThrow('the runtime is shutting down');
});

test('who asks again at the very moment of giving up begins anew', async () => {
	await using transfers = createSharedTransfers();
	let begun = 0;
	const work = async (_log: unknown, signal: AbortSignal) => {
		begun += 1;
		await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
		signal.throwIfAborted();
	};
	const first = new AbortController();
	const given = transfers.run('one', work, { signal: first.signal })[Symbol.asyncIterator]().next();
	expect(begun).toBe(1);
	const second = new AbortController();
	first.abort(new Error('given up'));
	const again = transfers.run('one', work, { signal: second.signal })[Symbol.asyncIterator]().next();
	expect(begun).toBe(2);
	await expect(given).rejects.toThrow('given up');
	second.abort(new Error('enough'));
	await expect(again).rejects.toThrow('enough');
});

test('one of two callers that gives up leaves the transfer to the other', async () => {
	await using transfers = createSharedTransfers();
	const end = Promise.withResolvers<void>();
	let begun = 0;
	const work = async () => {
		begun += 1;
		await end.promise;
	};
	const leaving = new AbortController();
	const gone = transfers.run('one', work, { signal: leaving.signal })[Symbol.asyncIterator]().next();
	const staying = transfers.run('one', work)[Symbol.asyncIterator]().next();
	leaving.abort(new Error('given up'));
	await expect(gone).rejects.toThrow('given up');
	end.resolve();
	expect(await staying).toMatchObject({ done: true });
	expect(begun).toBe(1);
});
